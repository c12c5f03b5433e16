"""Sentinels die, stall and restart, at the worst moments; the group keeps exactly one primary."""

from __future__ import annotations

import pytest

from tests.integration.cluster import GROUP, Cluster
from tests.waiting import stays, wait_for


def test_one_of_three_lost_then_the_primary() -> None:
    with Cluster() as cluster:
        cluster.sentinels[0].kill()
        old = cluster.nodes[0]
        old.kill()
        cluster.wait_failover(old.name)


def test_without_a_majority_nothing_is_promoted() -> None:
    with Cluster() as cluster:
        last = cluster.sentinels[2]
        for sentinel in cluster.sentinels[:2]:
            sentinel.kill()
        cluster.nodes[0].kill()
        path = f"/v1/groups/{GROUP}/primary"
        wait_for(lambda: last.get(path)[0] == 503, what="503 from the last sentinel")
        status, problem = last.get(path)
        assert (status, problem["type"].rpartition(":")[2]) == (503, "no-quorum")
        wait_for(lambda: last.story("node_down"), what="the last sentinel to see the primary down")
        stays(lambda: cluster.primaries() == [], 2.0, "no promotion without a majority")
        status, stale = last.get(f"{path}?stale=ok")
        assert (status, stale["stale"], stale["address"]) == (200, True, cluster.nodes[0].name)
        assert last.get("/readyz")[0] == 503
        cluster.sentinels[0].start()
        cluster.wait_failover(cluster.nodes[0].name)


@pytest.mark.parametrize("moment", ["before_promote", "after_promote"])
def test_leader_killed_in_mid_failover_is_succeeded_in_a_higher_term(moment: str) -> None:
    with Cluster(crash_at=moment) as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        dead = [sentinel for sentinel in cluster.sentinels if not sentinel.running]
        assert len(dead) == 1
        first = dead[0].story("elected")[-1]["term"]
        assert cluster.running[0].term() > first
        assert cluster.primaries() == [new.name]
        intents = {line["node"] for s in cluster.sentinels for line in s.story("intent_committed")}
        assert intents == {new.name}, "the successor finishes what the dead leader began"
        dead[0].env = {}
        dead[0].module = "sentinel.cli"
        dead[0].start()
        cluster.wait_agreed(new.name)
        old.restart()
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))


def test_all_sentinels_restarted_remember_without_an_election() -> None:
    with Cluster() as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        old.restart()
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
        cluster.wait_watching()
        term = cluster.sentinels[0].term()
        elections = [len(sentinel.story("elected")) for sentinel in cluster.sentinels]
        for sentinel in cluster.sentinels:
            assert sentinel.stop() == 0
        for sentinel in cluster.sentinels:
            sentinel.start()
        assert cluster.wait_agreed() == new.name
        cluster.wait_watching()
        assert [sentinel.term() for sentinel in cluster.sentinels] == [term] * 3
        assert [len(sentinel.story("elected")) for sentinel in cluster.sentinels] == elections


@pytest.mark.parametrize("order", ["sentinels first", "nodes first"])
def test_everything_restarted(order: str) -> None:
    """The nodes come back as strangers to each other, having no configuration file: that is repaired."""
    with Cluster(redis_arguments=("--appendonly", "yes", "--appendfsync", "always")) as cluster:
        with cluster.nodes[0].client() as client:
            client.set("kept", "yes")
            client.wait(2, 5000)
        for sentinel in cluster.sentinels:
            sentinel.kill()
        for node in cluster.nodes:
            node.kill()
        if order == "sentinels first":
            cluster.start()
            wait_for(
                lambda: all(s.get("/healthz")[0] == 200 for s in cluster.sentinels), 30, "sentinels to start"
            )
        for node in reversed(cluster.nodes):
            node.restart()
        if order == "nodes first":
            cluster.start()
        wait_for(lambda: len(cluster.primaries()) == 1, 40, "one primary")
        primary = cluster.node(cluster.wait_agreed())
        cluster.wait_replicas(primary, *(node for node in cluster.nodes if node is not primary))
        with primary.client() as client:
            assert client.get("kept") == b"yes"


def test_stalled_sentinels_cause_no_failover() -> None:
    with Cluster() as cluster:
        term = cluster.sentinels[0].term()
        cluster.wait_watching()
        elections = sum(len(s.story("elected")) for s in cluster.sentinels)
        for sentinel in cluster.sentinels:
            sentinel.pause()
        stays(lambda: cluster.primaries() == [cluster.nodes[0].name], 2.5)
        for sentinel in cluster.sentinels:
            sentinel.resume()
        wait_for(lambda: all(s.story("stalled") for s in cluster.sentinels), what="the stall to be noticed")
        cluster.wait_agreed(cluster.nodes[0].name)
        stays(lambda: cluster.sentinels[0].term() == term, 1.5)
        assert not any(s.story("quorum_down") for s in cluster.sentinels)
        assert sum(len(s.story("elected")) for s in cluster.sentinels) == elections


def test_stalled_sentinel_catches_up_with_what_it_missed() -> None:
    with Cluster() as cluster:
        cluster.sentinels[0].pause()
        old = cluster.nodes[0]
        old.kill()
        others = cluster.sentinels[1:]
        wait_for(
            lambda: all(s.primary() not in (None, old.name) for s in others), 30, "a failover by the others"
        )
        cluster.sentinels[0].resume()
        cluster.wait_failover(old.name)
