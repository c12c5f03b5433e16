"""The notices that become webhooks, their ids, and the sentinel that delivers each."""

from __future__ import annotations

from typing import Any

import pytest

from promotion import events
from promotion.candidates import Ranking, Verdict
from quorum.membership import Membership
from quorum.rank import ranking
from sentinel.notices import leaders, nodes
from sentinel.notices.notice import NoticeEvent
from sentinel.peers.in_touch import InTouch
from sentinel.webhooks.alerts import MAX_OWNERS, MAX_REASONS, ORPHAN_AFTER_S, Alert, Alerts
from tests.unit.sentinel.notice_cases import notice

A, B, C = "redis-a:6379", "redis-b:6379", "redis-c:6379"
MEMBERS = frozenset({"s1", "s2", "s3"})
LINE = ranking("g", MEMBERS)
TOPOLOGY = {
    "term": 2,
    "primary": B,
    "previous": A,
    "cause": "refused",
    "leader": LINE[0],
    "since_ms": 1_700_000_000_000,
    "duration_ms": 250,
}


def alerts(self_id: str, *absent: str, boot: int = 1) -> Alerts:
    return Alerts(InTouch(self_id, Membership.of(MEMBERS), lambda: MEMBERS - {self_id, *absent}), boot)


def tell(to: Alerts, kind: type[NoticeEvent], **fields: Any) -> list[Alert]:
    return to.on_notice(notice(kind, **fields), 5)


def down(to: Alerts, primary: bool = True) -> Alert:
    (alert,) = tell(to, nodes.QuorumDown, node=A, agree=["s1", "s2"], primary=primary)
    return alert


def facts(alert: Alert) -> dict[str, object]:
    """The data without the briefing, which has tests of its own."""
    briefing = {"summary", "severity", "incident", "incident_status"}
    assert {"summary", "severity"} <= alert.event.data.keys()
    return {name: value for name, value in alert.event.data.items() if name not in briefing}


def completed(to: Alerts) -> Alert:
    (alert,) = tell(to, leaders.TopologyCommitted, **TOPOLOGY)
    return alert


def test_a_completed_failover_is_the_same_event_at_every_sentinel_and_the_leaders() -> None:
    told = {name: completed(alerts(name)) for name in MEMBERS}
    assert len({(alert.event.id, alert.event.body()) for alert in told.values()}) == 1
    assert [name for name in told if told[name].owner] == [LINE[0]]
    event = told["s1"].event
    assert (event.type, event.at_ms) == ("failover.completed", 1_700_000_000_000)
    assert facts(told["s1"]) == {
        "term": 2,
        "old_primary": A,
        "new_primary": B,
        "cause": "refused",
        "sentinel": LINE[0],
        "duration_ms": 250,
    }


def test_the_first_topology_is_no_failover() -> None:
    assert tell(alerts("s1"), leaders.TopologyCommitted, **TOPOLOGY | {"previous": None}) == []


@pytest.mark.parametrize(
    ("kind", "primary", "type_"),
    [
        (nodes.QuorumDown, True, "primary.down"),
        (nodes.QuorumUp, True, "primary.up"),
        (nodes.QuorumDown, False, "replica.down"),
        (nodes.QuorumUp, False, "replica.up"),
    ],
)
def test_what_no_leader_does_is_told_by_the_first_in_line(
    kind: type[NoticeEvent], primary: bool, type_: str
) -> None:
    fields = {"node": A, "agree": ["s1", "s2"], "primary": primary}
    (alert,) = tell(alerts(LINE[0]), kind, **fields)
    assert (alert.event.type, alert.owner) == (type_, True)
    assert facts(alert) == {"node": A, "sentinels": ["s1", "s2"], "sentinel": LINE[0]}
    (heard,) = tell(alerts(LINE[1]), kind, **fields)
    assert (heard.event.type, heard.owner, heard.kept) == (type_, False, False), "for its listeners only"


def test_if_the_first_in_line_is_out_of_touch_the_next_one_tells() -> None:
    assert down(alerts(LINE[1], LINE[0])).owner
    assert not down(alerts(LINE[2], LINE[0])).kept


def test_a_primary_that_is_up_again_without_its_data_is_told_with_what_is_lost() -> None:
    lost = "restarted at offset 10, a replica is at 90"
    fields = {"node": A, "agree": [], "primary": True}
    (alert,) = tell(alerts(LINE[0]), nodes.QuorumUp, **fields, may_have_lost=lost)
    assert (alert.event.type, alert.event.data["may_have_lost"]) == ("primary.up", lost)
    (alert,) = tell(alerts(LINE[0]), nodes.QuorumUp, **fields, may_have_lost=None)
    assert "may_have_lost" not in alert.event.data


