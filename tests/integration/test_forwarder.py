"""Sentinels that reach the primary through a port forwarder, which is no part of the primary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.forwarder import Forwarder
from tests.integration.cluster import Cluster
from tests.waiting import stays, wait_for
from tests.writers import CountingWriter

AWAY_S = 0.2


@contextmanager
def forwarded(**group: Any) -> Iterator[tuple[Cluster, Forwarder]]:
    """Sentinels reach the first node by a forwarder, clients and replicas reach it directly."""
    with Cluster(start=False) as cluster, Forwarder(cluster.nodes[0].port) as forwarder:
        nodes: list[Any] = [node.name for node in cluster.nodes[1:]]
        nodes.insert(0, {"address": forwarder.name, "announce": cluster.nodes[0].name})
        cluster.configure(nodes=nodes, **group)
        cluster.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_watching()
        yield cluster, forwarder


def closed(cluster: Cluster, forwarder: Forwarder) -> bool:
    """Whether every sentinel has noticed."""
    groups = [sentinel.group() for sentinel in cluster.sentinels]
    nodes = [node for group in groups for node in group.get("nodes", ()) if node["node"] == forwarder.name]
    return len(nodes) == len(cluster.sentinels) and all(node["silence_ms"] > AWAY_S * 1000 for node in nodes)


def test_a_forwarder_that_is_away_for_a_moment_costs_nothing() -> None:
    with forwarded(down_after="5s") as (cluster, forwarder), CountingWriter(cluster) as writer:
        old = cluster.nodes[0]
        writer.wait_for_more(100)
        term = cluster.sentinels[0].term()
        for _ in range(3):
            forwarder.go_away()
            writer.wait_for_more(10)
            wait_for(lambda: closed(cluster, forwarder), 10, "the loss to be noticed")
            forwarder.come_back()
            cluster.wait_watching()
        writer.wait_for_more(100)
        assert {s.term() for s in cluster.sentinels} == {term}
        assert not any(s.story("node_down") for s in cluster.sentinels)
        acknowledged = writer.acknowledged
        with old.client() as client:
            assert int(client.get("counter") or 0) >= acknowledged


def test_one_that_stays_away_fails_nothing_over_while_a_replica_hears_from_the_primary() -> None:
    with forwarded() as (cluster, forwarder), CountingWriter(cluster) as writer:
        writer.wait_for_more(100)
        term = cluster.sentinels[0].term()
        forwarder.go_away()
        wait_for(lambda: any(s.story("held") for s in cluster.sentinels), 20, "a leader to hold")
        writer.wait_for_more(200)
        stays(lambda: all(s.term() in (0, term) for s in cluster.sentinels), 1.0, "no failover")
        downs = [line for s in cluster.sentinels for line in s.story("node_down")]
        assert {line["grade"] for line in downs} == {"silent"}
        assert any("still linked: " in line["detail"] for line in downs)
        forwarder.come_back()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_watching()
        assert {s.term() for s in cluster.sentinels} == {term}


def test_a_primary_that_really_ends_behind_its_forwarder_is_replaced() -> None:
    """The forwarder goes with it, as where both are one container."""
    with forwarded(down_after="30s") as (cluster, forwarder):
        old = cluster.nodes[0]
        forwarder.go_away()
        old.kill()
        cluster.wait_failover(cluster.nodes[0].name)
        downs = [line for s in cluster.sentinels for line in s.story("node_down") if line["primary"]]
        assert downs and {line["grade"] for line in downs} == {"refused"}
        assert any("no longer linked: " in line["detail"] for line in downs)


def test_a_forwarder_that_takes_connections_for_a_primary_that_has_ended_hides_nothing() -> None:
    """It closes each before anything is answered."""
    with forwarded(down_after="30s") as (cluster, _forwarder):
        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)


def test_a_primary_that_ends_while_its_forwarder_is_away_is_replaced_before_silence_counts() -> None:
    with forwarded(down_after="30s") as (cluster, forwarder):
        forwarder.go_away()
        wait_for(lambda: closed(cluster, forwarder), 10, "the loss to be noticed")
        assert not any(s.story("node_down") for s in cluster.sentinels)
        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)
