"""The main job on real processes: a dead primary is replaced, and returns as a replica."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.cluster import GROUP, Cluster
from tests.waiting import wait_for


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as made:
        yield made


def write_and_sync(cluster: Cluster, key: str, value: str) -> None:
    """A write that both replicas hold."""
    with cluster.nodes[0].client() as client:
        client.set(key, value)
        assert client.wait(len(cluster.nodes) - 1, 5000) == len(cluster.nodes) - 1


def test_killed_primary_is_replaced_and_returns_as_replica(cluster: Cluster) -> None:
    old = cluster.nodes[0]
    write_and_sync(cluster, "before", "kept")
    old.kill()
    new = cluster.wait_failover(old.name)
    with new.client() as client:
        assert client.get("before") == b"kept"
        assert int(client.get(f"vedette:{GROUP}:term")) == cluster.sentinels[0].term()
    other = next(node for node in cluster.nodes if node not in (old, new))
    cluster.wait_replicas(new, other)
    with old.client() if old.running else new.client() as client:
        client.ping()
    old.restart()
    cluster.wait_replicas(new, old, other)
    assert cluster.primaries() == [new.name]
    with old.client() as client:
        assert client.get("written-after-failover") == b"yes"
    assert cluster.wait_agreed() == new.name


def test_a_primary_that_is_back_while_the_failover_ends_is_demoted_at_once() -> None:
    with Cluster(group={"info_interval": "30s"}) as cluster:
        old, *replicas = cluster.nodes
        old.kill()
        wait_for(lambda: any(node.info()["role"] == "master" for node in replicas), what="a new primary")
        old.restart()
        wait_for(lambda: old.info()["role"] == "slave", what="the old primary to be demoted")


def test_hung_primary_is_replaced_and_demoted_when_it_wakes(cluster: Cluster) -> None:
    old = cluster.nodes[0]
    write_and_sync(cluster, "before", "kept")
    old.pause()
    new = cluster.wait_failover(old.name)
    old.resume()
    cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))
    assert cluster.primaries() == [new.name]


def test_history_tells_the_same_story_at_every_sentinel(cluster: Cluster) -> None:
    old = cluster.nodes[0]
    old.kill()
    new = cluster.wait_failover(old.name)

    def full_histories() -> list[dict[str, Any]] | None:
        changes = [s.get(f"/v1/groups/{GROUP}/history")[1]["changes"] for s in cluster.sentinels]
        newest = [some[0] for some in changes if some and some[0]["timeline"]]
        return newest if len(newest) == 3 else None

    for change in wait_for(full_histories, what="the timeline at every sentinel"):
        assert (change["old"], change["new"]) == (old.name, new.name)
        names = iter([step["name"] for step in change["timeline"]])
        steps = ["evidence", "subjectively_down", "objectively_down"]
        steps += ["elected", "intent_committed", "promoted"]
        # In this order; a busy machine may have needed a second attempt in between.
        assert all(step in names for step in steps)
        assert change["cause"] == "refused"


def test_operator_failover_moves_to_the_requested_candidate(cluster: Cluster) -> None:
    old, wanted = cluster.nodes[0], cluster.nodes[2]
    status, accepted = cluster.sentinels[1].post(f"/v1/groups/{GROUP}/failover", {"candidate": wanted.name})
    assert status == 202, accepted
    assert cluster.wait_agreed(wanted.name) == wanted.name
    cluster.wait_replicas(wanted, old, cluster.nodes[1])
    assert cluster.primaries() == [wanted.name]
    operation = cluster.sentinels[1].get(f"/v1/operations/{accepted['operation']}")[1]
    assert operation["state"] == "completed"


def test_replica_that_dies_with_the_primary_is_not_chosen(cluster: Cluster) -> None:
    old, dead, last = cluster.nodes
    dead.kill()
    old.kill()
    assert cluster.wait_failover(old.name) is last


def test_priority_decides_and_zero_is_never_promoted() -> None:
    with Cluster(start=False) as cluster:
        with cluster.nodes[1].client() as client:
            client.config_set("replica-priority", 0)
        with cluster.nodes[2].client() as client:
            client.config_set("replica-priority", 200)
        cluster.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_watching()
        cluster.nodes[0].kill()
        assert cluster.wait_failover(cluster.nodes[0].name) is cluster.nodes[2]
        cluster.nodes[2].kill()

        def refused() -> bool:
            return any(
                "priority 0" in str(line["message"])
                for sentinel in cluster.sentinels
                for line in sentinel.story("failover_aborted")
            )

        wait_for(refused, what="a failover given up with the reason")
        assert cluster.primaries() == []


def test_five_sentinels_and_two_lost() -> None:
    with Cluster(sentinels=5) as cluster:
        for sentinel in cluster.sentinels[:2]:
            sentinel.kill()
        old = cluster.nodes[0]
        old.kill()
        cluster.wait_failover(old.name)
