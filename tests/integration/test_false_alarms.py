"""What looks bad and is not: nothing of this may fail a group over."""

from __future__ import annotations

import pytest
import redis

from tests.busy_script import SPIN
from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import stays, wait_for


def node_states(cluster: Cluster) -> set[str]:
    name = cluster.nodes[0].name
    return {
        next((node["state"] for node in s.group()["nodes"] if node["node"] == name), "")
        for s in cluster.sentinels
    }


def test_wrong_password_is_shown_and_fails_nothing_over() -> None:
    with Cluster() as cluster:
        term = cluster.sentinels[0].term()
        with cluster.nodes[0].client() as client:
            client.config_set("requirepass", "changed")
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_for(lambda: node_states(cluster) == {"misconfigured"}, 15, "the misconfiguration to be shown")
        stays(lambda: cluster.sentinels[0].term() == term, 2.0, "no failover")
        assert not any(s.story("node_down") for s in cluster.sentinels)
        with cluster.nodes[0].client(password="changed") as client:
            client.config_set("requirepass", "")
        wait_for(lambda: node_states(cluster) == {"up"}, 15, "recovery once the password fits")


def test_dropped_connections_are_no_evidence() -> None:
    with Cluster() as cluster:
        term = cluster.sentinels[0].term()
        with cluster.nodes[0].client() as client:
            for _ in range(20):
                client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        stays(lambda: cluster.sentinels[0].term() == term, 1.0)
        assert not any(s.story("node_down") for s in cluster.sentinels)


def test_restart_within_the_patience_is_no_failover() -> None:
    with Cluster(group={"refused_after": "20s"}, redis_arguments=("--appendonly", "yes")) as cluster:
        with cluster.nodes[0].client() as client:
            client.set("kept", "yes")
        run_id = cluster.nodes[0].info("server")["run_id"]
        cluster.nodes[0].restart()
        wait_for(lambda: cluster.nodes[0].info("server")["run_id"] != run_id)
        cluster.wait_replicas(cluster.nodes[0], *cluster.nodes[1:])
        cluster.wait_agreed(cluster.nodes[0].name)
        assert not any(s.story("quorum_down") for s in cluster.sentinels)


def test_busy_primary_is_alive() -> None:
    with Cluster() as cluster:
        with cluster.nodes[0].client() as client:
            client.eval(SPIN, 0, 500)
        stays(lambda: cluster.wait_agreed() == cluster.nodes[0].name, 0.5)
        assert not any(s.story("quorum_down") for s in cluster.sentinels)


def test_wiped_primary_does_not_wipe_its_replicas() -> None:
    """Recreated empty, faster than it could be noticed as gone: its replicas' data must win.

    With Redis's default ``repl-diskless-sync-delay`` the replicas keep their data for 5 s.
    """
    arguments = ("--repl-diskless-sync-delay", "5")
    with Cluster(group={"refused_after": "20s"}, redis_arguments=arguments) as cluster:
        with cluster.nodes[0].client() as client:
            for number in range(100):
                client.set(f"key{number}", number)
            client.wait(2, 5000)
        offset = cluster.nodes[0].info()["master_repl_offset"]
        wait_for(lambda: all(seen_up_to(s, offset) for s in cluster.sentinels), what="the data to be seen")
        cluster.nodes[0].restart()
        new = cluster.wait_failover(cluster.nodes[0].name)
        with new.client() as client:
            assert client.get("key99") == b"99"
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
        assert any("regressed" in line["grade"] for s in cluster.sentinels for line in s.story("node_down"))
        for node in cluster.nodes:
            with node.client() as client:
                assert client.get("key99") == b"99"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no-persistence"),
        pytest.param(("--appendonly", "yes"), id="append-only-file", marks=pytest.mark.long),
    ],
)
def test_a_wiped_primary_is_told_from_one_that_clients_filled_again(arguments: tuple[str, ...]) -> None:
    """There are as many keys as before when it is first looked at: what counts is that it loaded none."""
    arguments = ("--repl-diskless-sync-delay", "5", *arguments)
    with Cluster(group={"refused_after": "20s"}, redis_arguments=arguments) as cluster:
        old = cluster.nodes[0]
        with old.client() as client:
            client.rpush("list", *range(1000))
            client.wait(2, 5000)
        offset = old.info()["master_repl_offset"]
        wait_for(lambda: all(seen_up_to(s, offset) for s in cluster.sentinels), what="the data to be seen")
        for sentinel in cluster.sentinels:
            sentinel.pause()
        old.wipe()
        with old.client() as client:
            client.rpush("list", "new")
        for sentinel in cluster.sentinels:
            sentinel.resume()
        new = cluster.wait_failover(old.name)
        with new.client() as client:
            assert client.llen("list") == 1000


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_a_restart_with_all_data_is_none(preamble: str) -> None:
    """Before ``refused_after`` is over: nothing fails over."""
    arguments = ("--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", preamble)
    with Cluster(group={"refused_after": "20s"}, redis_arguments=arguments) as cluster:
        old = cluster.nodes[0]
        with old.client() as client:
            client.rpush("list", *range(1000))
            client.wait(2, 5000)
        before = old.info("server")["run_id"]
        old.restart()
        assert old.info("server")["run_id"] != before
        stays(lambda: cluster.wait_agreed() == old.name, 2.0)
        assert not any(s.story("quorum_down") for s in cluster.sentinels)


