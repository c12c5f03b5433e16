"""Webhooks of a real failover: signed, one per event, delivered even if the leader dies before it can."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.cluster import CHECKOUT, GROUP, Cluster
from tests.integration.receiver import SECRET, Receiver
from tests.waiting import stays, wait_for


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


OUTAGE = ("primary.down", "failover.started", "failover.completed")


def hooks(receiver: Receiver) -> dict[str, object]:
    return {"webhooks": [{"url": receiver.url, "secret": SECRET}]}


def test_failover_is_told_once_with_its_facts(receiver: Receiver) -> None:
    with Cluster(extra=hooks(receiver), group={"owner": "team-a"}) as cluster:
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
        of_outage = [e["data"] for e in receiver.events if e["type"] in OUTAGE]
        assert len({each["incident"] for each in of_outage}) == 1, "whichever sentinel sends"
        assert [each["incident_status"] for each in of_outage if "new_primary" in each] == ["resolved"]
        assert of_outage[0]["summary"].startswith(f"{GROUP}: the primary {old.name} is down")
        assert of_outage[0]["owner"] == "team-a" and data["replicas_left"] >= 1
        stays(lambda: len(receiver.of_type("failover.completed")) == 1, 1.5, "one delivery")
        assert receiver.of_type("replica.up") == [], "it was down as the primary only"
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


def test_a_refused_failover_wakes_nobody_twice(receiver: Receiver) -> None:
    never = ("--replica-priority", "0")
    often = {"failover_timeout": "1s"}
    with Cluster(extra=hooks(receiver), redis_arguments=never, group=often) as cluster:

        def refusals() -> int:
            """Each leader finds nobody to promote; the log tells the same reason once."""
            return sum(len(sentinel.story("elected")) for sentinel in cluster.sentinels)

        old = cluster.nodes[0]
        old.kill()
        wait_for(lambda: refusals() >= 4, 30, "a failover to be refused again and again")
        with cluster.nodes[1].client() as client:
            client.config_set("replica-priority", 100)
        cluster.wait_failover(old.name)
        wait_for(lambda: receiver.of_type("failover.completed"), what="its end to be told")
        told = [(e["data"]["sentinel"], e["data"]["reason"]) for e in receiver.of_type("failover.aborted")]
        assert told and len(told) == len(set(told)), "by a leader, once"
        assert len(told) <= len(cluster.sentinels) < refusals()
        assert len(receiver.of_type("failover.started")) < refusals()


def vedette(cluster: Cluster, *arguments: str) -> str:
    """What the command prints, asking the members of the configuration."""
    command = [sys.executable, "-m", "sentinel.cli", *arguments, "-c", str(cluster.sentinels[0].file)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_what_was_given_up_is_delivered_when_an_operator_retries_it(receiver: Receiver) -> None:
    secret_url = receiver.url.replace("http://", "http://user:pa55word@") + "?key=t0ken"
    hook = {"url": secret_url, "secret": SECRET, "max_attempts": 1, "events": ["failover.completed"]}
    receiver.broken = 500
    with Cluster(extra={"webhooks": [hook]}) as cluster:
        old = cluster.nodes[0]
        old.kill()
        cluster.wait_failover(old.name)

        def dead() -> set[str]:
            answers = [sentinel.get("/v1/webhooks")[1] for sentinel in cluster.sentinels]
            all_ = [each for answer in answers for each in answer["deliveries"]]
            return {each["id"] for each in all_ if each["state"] == "dead"}

        def all_given_up() -> set[str] | None:
            # A busy machine may need more than one change of primary.
            found = dead()
            return found if len(found) == len(receiver.turned_away) else None

        ids = wait_for(all_given_up, 20, "the event to be given up")
        event = receiver.turned_away[-1]
        owner = next(sentinel for sentinel in cluster.sentinels if sentinel.id == event["data"]["sentinel"])
        shown = vedette(cluster, "webhooks", "list")
        assert all(id_ in shown for id_ in ids) and "answered 500" in shown
        wait_for(lambda: "vedette_webhook_dead_letters 0.0" not in owner.text("/metrics"), what="the metric")
        receiver.broken = None
        told = vedette(cluster, "webhooks", "retry", "--all").removeprefix("tried again: ").strip()
        assert set(told.split(", ")) == ids
        wait_for(lambda: event in receiver.events, 20, "the delivery, under the same id")
        wait_for(lambda: not dead() & ids, 20, "the dead letters to be gone")
        for sentinel in cluster.sentinels:
            everything = [sentinel.log(), shown, sentinel.text("/metrics"), str(sentinel.get("/v1/webhooks"))]
            assert not any(secret in text for text in everything for secret in ("pa55word", "t0ken", "/hook"))
