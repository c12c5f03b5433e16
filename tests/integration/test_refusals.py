"""Nodes that refuse a part of what a change of primary asks of them: it goes another way, and is fenced."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import wait_for

FENCE = f"vedette:{GROUP}:term"
SAVES = ("--save", "3600 1000000", "--stop-writes-on-bgsave-error", "yes")
SLOW = ("--rdb-key-save-delay", "20000000")
"""Microseconds for each key that is saved, also for a replica."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def fail_over(cluster: Cluster) -> RedisServer:
    old = cluster.nodes[0]
    old.kill()
    return cluster.wait_failover(old.name)


def expect_fenced(cluster: Cluster, primary: RedisServer) -> None:
    """The committed primary is the only one, and holds the fence of the term that promoted it."""
    with primary.client() as client:
        assert int(client.get(FENCE) or 0) == cluster.running[0].term()
    masters = [node.name for node in cluster.nodes if node.running and is_master(node)]
    assert masters == [primary.name]


def is_master(server: RedisServer) -> bool:
    try:
        return bool(server.info()["role"] == "master")
    except redis.ConnectionError:
        return False


def without(command: str) -> tuple[str, ...]:
    return ("--rename-command", command, "")


def switch(cluster: Cluster, to: RedisServer) -> dict[str, object]:
    asked = cluster.sentinels[0]
    return asked.followed(asked.post(f"/v1/groups/{GROUP}/switchover", {"to": to.name}))


def break_snapshots(cluster: Cluster, servers: list[RedisServer]) -> None:
    """The process that saves is ended in the middle of it, for which Redis refuses all writes.

    A replica of Redis 7 whose snapshots fail ends itself when it is to take the next write.
    """
    with cluster.nodes[0].client() as client:
        client.set("data", "to be saved")
    for server in servers:
        break_save(server)