def test_without_a_majority_nobody_tells() -> None:
    assert not down(alerts(LINE[0], LINE[1], LINE[2])).kept


def test_every_time_is_another_event_also_after_a_restart() -> None:
    first, second = alerts(LINE[0]), alerts(LINE[0], boot=2)
    ids = [down(to).event.id for to in (first, first, second)]
    assert len(set(ids)) == 3


def test_another_installation_s_group_of_the_same_name_has_other_ids() -> None:
    """A receiver of both takes the second for a repetition otherwise; so it is after a new beginning."""
    told: dict[type[NoticeEvent], dict[str, Any]] = {
        nodes.QuorumDown: {"node": A, "agree": [], "primary": True},
        nodes.Ambiguous: {"reason": "no master has replicas"},
        leaders.FailoverStarted: {"term": 2, "primary": A, "cause": "refused"},
        leaders.FailoverAborted: {"term": 2, "primary": A, "reason": "no eligible replica"},
        events.Demoted: {"term": 2, "node": A, "primary": B},
    }
    for kind, fields in told.items():
        told_at = (alerts(LINE[0]).on_notice(notice(kind, **fields), wall_ms) for wall_ms in (5, 6))
        here, there = (made[0].event.id for made in told_at)
        assert here != there, kind
    begun = (TOPOLOGY | {"since_ms": at} for at in (5, 6))
    here, there = (tell(alerts(LINE[0]), leaders.TopologyCommitted, **made)[0].event.id for made in begun)
    assert here != there


def test_a_schedule_s_end_does_not_hide_the_refusal_in_the_same_term() -> None:
    to = alerts(LINE[0])
    reasons = ("the scheduled switchover is dropped: the primary is down", "no eligible replica")
    ids = [tell(to, leaders.FailoverAborted, term=2, primary=A, reason=why)[0].event.id for why in reasons]
    assert len(set(ids)) == 2


def test_an_unclear_primary_is_told() -> None:
    (alert,) = tell(alerts(LINE[0]), nodes.Ambiguous, reason="no master has replicas")
    assert (alert.event.type, alert.event.data["reason"]) == ("group.ambiguous", "no master has replicas")


@pytest.mark.parametrize(
    ("kind", "type_"),
    [(nodes.Degraded, "primary.degraded"), (nodes.Recovered, "primary.recovered")],
)
def test_a_primary_that_refuses_its_clients_is_told(kind: type[NoticeEvent], type_: str) -> None:
    fields = {"node": A, "refuses": "OOM", "detail": "refuses writes (-OOM)"}
    (alert,) = tell(alerts(LINE[0]), kind, **fields)
    assert (alert.event.type, alert.owner, alert.kept) == (type_, True, True)
    assert facts(alert) == {**fields, "sentinel": LINE[0]}
    (heard,) = tell(alerts(LINE[1]), kind, **fields)
    assert not heard.kept


def test_what_the_leader_does_is_its_own_to_tell() -> None:
    to = alerts(LINE[2])
    (started,) = tell(to, leaders.FailoverStarted, term=2, primary=A, cause="refused")
    assert (started.event.type, started.owner) == ("failover.started", True)
    verdict = Verdict(C, False, None, "priority 0", 0, None, None)
    (aborted,) = tell(
        to,
        leaders.FailoverAborted,
        term=2,
        primary=A,
        reason="no eligible replica",
        ranking=Ranking((verdict,), None),
    )
    assert aborted.event.data["candidates"] == {C: "priority 0"}
    demoted = [tell(to, events.Demoted, term=2, node=node, primary=B)[0].event for node in (A, C)]
    assert demoted[0].type == "node.demoted" and demoted[0].id != demoted[1].id


def attempt(to: Alerts, reason: str, *, operation: str | None = None) -> tuple[bool, bool]:
    """A failover is begun and refused: whether either is a webhook. A listener hears of both in any case."""
    asked = {"primary": A, "term": 2, "operation": operation}
    (started,) = tell(to, leaders.FailoverStarted, cause="refused", **asked)
    (aborted,) = tell(to, leaders.FailoverAborted, reason=reason, **asked)
    assert started.owner and aborted.owner
    return started.kept, aborted.kept


