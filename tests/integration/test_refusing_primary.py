"""A primary that lives but refuses its clients is a state that people see, whatever it refuses them for."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import wait_for

STAYS: dict[str, Any] = {"unwritable_after": "off"}


@contextmanager
def one_sentinel(*redis_arguments: str, replicas: int = 1) -> Iterator[tuple[Cluster, Sentinel]]:
    with Cluster(replicas=replicas, sentinels=1, redis_arguments=redis_arguments, group=STAYS) as cluster:
        yield cluster, cluster.sentinels[0]


def node(sentinel: Sentinel, of: RedisServer) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = sentinel.group().get("nodes", [])
    return next((node for node in nodes if node["node"] == of.name), {})


def refuse(server: RedisServer, *words: str | int) -> str:
    with server.client() as client:
        try:
            client.execute_command(*words)
        except redis.RedisError as error:
            return str(error)
    return ""


def see(sentinel: Sentinel, primary: RedisServer, refuses: str, keep: Callable[[], object]) -> None:
    """The state is shown, told and counted, and a check that asks for writes fails."""

    def shown() -> bool:
        keep()
        seen = node(sentinel, primary)
        return (seen.get("state"), seen.get("refuses")) == ("refuses_writes", refuses)

    wait_for(shown, what=f"{refuses} to be shown")
    assert node(sentinel, primary)["detail"]
    check = f"/v1/check/{GROUP}/primary?node={primary.name}"
    status, body = sentinel.get(check)
    assert (status, body["refuses"]) == (200, refuses)
    assert sentinel.get(f"{check}&writable=true")[0] == 503
    line = f'vedette_node_refuses{{group="{GROUP}",node="{primary.name}",reason="{refuses}"}} 1.0'
    assert line in sentinel.text("/metrics")

    def told() -> bool:
        keep()
        return bool(sentinel.story("degraded"))

    wait_for(told, what="people to be told")
    assert [line["refuses"] for line in sentinel.story("degraded")] == [refuses]


def recover(sentinel: Sentinel, primary: RedisServer) -> None:
    wait_for(lambda: node(sentinel, primary)["state"] == "up", what="the primary to be up again")
    wait_for(lambda: sentinel.story("recovered"), what="the end to be told")
    assert sentinel.primary() == primary.name
    assert not [line for line in sentinel.story("quorum_down") if line["node"] == primary.name]


def test_a_primary_whose_snapshots_fail() -> None:
    with one_sentinel("--save", "3600", "1000000") as (cluster, sentinel):
        primary = cluster.nodes[0]
        break_disk(primary)
        assert "MISCONF" in refuse(primary, "SET", "k", "v")
        see(sentinel, primary, "MISCONF", lambda: None)
        with primary.client() as client:
            client.config_set("stop-writes-on-bgsave-error", "no")
        recover(sentinel, primary)


def break_disk(server: RedisServer) -> None:
    """Its snapshots cannot be put in their place, as on a volume that is full or lost."""
    (server._directory / "dump.rdb").unlink(missing_ok=True)
    (server._directory / "dump.rdb").mkdir()
    # From 7.0 on a replica ends itself when it is sent a write that its disk would refuse.
    refuse(server, "CONFIG", "SET", "replica-ignore-disk-write-errors", "yes")
    refuse(server, "BGSAVE")
    wait_for(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err", what="BGSAVE to fail")


def test_a_primary_whose_memory_is_full() -> None:
    with one_sentinel() as (cluster, sentinel):
        primary = cluster.nodes[0]
        with primary.client() as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] + 200_000)
            number = 0
            while not refuse(primary, "SET", f"k{number}", "v" * 50_000):
                number += 1
                assert number < 100
        see(sentinel, primary, "OOM", lambda: refuse(primary, "SET", "k", "v" * 50_000))
        with primary.client() as client:
            client.config_set("maxmemory", 0)
        recover(sentinel, primary)


def test_a_primary_whose_replicas_do_not_keep_up() -> None:
    with one_sentinel() as (cluster, sentinel):
        primary, replica = cluster.nodes
        with primary.client() as client:
            client.config_set("min-replicas-max-lag", 1)
            client.config_set("min-replicas-to-write", 1)
        replica.pause()
        wait_for(lambda: "NOREPLICAS" in refuse(primary, "SET", "k", "v"), what="writes to be refused")
        see(sentinel, primary, "NOREPLICAS", lambda: None)
        replica.resume()
        recover(sentinel, primary)


def test_a_primary_that_demands_more_replicas_than_there_are() -> None:
    with one_sentinel() as (cluster, sentinel):
        primary = cluster.nodes[0]
        with primary.client() as client:
            client.config_set("min-replicas-to-write", 2)
        see(sentinel, primary, "NOREPLICAS", lambda: None)
        assert "asks for 2" in node(sentinel, primary)["detail"]


@contextmanager
def full(server: RedisServer) -> Iterator[None]:
    """As many clients as it takes: the last one is turned away."""
    clients: list[socket.socket] = []
    try:
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", server.port), 5)
            clients.append(client)
            client.settimeout(5)
            client.sendall(b"PING\r\n")
            if not client.recv(100).startswith(b"+PONG"):
                yield
                return
        raise AssertionError("it takes any number of clients")
    finally:
        for client in clients:
            client.close()


def test_a_primary_that_has_as_many_clients_as_it_may() -> None:
    with one_sentinel("--maxclients", "40") as (cluster, sentinel):
        primary, replica = cluster.nodes
        with full(primary):
            see(sentinel, primary, "MAXCLIENTS", lambda: None)
        recover(sentinel, primary)
        with full(replica):
            wait_for(lambda: node(sentinel, replica)["state"] == "refuses_clients", what="it to be shown")
        wait_for(lambda: node(sentinel, replica)["state"] == "up", what="the replica to be up again")


def test_a_sentinel_that_starts_while_its_primary_turns_clients_away() -> None:
    with Cluster(replicas=1, sentinels=1, redis_arguments=("--maxclients", "40"), group=STAYS) as cluster:
        primary, [sentinel] = cluster.nodes[0], cluster.sentinels
        sentinel.stop()
        with full(primary):
            sentinel.start()
            wait_for(lambda: node(sentinel, primary).get("refuses") == "MAXCLIENTS", what="it to be shown")
            assert node(sentinel, primary)["state"] == "refuses_writes"
            assert sentinel.primary() == primary.name
            wait_for(lambda: sentinel.story("degraded"), what="people to be told")
            assert not [line for line in sentinel.story("node_down") if line["node"] == primary.name]
        wait_for(lambda: node(sentinel, primary)["state"] == "up", what="the primary to be up")


def test_a_primary_whose_disk_fails_hands_over_to_a_replica_that_takes_writes() -> None:
    with Cluster(redis_arguments=("--save", "3600", "1000000"), group={"unwritable_after": "1s"}) as cluster:
        old, sick, _ = cluster.nodes
        with old.client() as client:
            client.set("kept", "yes")
        break_disk(sick)
        break_disk(old)
        new = cluster.wait_failover(old.name)
        assert new is not sick, "it would refuse them too"
        cluster.wait_replicas(new, old, sick)
        with new.client() as client:
            assert client.get("kept") == b"yes"
        [change] = [
            c for c in cluster.sentinels[0].get(f"/v1/groups/{GROUP}/history")[1]["changes"] if c["old"]
        ]
        assert (change["cause"], change["bytes_possibly_lost"]) == ("unwritable", 0)
        assert [each.story("quorum_down") for each in cluster.sentinels] == [[], [], []]


def test_a_primary_that_was_told_to_end_and_waits_for_a_replica_hands_over() -> None:
    with Cluster() as cluster:
        old, _, hangs = cluster.nodes
        with old.client() as client:
            if not client.config_get("shutdown-timeout"):
                pytest.skip("before 7.0 it waits for nobody")
            client.config_set("shutdown-timeout", 600)
            hangs.pause()
            client.set("kept", "yes")
        old.terminate()
        new = cluster.wait_failover(old.name)
        assert new is not hangs
        with new.client() as client:
            assert client.get("kept") == b"yes"
        [change] = [
            c for c in cluster.sentinels[0].get(f"/v1/groups/{GROUP}/history")[1]["changes"] if c["old"]
        ]
        assert (change["cause"], change["bytes_possibly_lost"]) == ("unwritable", 0)
        hangs.resume()
        cluster.wait_replicas(new, hangs)


def test_with_nobody_who_would_take_writes_the_primary_stays() -> None:
    with Cluster(
        sentinels=1, redis_arguments=("--save", "3600", "1000000"), group={"unwritable_after": "100ms"}
    ) as cluster:
        old, [sentinel] = cluster.nodes[0], cluster.sentinels
        for server in reversed(cluster.nodes):
            break_disk(server)
        wait_for(lambda: sentinel.story("degraded"), what="it to be told")
        term = sentinel.group()["term"]
        seen = node(sentinel, old)
        assert (seen["state"], seen["refuses"]) == ("refuses_writes", "MISCONF")
        _, ranking = sentinel.get(f"/v1/groups/{GROUP}/candidates")
        reasons = [candidate["reason"] for candidate in ranking["candidates"]]
        assert all("refuse writes (-MISCONF)" in reason for reason in reasons), reasons
        assert sentinel.primary() == old.name
        assert sentinel.group()["term"] == term, "it is not tried again and again"
