"""Primaries that refuse writes, among replicas that would take them, or would not: where a change is made."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack

import pytest
import redis

from tests.integration.cluster import GROUP, Cluster
from tests.redis_server import RedisServer
from tests.waiting import stays, wait_for

SMALL, LARGE = 8 << 20, 64 << 20
AT_ONCE = {"unwritable_after": "500ms"}
SEVERAL_CHANCES_S = 4.0


def limit(nodes: Sequence[RedisServer], *bytes_: int) -> None:
    for node, limit in zip(nodes, bytes_, strict=True):
        with node.client() as client:
            client.config_set("maxmemory", limit)


def fill(server: RedisServer) -> None:
    """Until it takes nothing more, however small."""
    with server.client() as client:
        for size in (20_000, 1_000, 50):
            for number in range(10_000):
                try:
                    client.set(f"{size}:{number}", "x" * size)
                except redis.ResponseError:
                    break


def is_told(cluster: Cluster, refuses: str) -> bool:
    return all(
        any(line["refuses"] == refuses for line in sentinel.story("degraded"))
        for sentinel in cluster.sentinels
    )


def expect_to_stay(cluster: Cluster, refuses: str) -> None:
    old, term = cluster.nodes[0], cluster.sentinels[0].term()
    wait_for(lambda: is_told(cluster, refuses), 30.0, f"{refuses} to be told")
    stays(lambda: cluster.wait_agreed() == old.name, SEVERAL_CHANCES_S, "the primary to stay")
    assert [sentinel.term() for sentinel in cluster.sentinels] == [term] * 3
    assert not any(sentinel.story("quorum_down") for sentinel in cluster.sentinels)


def test_a_full_primary_among_replicas_of_its_size_stays() -> None:
    with Cluster(group=AT_ONCE) as cluster:
        limit(cluster.nodes, SMALL, SMALL, SMALL)
        fill(cluster.nodes[0])
        expect_to_stay(cluster, "OOM")


@pytest.mark.parametrize("larger", [LARGE, 0])
def test_a_full_primary_hands_over_to_a_replica_with_more_room(larger: int) -> None:
    with Cluster(group=AT_ONCE) as cluster:
        old, small, large = cluster.nodes
        limit(cluster.nodes, SMALL, SMALL, larger)
        fill(old)
        with old.client() as client:
            keys = client.dbsize()
        new = cluster.wait_failover(old.name)
        assert new is large
        cluster.wait_replicas(new, old, small)
        with new.client() as client:
            assert client.dbsize() >= keys, "nothing is lost by a planned change"
        [change] = [
            each
            for each in cluster.sentinels[0].get(f"/v1/groups/{GROUP}/history")[1]["changes"]
            if each["old"]
        ]
        assert (change["cause"], change["bytes_possibly_lost"]) == ("unwritable", 0)


def test_one_that_demands_more_replicas_than_there_are_stays() -> None:
    with Cluster(group=AT_ONCE) as cluster:
        with cluster.nodes[0].client() as client:
            client.config_set("min-replicas-to-write", 3)
        expect_to_stay(cluster, "NOREPLICAS")


def test_one_that_has_as_many_clients_as_it_may_stays_and_is_failed_over_when_it_dies() -> None:
    with Cluster(group=AT_ONCE, redis_arguments=("--maxclients", "40")) as cluster, ExitStack() as stack:
        old = cluster.nodes[0]
        for _ in range(60):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", old.port), 5.0))
            client.sendall(b"PING\r\n")
            if not client.recv(100).startswith(b"+PONG"):
                break
        expect_to_stay(cluster, "MAXCLIENTS")
        old.kill()
        cluster.wait_failover(old.name)
