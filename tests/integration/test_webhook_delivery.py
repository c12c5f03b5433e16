"""Webhooks of a real failover: signed, one per event, delivered even if the leader dies before it can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.cluster import GROUP, Cluster
from tests.integration.receiver import SECRET, Receiver
from tests.waiting import stays, wait_for


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def hooks(receiver: Receiver) -> dict[str, object]:
    return {"webhooks": [{"url": receiver.url, "secret": SECRET}]}


def test_failover_is_told_once_with_its_facts(receiver: Receiver) -> None:
    with Cluster(extra=hooks(receiver)) as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        event = wait_for(lambda: receiver.of_type("failover.completed"), what="the webhook")[0]
        data = event["data"]
        assert (data["group"], data["old_primary"], data["new_primary"]) == (GROUP, old.name, new.name)
        assert data["term"] == cluster.sentinels[0].term()
        assert data["sentinel"] in {"s1", "s2", "s3"}
        assert data["duration_ms"] >= 30, "it counts from the loss, so refused_after is part of it"
        wait_for(lambda: receiver.of_type("primary.down") and receiver.of_type("failover.started"))
        old.restart()
        wait_for(lambda: receiver.of_type("node.demoted"), what="the demotion to be told")
        assert receiver.of_type("node.demoted")[0]["data"]["node"] == old.name
        stays(lambda: len(receiver.of_type("failover.completed")) == 1, 1.5, "one delivery")
        assert receiver.refused == 0


def test_leader_killed_before_delivery_is_stood_in_for(receiver: Receiver) -> None:
    with Cluster(extra=hooks(receiver), crash_at="after_commit") as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        wait_for(lambda: receiver.of_type("failover.completed"), 20, "another sentinel to deliver")
        dead = next(sentinel for sentinel in cluster.sentinels if not sentinel.running)
        first = receiver.of_type("failover.completed")[0]
        assert (first["data"]["new_primary"], first["data"]["sentinel"]) == (new.name, dead.id)
        dead.module = "sentinel.cli"
        dead.start()
        cluster.wait_agreed(new.name)
        stays(lambda: len({e["id"] for e in receiver.of_type("failover.completed")}) == 1, 1.0, "one id")
