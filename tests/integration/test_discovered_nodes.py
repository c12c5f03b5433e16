"""Real servers that nobody configured: whose they are, who may promote them, and where a password goes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.cluster import CHECKOUT, Cluster
from tests.processes import free_port
from tests.redis_server import RedisServer
from tests.waiting import stays, wait_for

LOOKS_S = 4.0
"""Long enough for several looks at every node."""


def listed(cluster: Cluster, name: str) -> list[bool]:
    """By sentinel, whether the node is watched."""
    return [
        any(n["node"] == name and n["state"] != "not_watched" for n in s.group().get("nodes", ()))
        for s in cluster.running
    ]


def wait_discovered(cluster: Cluster, node: RedisServer) -> None:
    wait_for(lambda: all(listed(cluster, node.name)), 30, f"{node.name} to be discovered")
    cluster.wait_watching()


def wait_dropped(cluster: Cluster, name: str) -> list[str]:
    """Until no sentinel watches it, with the reasons told."""
    wait_for(lambda: not any(listed(cluster, name)), 60, f"{name} to be dropped")
    return [line["reason"] for s in cluster.running for line in s.story("dropped") if line["node"] == name]


def fill(node: RedisServer, keys: int = 1000) -> None:
    with node.client() as client:
        client.mset({f"theirs{number}": number for number in range(keys)})


def keys(node: RedisServer) -> int:
    with node.client() as client:
        return int(client.dbsize())


def role(node: RedisServer) -> tuple[str, int | None]:
    said = node.info()
    return str(said["role"]), said.get("master_port")


@pytest.mark.parametrize("as_replica", [False, True], ids=["primary", "replica"])
def test_another_clusters_server_at_its_address_keeps_its_data_and_its_role(as_replica: bool) -> None:
    port = free_port()
    with Cluster() as cluster, RedisServer() as theirs:
        ours = RedisServer(port=port)
        ours.replicate(cluster.nodes[0])
        wait_discovered(cluster, ours)
        ours.stop()
        with RedisServer(port=port) as foreign:
            if as_replica:
                fill(theirs)
                foreign.replicate(theirs)
            else:
                fill(foreign)
            before = role(foreign)
            reasons = wait_dropped(cluster, foreign.name)
            stays(lambda: (role(foreign), keys(foreign)) == (before, 1000), LOOKS_S)
            assert reasons and all(reason.startswith("no longer ours: ") for reason in reasons)


def test_a_replica_that_was_detached_on_purpose_stays_detached() -> None:
    with Cluster() as cluster, RedisServer() as moved:
        moved.replicate(cluster.nodes[0])
        wait_discovered(cluster, moved)
        with moved.client() as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        fill(moved)
        assert any("somebody made it a master" in reason for reason in wait_dropped(cluster, moved.name))
        stays(lambda: (role(moved)[0], keys(moved)) == ("master", 1000), LOOKS_S)


def test_one_that_was_started_as_a_master_with_the_groups_data_is_left_alone() -> None:
    """Its file from the last synchronisation says that it is of the group's history."""
    with Cluster() as cluster, RedisServer() as restarted:
        restarted.replicate(cluster.nodes[0])
        with cluster.nodes[0].client() as client:
            client.set("ours", "x")
            client.wait(3, 5000)
        with restarted.client() as client:
            client.save()
        wait_discovered(cluster, restarted)
        restarted.restart()
        fill(restarted)
        reasons = wait_dropped(cluster, restarted.name)
        stays(lambda: (role(restarted)[0], keys(restarted)) == ("master", 1001), LOOKS_S)
        assert reasons and all("no longer ours: it was started as a master" in each for each in reasons)


def test_it_follows_the_new_primary_and_is_never_promoted() -> None:
    """Its priority is the best, and it is as new as any."""
    with Cluster(replicas=1) as cluster, RedisServer("--replica-priority", "1") as spare:
        spare.replicate(cluster.nodes[0])
        wait_discovered(cluster, spare)
        old, other = cluster.nodes
        old.kill()
        cluster.wait_failover(old.name)
        cluster.wait_replicas(other, spare)
        _, candidates = cluster.sentinels[0].get("/v1/groups/mymaster/candidates")
        reasons = {each["node"]: each["reason"] for each in candidates["candidates"]}
        assert reasons[spare.name].startswith("discovered, not configured: ")


def test_it_is_promoted_where_the_configuration_says_so() -> None:
    group = {"discover_replicas": "promote"}
    with Cluster(replicas=0, group=group) as cluster, RedisServer() as spare:
        spare.replicate(cluster.nodes[0])
        wait_discovered(cluster, spare)
        cluster.nodes[0].kill()
        cluster.wait_agreed(spare.name)
        wait_for(lambda: role(spare)[0] == "master", 30, "the spare to be promoted")


def test_a_node_of_another_group_is_not_taken_in() -> None:
    with RedisServer() as theirs, RedisServer() as second:
        second.replicate(theirs)
        groups = {"others": {"nodes": [theirs.name, second.name]}}
        with Cluster(groups=groups) as cluster:
            first = cluster.sentinels[0]
            wait_for(lambda: all(s.primary("others") == theirs.name for s in cluster.sentinels), 30)
            # Else that group would take it back at once.
            first.followed(first.post("/v1/groups/others/pause"))
            second.replicate(cluster.nodes[0])
            wait_for(lambda: all(s.story("not_watched") for s in cluster.sentinels), 30, "it to be told")
            assert not any(listed(cluster, second.name))
            told = [line for s in cluster.sentinels for line in s.story("not_watched")]
            assert {(line["node"], line["reason"]) for line in told} == {
                (second.name, "it is a node of group others")
            }


def test_a_configured_node_that_became_another_clusters_primary_is_left_alone_and_told() -> None:
    with Cluster() as cluster, RedisServer() as theirs:
        node = cluster.nodes[2]
        node.kill()
        wait_for(lambda: all(s.story("quorum_down") for s in cluster.sentinels), 30)
        with RedisServer(port=node.port) as foreign:
            fill(foreign)
            theirs.replicate(foreign)
            wait_for(lambda: all(s.story("foreign") for s in cluster.sentinels), 30, "it to be told")
            stays(lambda: (role(foreign)[0], keys(foreign)) == ("master", 1000), LOOKS_S)
            (line,) = cluster.sentinels[0].story("foreign")
            assert line["level"] == "error" and line["node"] == node.name and theirs.name in line["reason"]


@pytest.mark.long
def test_who_is_gone_for_good_is_forgotten() -> None:
    with Cluster() as cluster:
        with RedisServer() as spare:
            spare.replicate(cluster.nodes[0])
            wait_discovered(cluster, spare)
        assert all(reason.startswith("forgotten: ") for reason in wait_dropped(cluster, spare.name))


def test_whoever_lists_the_primary_alone_is_told_that_nothing_can_take_over() -> None:
    group = {"preflight_interval": "10s"}
    with Cluster(replicas=0, group=group) as cluster, RedisServer() as spare:
        spare.replicate(cluster.nodes[0])
        wait_discovered(cluster, spare)

        def found() -> str:
            _, answer = cluster.sentinels[0].get("/v1/groups/mymaster/preflight")
            problems = {each["code"]: each for each in answer["problems"]}
            return str(problems.get("few-candidates", {}).get("severity", ""))

        wait_for(lambda: found() == "error", 30, "the preflight to tell")
        checked = subprocess.run(
            [sys.executable, "-m", "sentinel.cli", "check", "-c", str(cluster.sentinels[0].file)],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            check=True,
        )
        assert "watched but never promoted" in checked.stdout + checked.stderr
