"""The two systems under the same faults: their servers, their sentinels, and how to ask each."""

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
    """If the system has an order of leaders, the sentinel that would lead the next failover comes last."""
    ports: list[int]
    """The sentinels' ports, in the order of ``sentinels``."""
    ask_switchover: Callable[[], None] | None = None
    """Requests a planned change, if the system has a request of its own for that."""


@contextmanager
def vedette(sentinels: int = 3, **group: str) -> Iterator[System]:
    """Vedette with its defaults, except for ``group``. Its group is called GROUP too."""
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
    """redis-sentinel; its own default of ``down_after_ms`` is 30 s.

    ``kind``: servers under ``.servers``, watched by their own Sentinel. ``coordinated``: a planned change is
    requested in Valkey 9.1's way, which loses nothing.
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
