"""Pausing a group and scheduling a switchover, on real processes, through restarts of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import wait_for

PATH = f"/v1/groups/{GROUP}"
PATIENT = {"lease": "1s", "election_timeout_min": "1200ms", "election_timeout_max": "2s"}
"""Nothing here is about how fast a leader is replaced: it should keep its lease on a busy machine, too."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster(times=PATIENT) as made:
        yield made


@pytest.fixture(scope="module")
def whole() -> Iterator[Cluster]:
    """For tests that leave it as they found it: neither paused nor with anything scheduled."""
    with Cluster(times=PATIENT) as made:
        yield made


def restart(cluster: Cluster) -> None:
    """All sentinels, and until each has its peers again."""
    for sentinel in cluster.sentinels:
        sentinel.kill()
    cluster.start()
    wait_for(
        lambda: all(sentinel.get("/readyz")[0] == 200 for sentinel in cluster.sentinels),
        deadline_s=60.0,
        what="the sentinels to find each other",
    )


def wait_shown(cluster: Cluster, field: str, present: bool = True) -> None:
    wait_for(
        lambda: all((sentinel.group().get(field) is not None) == present for sentinel in cluster.running),
        deadline_s=60.0,
        what=f"every sentinel to show {field}: {present}",
    )


def is_seen_down(sentinel: Sentinel, node: str) -> bool:
    nodes = {answer["node"]: answer for answer in sentinel.group().get("nodes", ())}
    return node in nodes and bool(nodes[node]["objectively_down"])


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_paused_group_is_left_alone_through_a_restart_of_all_and_fails_over_when_resumed(
    cluster: Cluster,
) -> None:
    first, second, third = cluster.sentinels
    old, *others = cluster.nodes
    paused = first.followed(first.post(f"{PATH}/pause", {"reason": "kernel updates"}))
    assert paused["state"] == "completed"
    wait_shown(cluster, "paused")
    assert {s.group()["paused"]["reason"] for s in cluster.sentinels} == {"kernel updates"}
    old.kill()
    wait_for(
        lambda: all(is_seen_down(sentinel, old.name) for sentinel in cluster.sentinels),
        deadline_s=60.0,
        what="every sentinel to call the primary objectively down",
    )
    restart(cluster)
    wait_shown(cluster, "paused")
    wait_for(
        lambda: all(is_seen_down(sentinel, old.name) for sentinel in cluster.sentinels),
        deadline_s=60.0,
        what="every sentinel to call it down again",
    )
    assert cluster.primaries() == []
    assert second.post(f"{PATH}/failover")[0] == 409
    for sentinel in cluster.sentinels:
        assert not sentinel.story("failover_started") and not sentinel.story("promoted")
        assert f'vedette_paused{{group="{GROUP}"}} 1.0' in sentinel.text("/metrics")
    resumed = third.followed(third.post(f"{PATH}/resume"))
    assert resumed["state"] == "completed"
    primary = cluster.wait_failover(old.name)
    assert primary in others
    wait_shown(cluster, "paused", present=False)


def test_a_scheduled_switchover_survives_a_restart_of_all_and_runs_once(cluster: Cluster) -> None:
    old, wanted, other = cluster.nodes
    first = cluster.sentinels[0]
    planned = first.followed(first.post(f"{PATH}/switchover", {"at": later(5), "to": wanted.name}))
    assert planned["state"] == "scheduled"
    restart(cluster)
    cluster.wait_agreed(wanted.name)
    cluster.wait_replicas(wanted, old, other)
    wait_shown(cluster, "scheduled", present=False)
    for sentinel in cluster.sentinels:
        ended = sentinel.followed((202, planned))
        assert (ended["state"], ended["new_primary"]) == ("completed", wanted.name)
        assert ended["finished_at"] == sentinel.group()["topology"]["since"]
        assert [line["cause"] for line in sentinel.story("topology")] == ["bootstrap", "switchover"]
    begun = [line for s in cluster.sentinels for line in s.story("failover_started")]
    assert {line["operation"] for line in begun} == {planned["operation"]}


def test_one_that_is_cancelled_does_not_run_and_one_may_be_made_anew(whole: Cluster) -> None:
    old = whole.node(whole.wait_agreed())
    wanted = next(node for node in whole.nodes if node is not old)
    first, second, third = whole.sentinels
    planned = first.followed(first.post(f"{PATH}/switchover", {"at": later(3600)}))
    wait_shown(whole, "scheduled")
    assert second.post(f"{PATH}/switchover", {"at": later(60)})[0] == 409
    assert second.followed(second.delete(f"{PATH}/switchover"))["state"] == "completed"
    wait_shown(whole, "scheduled", present=False)
    assert third.delete(f"{PATH}/switchover")[0] == 404
    for sentinel in whole.sentinels:
        assert sentinel.followed((202, planned))["reason"] == "an operator cancelled it"
    again = third.followed(third.post(f"{PATH}/switchover", {"at": later(1), "to": wanted.name}))
    assert again["state"] in ("scheduled", "completed")
    whole.wait_agreed(wanted.name)
    whole.wait_replicas(wanted, old)
    whole.wait_watching()


def test_in_a_paused_group_an_operator_may_name_the_node(whole: Cluster) -> None:
    old = whole.node(whole.wait_agreed())
    wanted, other = (node for node in whole.nodes if node is not old)
    first, second, third = whole.sentinels
    first.followed(first.post(f"{PATH}/pause"))
    wait_shown(whole, "paused")
    done = second.followed(second.post(f"{PATH}/switchover", {"to": wanted.name}))
    assert (done["state"], done["new_primary"]) == ("completed", wanted.name)
    assert first.get(f"/v1/operations/{done['operation']}") == (200, done), "any sentinel may be asked"
    whole.wait_replicas(wanted, old, other)
    assert all(sentinel.group()["paused"] for sentinel in whole.sentinels)
    third.followed(third.post(f"{PATH}/resume"))
    wait_shown(whole, "paused", present=False)


def test_orders_at_two_sentinels_at_once_are_both_carried_out(whole: Cluster) -> None:
    first, second, third = whole.sentinels
    for _ in range(5):
        asked = [
            first.post(f"{PATH}/pause"),
            second.post(f"{PATH}/switchover", {"at": later(3600)}),
        ]
        assert first.followed(asked[0])["state"] == "completed"
        assert second.followed(asked[1])["state"] == "scheduled"
        wait_shown(whole, "paused")
        wait_shown(whole, "scheduled")
        asked = [third.post(f"{PATH}/resume"), second.delete(f"{PATH}/switchover")]
        assert third.followed(asked[0])["state"] == "completed"
        assert second.followed(asked[1])["state"] == "completed"
        wait_shown(whole, "paused", present=False)
        wait_shown(whole, "scheduled", present=False)