def test_a_refused_failover_is_told_once_and_again_when_the_reason_is_a_new_one() -> None:
    to = alerts(LINE[2])
    down(to)
    assert attempt(to, "no eligible replica") == (True, True)
    assert attempt(to, "no eligible replica") == (False, False)
    assert attempt(to, f"still heard by {B}") == (False, True)
    assert attempt(to, "no eligible replica") == (False, False), "it has been told of this outage"
    assert completed(to).kept, "its end is told"


@pytest.mark.parametrize("end", [nodes.QuorumUp, leaders.TopologyCommitted, None])
def test_the_next_outage_is_told_anew(end: type[NoticeEvent] | None) -> None:
    to = alerts(LINE[2])
    down(to)
    attempt(to, "no eligible replica")
    if end is nodes.QuorumUp:
        tell(to, end, node=A, agree=[], primary=True)
    elif end is leaders.TopologyCommitted:
        completed(to)
    down(to)
    assert attempt(to, "no eligible replica") == (True, True)


def test_nothing_is_silenced_while_no_primary_is_known_to_be_down_or_in_another_group() -> None:
    to = alerts(LINE[2])
    assert attempt(to, "no eligible replica") == attempt(to, "no eligible replica") == (True, True)
    to.on_notice(notice(nodes.QuorumDown, "h", node=A, primary=True), 5)
    assert attempt(to, "no eligible replica") == (True, True)
    down(to, primary=False)
    assert attempt(to, "no eligible replica") == (True, True), "a replica's loss is no outage"


def test_a_replica_that_goes_down_or_comes_back_does_not_repeat_a_refusal() -> None:
    to = alerts(LINE[2])
    down(to)
    attempt(to, "no eligible replica")
    for kind in (nodes.QuorumDown, nodes.QuorumUp):
        tell(to, kind, node=B, agree=[], primary=False)
    assert attempt(to, "no eligible replica") == (False, False)


def test_an_operator_is_always_answered() -> None:
    to = alerts(LINE[2])
    down(to)
    attempt(to, "no eligible replica")
    assert attempt(to, "no eligible replica", operation="op-1") == (True, True)
    assert attempt(to, "priority 0", operation="op-2") == (True, True)
    assert attempt(to, "priority 0") == (False, True), "that a person was refused is no alert"


def test_another_leader_tells_a_refusal_itself() -> None:
    for name in LINE:
        to = alerts(name)
        down(to)
        assert attempt(to, "no eligible replica") == (True, True)


def test_reasons_are_forgotten_at_a_limit_the_oldest_first() -> None:
    to = alerts(LINE[2])
    down(to)
    for number in range(MAX_REASONS + 1):
        assert attempt(to, f"reason {number}")[1]
    assert not attempt(to, f"reason {MAX_REASONS}")[1]
    assert attempt(to, "reason 0")[1]


@pytest.mark.parametrize("kind", [nodes.NodeDown, leaders.Elected, leaders.RepairAborted, leaders.WorkDone])
def test_the_rest_is_for_the_log(kind: type[NoticeEvent]) -> None:
    assert tell(alerts(LINE[0]), kind) == []


def test_who_stands_by_takes_over_when_the_owner_is_out_of_touch() -> None:
    standing_by = alerts(LINE[1])
    id_ = completed(standing_by).event.id
    assert standing_by.to_claim([id_], 0.0) == [], "the owner is in touch"
    left = alerts(LINE[1], LINE[0])
    assert left.to_claim([completed(left).event.id], 0.0) == [id_]
    third = alerts(LINE[2], LINE[0])
    assert third.to_claim([completed(third).event.id], 0.0) == [], "another one is nearer"


def test_after_a_restart_an_event_whose_owner_is_forgotten_is_taken_over_in_time() -> None:
    first = ranking("", MEMBERS)[0]
    restarted = alerts(first)
    assert restarted.to_claim(["msg_1"], 100.0) == []
    assert restarted.to_claim(["msg_1"], 100.0 + ORPHAN_AFTER_S - 0.1) == []
    assert restarted.to_claim(["msg_1"], 100.0 + ORPHAN_AFTER_S) == ["msg_1"]


def test_owners_are_forgotten_at_a_limit_the_oldest_first() -> None:
    to = alerts(LINE[1], LINE[0])
    ids = [
        tell(to, leaders.TopologyCommitted, **TOPOLOGY | {"term": term})[0].event.id
        for term in range(2, MAX_OWNERS + 3)
    ]
    assert to.to_claim(ids, 0.0) == ids[1:]
