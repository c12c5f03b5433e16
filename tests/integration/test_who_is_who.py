"""Real servers under several names: renamed, listed twice, in two groups, or in no configuration any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import yaml

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import stays, wait_for

LOOKS_S = 4.0
"""Long enough for several looks at every node."""


def localhost(node: RedisServer) -> str:
    return f"localhost:{node.port}"


def list_nodes(sentinel: Sentinel, names: Sequence[str]) -> None:
    """Change its configuration, for its next start."""
    config = yaml.safe_load(sentinel.file.read_text())
    config["groups"][GROUP]["nodes"] = list(names)
    sentinel.file.write_text(yaml.safe_dump(config))


def restart(cluster: Cluster, *sentinels: Sentinel) -> None:
    for sentinel in sentinels:
        sentinel.stop()
        sentinel.start()
    wait_for(lambda: all(s.primary() is not None for s in cluster.sentinels), 30, "all to answer again")
    cluster.wait_watching()


def agreed_port(cluster: Cluster) -> int | None:
    """Of the primary, by whatever name, if all sentinels agree on it."""
    said = {(sentinel.primary() or ":0").rpartition(":")[2] for sentinel in cluster.running}
    return int(said.pop()) if len(said) == 1 else None


def wait_failed_over(cluster: Cluster, old: RedisServer) -> RedisServer:
    wait_for(lambda: agreed_port(cluster) not in (None, 0, old.port), 30, "another primary by all")
    port = agreed_port(cluster)
    return next(node for node in cluster.nodes if node.port == port)


def all_say(cluster: Cluster, condition: Callable[[Sentinel], object], what: str) -> None:
    wait_for(lambda: all(condition(sentinel) for sentinel in cluster.running), 40, what)


def problems(sentinel: Sentinel) -> set[tuple[str | None, str]]:
    found = sentinel.get(f"/v1/groups/{GROUP}/preflight")[1].get("problems", [])
    return {(problem["node"], problem["code"]) for problem in found if problem["severity"] == "error"}


def metric(sentinel: Sentinel, name: str) -> float:
    line = next(
        line for line in sentinel.text("/metrics").splitlines() if line.startswith(f'{name}{{group="{GROUP}"')
    )
    return float(line.rpartition(" ")[2])


def test_nodes_that_are_renamed_from_ips_to_names_are_the_same_nodes() -> None:
    with Cluster() as cluster:
        old = cluster.nodes[0]
        for sentinel in cluster.sentinels:
            list_nodes(sentinel, [localhost(node) for node in cluster.nodes])
        restart(cluster, *cluster.sentinels)
        all_say(cluster, lambda s: s.primary() == localhost(old), "the primary's name of now")
        for sentinel in cluster.sentinels:
            names = {node["node"] for node in sentinel.group()["nodes"]}
            assert names == {localhost(node) for node in cluster.nodes}, "one node each, and not two"
            assert metric(sentinel, "vedette_primary_unlisted") == 0
        old.kill()
        new = wait_failed_over(cluster, old)
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node not in (old, new)))
        old.restart()
        cluster.wait_replicas(new, old)


@pytest.mark.parametrize("renamed", [1, 2])
def test_in_a_rolling_restart_sentinels_of_both_names_fail_over_together(renamed: int) -> None:
    """What two of three say is a quorum, whatever each of them calls the primary."""
    with Cluster() as cluster:
        for sentinel in cluster.sentinels[:renamed]:
            list_nodes(sentinel, [localhost(node) for node in cluster.nodes])
        restart(cluster, *cluster.sentinels[:renamed])
        first = cluster.nodes[0]
        first.kill()
        second = wait_failed_over(cluster, first)
        third = next(node for node in cluster.nodes if node not in (first, second))
        first.restart()
        cluster.wait_replicas(second, first, third)
        # Whoever led then may have used its own names: the others must lose that primary too.
        second.kill()
        last = wait_failed_over(cluster, second)
        cluster.wait_replicas(last, *(node for node in (first, third) if node is not last))
        assert cluster.primaries() == [last.name]


@pytest.mark.parametrize("self_fence", [False, True])
def test_a_primary_that_is_taken_out_of_the_configuration_is_told_and_still_failed_over(
    self_fence: bool,
) -> None:
    with Cluster(group={"self_fence": self_fence}) as cluster:
        old = cluster.nodes[0]
        for sentinel in cluster.sentinels:
            list_nodes(sentinel, [node.name for node in cluster.nodes[1:]])
        restart(cluster, *cluster.sentinels)
        all_say(cluster, lambda s: (old.name, "unlisted-primary") in problems(s), "the preflight to tell")
        all_say(cluster, lambda s: s.story("unlisted"), "the log to tell")
        for sentinel in cluster.sentinels:
            assert metric(sentinel, "vedette_primary_unlisted") == 1
            assert metric(sentinel, "vedette_primary_unwatched") == 0
            (shown,) = [node for node in sentinel.group()["nodes"] if node["node"] == old.name]
            assert shown["unlisted"] and shown["state"] == "up"
        alone, *others = cluster.sentinels
        if self_fence:
            for sentinel in others:
                sentinel.stop()
            wait_for(lambda: alone.story("self_fenced"), 30, "its primary's writes to be paused")
            assert alone.running
            for sentinel in others:
                sentinel.start()
            wait_for(lambda: alone.story("self_fence_ended"), 30, "them to be resumed")
            cluster.wait_watching()
        old.kill()
        new = wait_failed_over(cluster, old)
        cluster.wait_replicas(new, *(node for node in cluster.nodes[1:] if node is not new))


def test_an_old_primary_that_comes_back_in_cluster_mode_is_told_and_left_alone() -> None:
    with Cluster() as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = wait_failed_over(cluster, old)
        old.restart(arguments=("--cluster-enabled", "yes"))
        all_say(cluster, lambda s: s.story("clustered"), "the log to tell")
        all_say(cluster, lambda s: (old.name, "cluster-mode") in problems(s), "the preflight to tell")
        term = cluster.sentinels[0].term()
        stays(lambda: cluster.sentinels[0].term() == term, LOOKS_S, "nobody is elected for it")
        assert cluster.wait_agreed() == new.name
        assert not any(sentinel.story("step_failed") for sentinel in cluster.sentinels)


@pytest.mark.parametrize("spelled", ["LOCALHOST", "localhost."])
def test_a_replica_may_spell_its_primary_as_it_likes(spelled: str) -> None:
    with Cluster(start=False) as cluster:
        primary, *replicas = cluster.nodes
        for node in replicas:
            with node.client() as client:
                client.replicaof(spelled, primary.port)
        for sentinel in cluster.sentinels:
            list_nodes(sentinel, [localhost(node) for node in cluster.nodes])
        cluster.start()
        wait_for(lambda: agreed_port(cluster) == primary.port, 30, "the primary to be found")
        cluster.wait_watching()
        cluster.wait_replicas(primary, *replicas)
        assert not any(sentinel.story("repair_aborted") for sentinel in cluster.sentinels)
        primary.kill()
        new = wait_failed_over(cluster, primary)
        cluster.wait_replicas(new, *(node for node in replicas if node is not new))


def test_of_two_names_of_one_server_one_is_used_and_the_other_told() -> None:
    with Cluster(replicas=1, start=False) as cluster:
        first, second = cluster.nodes
        for sentinel in cluster.sentinels:
            list_nodes(sentinel, [first.name, localhost(first), second.name, localhost(second)])
        cluster.start()
        cluster.wait_agreed(first.name)
        doubles = {localhost(first): first.name, localhost(second): second.name}
        all_say(cluster, lambda s: s.group().get("doubles") == doubles, "both doubles to be known")
        expected = {(name, "double-node") for name in doubles}
        all_say(cluster, lambda s: problems(s) == expected, "the preflight to tell")
        for sentinel in cluster.sentinels:
            assert metric(sentinel, "vedette_double_nodes") == 2
            assert {line["node"] for line in sentinel.story("double")} == set(doubles)
        first.kill()
        assert wait_failed_over(cluster, first) is second
        stays(lambda: second.info()["role"] == "master", LOOKS_S, "it to be nobody's replica, nor its own")
        with second.client() as client:
            assert client.set("written", "after the failover")
        first.restart()
        cluster.wait_replicas(second, first)
        assert cluster.sentinels[0].group()["doubles"] == doubles, "through a restart too"


def test_a_server_that_two_groups_have_is_touched_by_neither() -> None:
    with RedisServer() as other, Cluster(replicas=2, start=False) as cluster:
        first, shared, third = cluster.nodes
        with RedisServer() as follower:
            follower.replicate(other)
            for sentinel in cluster.sentinels:
                config = yaml.safe_load(sentinel.file.read_text())
                config["groups"]["second"] = {"nodes": [other.name, follower.name, localhost(shared)]}
                sentinel.file.write_text(yaml.safe_dump(config))
            cluster.start()
            cluster.wait_agreed(first.name)
            wait_for(lambda: cluster.sentinels[0].primary("second") == other.name, 30, "the other group")

            both = {GROUP, "second"}
            all_say(
                cluster, lambda s: {line["group"] for line in s.story("contested")} == both, "both to tell"
            )
            stays(lambda: shared.info()["master_port"] == first.port, LOOKS_S, "it to follow as before")
            assert first.info("stats")["sync_full"] == 2 and other.info("stats")["sync_full"] == 1
            all_say(cluster, lambda s: (shared.name, "two-groups") in problems(s), "the preflight to tell")
            for sentinel in cluster.sentinels:
                assert metric(sentinel, "vedette_contested_nodes") == 1
            first.kill()
            assert wait_failed_over(cluster, first) is third, "the one that is contested is not promoted"
