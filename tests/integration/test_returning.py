"""Primaries that come back in the role of a replica, or in another history: whose data is kept."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from promotion.step_types import SEAL_HOST, SEAL_PORT
from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import wait_for

PATH = f"/v1/groups/{GROUP}"
PATIENT = {"refused_after": "5s", "down_after": "5s"}
"""It is back before anybody calls it down for being away."""
REWRITTEN = ("--appendonly", "yes")
QUIET = ("--repl-ping-replica-period", "3600")
"""So that the stream ends with the last write: what a snapshot lacks would else be a PING, now and then."""


def fill(node: RedisServer, first: int, last: int) -> None:
    with node.client() as client:
        client.mset({f"k{number}": number for number in range(first, last)})


def replicated(node: RedisServer, by: int) -> None:
    with node.client() as client:
        client.set("last", "yes")
        assert client.wait(by, 10_000) == by


def keys(node: RedisServer) -> int:
    with node.client() as client:
        return sum(client.exists(f"k{number}") for number in range(1000))


def settled(cluster: Cluster) -> RedisServer:
    """Until all agree on a primary which all others follow; who it is."""

    def found() -> RedisServer | None:
        agreed = {sentinel.primary() for sentinel in cluster.running}
        primary = next((n for n in cluster.nodes if {n.name} == agreed and n.running), None)
        if primary is None or primary.info()["role"] != "master":
            return None
        others = [node.info() for node in cluster.nodes if node is not primary and node.running]
        follow = all(i.get("master_port") == primary.port and i["master_link_status"] == "up" for i in others)
        return primary if follow else None

    return wait_for(found, 60.0, "a primary that all follow")


def newest_change(cluster: Cluster) -> dict[str, Any]:
    status, body = cluster.sentinels[0].get(f"{PATH}/history")
    assert status == 200
    return dict(body["changes"][0])


def returns() -> Iterator[ParameterSet]:
    """Each way once in `make test`, and with each number of replicas and each memory once."""
    usual = {("empty", 2, False), ("old", 1, True), ("rewritten", 1, False), ("whole", 2, True)}
    for how, replicas, forgotten in product(("empty", "old", "rewritten", "whole"), (1, 2), (False, True)):
        marks = [] if (how, replicas, forgotten) in usual else [pytest.mark.long]
        memory = "all-sentinels-restarted" if forgotten else "remembered"
        yield pytest.param(how, replicas, forgotten, marks=marks, id=f"{how}-{replicas}-{memory}")


@pytest.mark.parametrize(("how", "replicas", "forgotten"), [*returns()])
def test_a_primary_whose_command_line_makes_it_a_replica_wipes_nobody(
    how: str, replicas: int, forgotten: bool
) -> None:
    persistence = (*QUIET, *(REWRITTEN if how == "rewritten" else ()))
    with Cluster(replicas=replicas, redis_arguments=persistence, group=PATIENT) as cluster:
        old, first, *_ = cluster.nodes
        fill(old, 0, 500)
        if how == "old":
            with old.client() as client:
                client.save()
        fill(old, 500, 1000)
        replicated(old, by=replicas)
        if how == "whole":
            with old.client() as client:
                client.save()
        if forgotten:
            for sentinel in cluster.sentinels:
                sentinel.kill()
        old.restart(arguments=(*persistence, "--replicaof", "127.0.0.1", str(first.port)))
        if forgotten:
            cluster.start()
        primary = settled(cluster)
        assert {node.name: keys(node) for node in cluster.nodes} == {n.name: 1000 for n in cluster.nodes}
        assert (primary is old) == (how == "whole"), "who holds as much as the others gets its role back"
        if primary is not old:
            wait_for(lambda: newest_change(cluster)["cause"] == "regressed", what="the cause to be told")


def parted(cluster: Cluster) -> tuple[RedisServer, RedisServer, RedisServer]:
    """In a paused group the primary is restarted, and begins a history; one replica is in it, one is not."""
    old, synced, former = cluster.nodes
    first = cluster.sentinels[0]
    fill(old, 0, 1000)
    replicated(old, by=2)
    assert first.followed(first.post(f"{PATH}/pause"))["state"] == "completed"
    with former.client() as client:
        client.replicaof(SEAL_HOST, SEAL_PORT)
    old.restart()
    wait_for(lambda: synced.info()["master_link_status"] == "up", 30.0, "the other replica to synchronise")
    with old.client() as client:
        client.set("acknowledged", "by one")
        assert client.wait(1, 10_000) == 1
    assert former.info()["master_repl_offset"] > synced.info()["master_repl_offset"]
    assert former.info()["master_replid"] != synced.info()["master_replid"]
    offset_bytes = former.info()["master_repl_offset"]

    def told(sentinel: Sentinel) -> bool:
        shown = {node["node"]: node for node in sentinel.group().get("nodes", ())}
        return not shown[old.name]["loading"] and shown[old.name]["offset_bytes"] < offset_bytes

    wait_for(lambda: all(told(s) for s in cluster.sentinels), 30.0, "every sentinel to see the new history")
    return old, synced, former


def resume(cluster: Cluster) -> None:
    first = cluster.sentinels[0]
    assert first.followed(first.post(f"{PATH}/resume"))["state"] == "completed"


@pytest.mark.parametrize("seen", [True, False], ids=["the-restart-was-seen", "all-sentinels-restarted"])
def test_a_replica_of_the_former_history_does_not_win_by_its_offset(seen: bool) -> None:
    group = {"max_link_down": "1h"}
    with Cluster(redis_arguments=REWRITTEN, group=group) as cluster:
        old, synced, former = parted(cluster)
        if not seen:
            wait_for(lambda: former.info()["master_link_down_since_seconds"] > 3, what="its link to be down")
            for sentinel in cluster.sentinels:
                sentinel.kill()
        old.kill()
        if not seen:
            cluster.start()
            wait_for(
                lambda: all(s.get("/readyz")[0] == 200 for s in cluster.sentinels), 30.0, "them to be back"
            )
        resume(cluster)
        assert settled(cluster) is synced
        for node in (synced, former):
            with node.client() as client:
                assert client.get("acknowledged") == b"by one"


def test_a_choice_across_histories_says_what_may_be_lost() -> None:
    group = {"max_link_down": "1h"}
    with Cluster(redis_arguments=REWRITTEN, group=group) as cluster:
        old, synced, former = parted(cluster)
        synced.kill()
        old.kill()
        resume(cluster)
        assert settled(cluster) is former

        def told() -> str | None:
            text = newest_change(cluster)["may_have_lost"]
            return str(text) if text else None

        assert f"which {former.name} does not hold" in wait_for(told, what="the loss to be told")
        assert newest_change(cluster)["bytes_possibly_lost"] is None
        assert any("which" in str(line["message"]) for s in cluster.sentinels for line in s.story("topology"))


def test_keys_that_expired_before_a_restart_are_no_loss() -> None:
    with Cluster(redis_arguments=REWRITTEN, group={**PATIENT, "info_interval": "1h"}, start=False) as cluster:
        old, *replicas = cluster.nodes
        fill(old, 0, 500)
        replicated(old, by=2)
        cluster.start()
        cluster.wait_agreed(old.name)
        cluster.wait_watching()
        with old.client() as client:
            for number in range(100, 500):
                client.pexpire(f"k{number}", 1)
        wait_for(lambda: all(keys(node) == 100 for node in cluster.nodes), 30.0, "the rest to expire")
        run_id = old.info("server")["run_id"]
        old.restart()
        assert old.info("server")["run_id"] != run_id
        cluster.wait_replicas(old, *replicas)
        cluster.wait_watching()
        assert cluster.wait_agreed() == old.name
        assert not any(sentinel.story("failover_started") for sentinel in cluster.sentinels)


def test_a_replica_that_was_cut_off_for_long_is_not_promoted() -> None:
    with Cluster(replicas=1, group={"max_link_down": "2s"}) as cluster:
        old, former = cluster.nodes
        first = cluster.sentinels[0]
        assert first.followed(first.post(f"{PATH}/pause"))["state"] == "completed"
        with former.client() as client:
            client.replicaof(SEAL_HOST, SEAL_PORT)
        wait_for(
            lambda: former.info()["master_link_down_since_seconds"] > 6, 30.0, "its link to be down for long"
        )
        old.kill()
        resume(cluster)

        def refused() -> bool:
            lines = [line for sentinel in cluster.sentinels for line in sentinel.story("failover_aborted")]
            return any("its link to the primary has been down for" in str(line["message"]) for line in lines)

        wait_for(refused, 30.0, "a failover given up with the reason")
        assert cluster.primaries() == []


def test_one_that_came_back_empty_acknowledges_nothing_more_until_it_is_known_whose_it_is() -> None:
    """Its replicas wait before they copy it: whom one of them follows is known to be the group's."""
    arguments = ("--repl-diskless-sync-delay", "5")
    with Cluster(group=PATIENT, redis_arguments=arguments) as cluster:
        old = cluster.nodes[0]
        fill(old, 0, 500)
        replicated(old, by=2)
        old.wipe()
        with old.client() as client:
            client.set("filled", "anew")
        wait_for(lambda: any(s.story("writes_paused") for s in cluster.running), 30, "its writes to be held")
        with socket.create_connection(("127.0.0.1", old.port), 5) as writer:
            writer.sendall(b"SET lost surely\r\n")
            wait_for(lambda: old.info("clients")["blocked_clients"] == 1, 5, "the write to be held")
            assert settled(cluster) is not old
        assert keys(settled(cluster)) == 500