def seen_up_to(sentinel: Sentinel, offset_bytes: int) -> bool:
    return all((node["offset_bytes"] or 0) >= offset_bytes for node in sentinel.group()["nodes"])


def test_ambiguous_first_start_is_refused_until_told() -> None:
    with Cluster(start=False) as cluster:
        for node in cluster.nodes[1:]:
            with node.client() as client:
                client.replicaof("NO", "ONE")
        cluster.start()
        wait_for(lambda: all(s.story("ambiguous") for s in cluster.sentinels), 15, "the refusal")
        status, problem = cluster.sentinels[0].get(f"/v1/groups/{GROUP}/primary")
        assert (status, problem["type"].rpartition(":")[2]) == (503, "no-primary")
        assert len(cluster.primaries()) == 3
        for node in cluster.nodes[1:]:
            node.replicate(cluster.nodes[0])
        cluster.wait_agreed(cluster.nodes[0].name)


def test_what_is_no_term_in_the_fence_is_told_and_keeps_nobody_from_being_promoted() -> None:
    with Cluster() as cluster:
        with cluster.nodes[0].client() as client:
            client.set(f"vedette:{GROUP}:term", "not a number")
            client.wait(2, 5000)
        cluster.nodes[0].kill()
        new = cluster.wait_failover(cluster.nodes[0].name)
        wait_for(lambda: any("not a term" in s.log() for s in cluster.sentinels), 20, "the reason in the log")
        with new.client() as client:
            assert client.get(f"vedette:{GROUP}:term") == b"not a number", "it may be somebody's"


def test_restored_fence_of_a_higher_term_does_not_block_failover() -> None:
    with Cluster() as cluster:
        with cluster.nodes[0].client() as client:
            client.set(f"vedette:{GROUP}:term", 41)
            client.wait(2, 5000)
        cluster.nodes[0].kill()
        new = cluster.wait_failover(cluster.nodes[0].name)
        assert cluster.sentinels[0].term() >= 42
        with new.client() as client:
            assert int(client.get(f"vedette:{GROUP}:term")) >= 42


def test_missing_permissions_are_named() -> None:
    with Cluster() as cluster:
        for node in cluster.nodes[1:]:
            with node.client() as client:
                client.execute_command("ACL", "SETUSER", "default", "-replicaof", "-slaveof")
        cluster.nodes[0].kill()
        wait_for(lambda: any("replicaof" in s.log().lower() for s in cluster.sentinels), 20, "the reason")
        for node in cluster.nodes[1:]:
            with redis.Redis(port=node.port) as client:
                client.execute_command("ACL", "SETUSER", "default", "+replicaof", "+slaveof")
        cluster.wait_failover(cluster.nodes[0].name, deadline_s=40)