def break_save(server: RedisServer) -> None:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    with server.client() as client:
        wait_for(lambda: client.exists("data"), what="the data to arrive")
        client.bgsave()
    child, *_ = wait_for(lambda: children.read_text().split(), what="BGSAVE to begin")
    os.kill(int(child), signal.SIGKILL)
    wait_for(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err", what="BGSAVE to fail")


# -- commands that are not there ---------------------------------------------------------------

MISSING = ["EVAL", "CONFIG", "CLIENT", "MULTI", "EXEC", "REPLICAOF"]


@pytest.mark.parametrize("command", MISSING)
def test_a_failover_and_the_old_primarys_return_go_without_a_command(command: str) -> None:
    with Cluster(redis_arguments=without(command)) as cluster:
        old = cluster.nodes[0]
        new = fail_over(cluster)
        expect_fenced(cluster, new)
        old.restart()
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
        assert cluster.primaries() == [new.name]


@pytest.mark.parametrize("command", MISSING)
def test_a_switchover_goes_without_a_command(command: str) -> None:
    with Cluster(redis_arguments=without(command)) as cluster:
        old, wanted, other = cluster.nodes
        operation = switch(cluster, wanted)
        assert (operation["state"], operation["new_primary"]) == ("completed", wanted.name)
        cluster.wait_replicas(wanted, old, other)
        expect_fenced(cluster, wanted)


@pytest.mark.parametrize("at", ["the-primary", "the-target"])
def test_a_switchover_that_a_node_would_refuse_is_refused_before_anything_is_done(at: str) -> None:
    """Neither EVAL nor SET: the fence could not be written. Or the primary could never be put back."""
    user = ("--user", "vedette", "on", ">secret", "~*", "&*", "+@all")
    group = {"username": "vedette", "password": "secret"}
    with Cluster(redis_arguments=user, group=group) as cluster:
        old, wanted, _ = cluster.nodes
        with (old if at == "the-primary" else wanted).client() as client:
            refused = "replicaof" if at == "the-primary" else "set"
            client.execute_command("ACL", "SETUSER", "vedette", f"-{refused}", "-slaveof")
        before = cluster.sentinels[0].term()
        operation = switch(cluster, wanted)
        assert operation["state"] == "failed"
        named = old.name if at == "the-primary" else wanted.name
        assert f"{named}: {refused.upper()}" in str(operation["reason"])
        assert "before anything was done" in str(operation["reason"])
        with old.client() as client:
            client.set("written", "still")
        assert cluster.wait_agreed() == old.name
        assert cluster.sentinels[0].term() == before
        assert not any(sentinel.story("intent_committed") for sentinel in cluster.sentinels)


@pytest.mark.parametrize(
    "words", [("SET", FENCE, "a user's"), ("RPUSH", FENCE, "a", "list"), ("SET", FENCE, "007")]
)
def test_a_users_value_in_the_fences_key_is_told_before_the_night_and_survives_it(
    words: tuple[str, ...],
) -> None:
    with Cluster(start=False) as cluster:
        old = cluster.nodes[0]
        with old.client() as client:
            client.execute_command(*words)
            value = client.dump(FENCE)
        cluster.start()
        cluster.wait_agreed(old.name)
        cluster.wait_ready()
        cluster.wait_watching()

        def told(sentinel: Sentinel) -> bool:
            found = sentinel.get(f"/v1/groups/{GROUP}/preflight")[1].get("problems", [])
            at = {problem["node"] for problem in found if problem["code"] == "fence-key"}
            return at == {node.name for node in cluster.nodes}

        wait_for(lambda: all(told(sentinel) for sentinel in cluster.sentinels), 40.0, "the preflight to tell")
        new = fail_over(cluster)
        old.restart()
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
        with new.client() as client:
            assert client.dump(FENCE) == value
        lines = [line for sentinel in cluster.sentinels for line in sentinel.story("step_incomplete")]
        assert any(FENCE in str(line["message"]) for line in lines)


def test_an_evicted_fence_is_written_again() -> None:
    policy = ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    with Cluster(redis_arguments=policy, group={"info_interval": "500ms"}) as cluster:
        new = fail_over(cluster)
        with new.client() as client:
            client.delete(FENCE)
            wait_for(lambda: client.exists(FENCE), 30.0, "the fence to be written again")
            assert int(client.get(FENCE)) >= cluster.running[0].term()


# -- nodes that are full, cut off, or cannot save ----------------------------------------------


@pytest.mark.parametrize("extra", [(), without("CONFIG")])
def test_replicas_that_must_not_serve_stale_data_are_promoted(extra: tuple[str, ...]) -> None:
    with Cluster(redis_arguments=("--replica-serve-stale-data", "no", *extra)) as cluster:
        new = fail_over(cluster)
        expect_fenced(cluster, new)
        cluster.wait_replicas(new, *(node for node in cluster.nodes[1:] if node is not new))
        if not extra:
            with new.client() as client:
                assert client.config_get("replica-serve-stale-data") == {"replica-serve-stale-data": "no"}


def fill(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory", 1)


def test_a_full_primary_hands_over() -> None:
    with Cluster() as cluster:
        old, wanted, other = cluster.nodes
        fill(old)
        operation = switch(cluster, wanted)
        assert (operation["state"], operation["new_primary"]) == ("completed", wanted.name)
        cluster.wait_replicas(wanted, old, other)
        expect_fenced(cluster, wanted)
        with old.client() as client:
            assert client.config_get("maxmemory") == {"maxmemory": "1"}


def test_a_full_master_that_comes_back_is_demoted() -> None:
    with Cluster() as cluster:
        old = cluster.nodes[0]
        new = fail_over(cluster)
        old.restart(arguments=("--maxmemory", "1"))
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
        expect_fenced(cluster, new)


@pytest.mark.parametrize("broken", [1, 2])
def test_replicas_whose_snapshots_fail_end_with_one_fenced_primary(broken: int) -> None:
    with Cluster(redis_arguments=(*SAVES, *SLOW)) as cluster:
        break_snapshots(cluster, cluster.nodes[1 : 1 + broken])
        for node in cluster.nodes:
            with node.client() as client:
                client.config_set("rdb-key-save-delay", 0)
        old = cluster.nodes[0]
        old.kill()
        new = cluster.node(cluster.wait_agreed(*(node.name for node in cluster.nodes[1:])))
        # Such a primary answers even a replica's PING with -MISCONF, until its disk is mended.
        expect_fenced(cluster, new)
        with new.client() as client:
            kept = client.config_get("stop-writes-on-bgsave-error")
        assert kept == {"stop-writes-on-bgsave-error": "yes"}, "as the administrator wants it"


def test_where_the_fence_is_refused_nobody_is_left_without_one() -> None:
    """The snapshots of all replicas fail, and that may not be set aside."""
    with Cluster(redis_arguments=(*SAVES, *SLOW, *without("CONFIG"))) as cluster:
        break_snapshots(cluster, cluster.nodes[1:])
        cluster.nodes[0].kill()

        def refused() -> bool:
            told = [line for sentinel in cluster.sentinels for line in sentinel.story("failover_aborted")]
            return any("MISCONF" in line["reason"] for line in told)

        def promoted() -> str | None:
            agreed = {sentinel.primary() for sentinel in cluster.sentinels}
            return agreed.pop() if len(agreed) == 1 and cluster.nodes[0].name not in agreed else None

        wait_for(lambda: refused() or promoted(), 30.0, "the promotion to be refused, with the reason")
        if refused():
            wait_for(lambda: cluster.primaries() == [], 30.0, "nobody to be a primary without a fence")
        else:
            # Redis 6.2 lets a script write in spite of a failed snapshot.
            expect_fenced(cluster, cluster.node(promoted() or ""))


def test_a_failover_reaches_replicas_that_take_no_more_clients(stack: ExitStack) -> None:
    """Over the connections that the sentinels have."""
    with Cluster(redis_arguments=("--maxclients", "30")) as cluster:
        for node in cluster.nodes[1:]:
            occupy(stack, node)
        old = cluster.nodes[0]
        old.kill()
        new = cluster.node(cluster.wait_agreed(*(node.name for node in cluster.nodes[1:])))
        stack.close()
        cluster.wait_replicas(new, *(node for node in cluster.nodes[1:] if node is not new))
        expect_fenced(cluster, new)


def occupy(stack: ExitStack, server: RedisServer) -> None:
    """Connect until the server turns the next one away."""
    while True:
        client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 5.0))
        client.sendall(b"PING\r\n")
        if not client.recv(100).startswith(b"+PONG"):
            return
