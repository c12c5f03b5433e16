"""The two systems under the same faults: who serves the data, who watches it, and how each is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import redis

from benchmarks.redis_sentinel import GROUP, RedisSentinels
from quorum.rank import ranking
from tests.integration.cluster import Cluster
from tests.processes import Process
from tests.redis_server import RedisServer
from tests.server_builds import build


@dataclass(frozen=True, slots=True)
class System:
    """One primary (the first of ``nodes``), its replicas, and sentinels that answer the Sentinel protocol."""

    nodes: list[RedisServer]
    sentinels: list[Process]
    """Those that would lead the next failover come last, where the system has such an order."""
    ports: list[int]
    """Where the sentinels answer, in the order of ``sentinels``."""
    ask_switchover: Callable[[], None] | None = None
    """Ask for a planned change, where the system knows one of its own."""


@contextmanager
def vedette(sentinels: int = 3, **group: str) -> Iterator[System]:
    """At its defaults but for what ``group`` says. Its group is called GROUP too."""
    with Cluster(sentinels=sentinels, group=group) as cluster:
        yield of_cluster(cluster)


def of_cluster(cluster: Cluster) -> System:
    line = ranking(GROUP, [sentinel.id for sentinel in cluster.sentinels])
    last_first = sorted(cluster.sentinels, key=lambda sentinel: line.index(sentinel.id), reverse=True)
    processes = [sentinel.process for sentinel in last_first if sentinel.process is not None]
    ports = [sentinel.resp_port for sentinel in last_first]

    def ask() -> None:
        status, answer = cluster.sentinels[0].post(f"/v1/groups/{GROUP}/switchover")
        assert status == 202, answer

    return System(cluster.nodes, processes, ports, ask)


@contextmanager
def stock(
    sentinels: int = 3, *, down_after_ms: int = 30_000, kind: str | None = None, coordinated: bool = False
) -> Iterator[System]:
    """redis-sentinel with its own default for down-after, 30 s, unless told.

    ``kind``: of the servers beneath ``.servers``, watched by its own Sentinel. ``coordinated``: a planned
    change is asked for in the way that Valkey 9.1 has for it, which loses nothing.
    """
    server = build(kind) if kind is not None else None
    nodes = [RedisServer(binary=server) for _ in range(3)]
    try:
        for node in nodes[1:]:
            node.replicate(nodes[0])
        watching = RedisSentinels({GROUP: nodes}, down_after_ms, sentinels, server)
        try:
            ask = partial(_ask_coordinated, watching.ports[0]) if coordinated else None
            yield System(nodes, watching.processes, watching.ports, ask)
        finally:
            watching.stop()
    finally:
        for node in nodes:
            node.stop()


def _ask_coordinated(port: int) -> None:
    with redis.Redis(port=port, socket_timeout=2, protocol=2) as client:
        client.execute_command("SENTINEL", "FAILOVER", GROUP, "COORDINATED")


__all__ = ["GROUP", "System", "of_cluster", "stock", "vedette"]
