"""A planned change of primary: writes are paused, nothing is left behind, and it ends in one of two ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import (
    Action,
    Facts,
    GiveUp,
    Note,
    Observe,
    PendingIntent,
    Request,
    Resettle,
    Run,
    WriteIntent,
)
from promotion.candidates import Policy
from promotion.step_types import Disarm, Freeze, Handover, Promote, Rehearse, Repoint, Restore, Thaw
from promotion.switchover import FREEZE_MARGIN_S, SWITCHOVER, caught_up, objection
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

A = NodeView("a:1", "a", 1, role="master", keys=9, offset_bytes=100, replid="h1")
B = NodeView("b:1", "b", 1, role="slave", follows="a:1", link_up=True, keys=9, offset_bytes=90, replid="h1")
C = replace(B, name="c:1", host="c", priority=200)
FACTS = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=False,
    cause="",
    gone_by_all=False,
    silence_s=0.1,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset(),
)
LEFT = replace(FACTS, intent=PendingIntent("b:1", SWITCHOVER))
"""The situation that the leader's successor finds."""
TIMEOUT_S = 2.0
FREEZE = Freeze("a:1", TIMEOUT_S + FREEZE_MARGIN_S)
DEMOTE = Repoint("a:1", "b", 1, "demote", resume=True)
LOOK = [Observe(("a:1", "b:1", "c:1"))]
WHOLE = replace(B, offset_bytes=100)
DEMOTED = replace(A, role="slave", follows="b:1")


def work(request: Request | None = None) -> Work:
    policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
    return Work(WorkSettings(policy, parallel_syncs=1, limit_s=10.0), request, {}, 0.0)


def asked(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, Note)]


def under_way() -> Work:
    """The intent is committed; the writes are about to be paused."""
    leader = work(Request("op", "b:1", switchover=True, timeout_s=TIMEOUT_S))
    old, new = Rehearse("a:1", "replica"), Rehearse("b:1", "primary")
    assert leader.observed([A, B, C], FACTS, 0.0) == [Run(old), Run(new)]
    assert leader.step_done(old, None, FACTS, 0.0) == []
    assert asked(leader.step_done(new, None, FACTS, 0.0)) == [WriteIntent("b:1", SWITCHOVER)]
    assert leader.intent_committed() == [Run(FREEZE)]
    return leader


def paused() -> Work:
    leader = under_way()
    told, *rest = leader.step_done(FREEZE, None, FACTS, 0.1)
    assert told == Note(events.WritesPaused("a:1", 4000)) and rest == LOOK
    return leader


def demoted() -> Work:
    leader = paused()
    assert leader.observed([A, WHOLE, C], FACTS, 0.2) == [Run(DEMOTE)]
    assert leader.step_done(DEMOTE, None, FACTS, 0.3) == [Note(events.HandedOver("a:1")), *LOOK]
    return leader


def ended(leader: Work, undo: Thaw | Restore) -> str:
    """The reason that is announced once everything is as before."""
    told, *_, resettle = leader.step_done(undo, None, FACTS, 10.1)
    assert told == Note(events.WritesResumed("a:1")) and resettle == Resettle()
    (give_up,) = leader.topology_committed(FACTS, 10.2)
    assert isinstance(give_up, GiveUp)
    return give_up.reason


def succeeded(views: list[NodeView]) -> list[Action]:
    """The actions of a successor once no other leader can promote the target."""
    leader = work()
    assert leader.observed(views, LEFT, 0.1) == [Run(Disarm("b:1"))]
    (look,) = leader.step_done(Disarm("b:1"), None, LEFT, 0.1)
    assert isinstance(look, Observe)
    return asked(leader.observed(views, LEFT, 0.2))


def test_it_waits_until_the_target_has_all_that_the_primary_has() -> None:
    leader = paused()
    assert leader.observed([A, B, C], FACTS, 0.1) == [], "10 bytes are missing"
    assert leader.observed([A, WHOLE, C], FACTS, 0.2) == [Run(DEMOTE)]


def test_an_offset_of_another_history_is_not_caught_up() -> None:
    """The old primary was restarted meanwhile: its numbers count something else."""
    restarted = replace(A, replid="h2", offset_bytes=5)
    assert caught_up("a:1", "b:1", [A, WHOLE]) and not caught_up("a:1", "b:1", [A, B])
    assert not caught_up("a:1", "b:1", [restarted, WHOLE])
    heir = replace(WHOLE, replid="h3", offset_bytes=500, replid2="h1", second_offset=101)
    assert caught_up("a:1", "b:1", [A, heir])
    assert not caught_up("a:1", "b:1", [A, replace(heir, second_offset=100)])


def test_it_looks_again_once_the_old_primary_takes_no_writes() -> None:
    leader = demoted()
    late = replace(DEMOTED, offset_bytes=105)
    assert leader.observed([late, WHOLE, C], FACTS, 0.4) == [], "the old primary took one more write"
    assert leader.observed([late, replace(WHOLE, offset_bytes=105), C], FACTS, 0.5) == [Run(Promote("b:1"))]


def test_a_target_that_never_gets_the_last_write_is_not_promoted() -> None:
    leader = demoted()
    assert leader.observed([replace(DEMOTED, offset_bytes=105), WHOLE, C], FACTS, 10.0) == [
        Run(Restore("a:1"))
    ]
    assert "b:1 does not hold all that a:1 took" in ended(leader, Restore("a:1"))


def test_a_target_that_does_not_catch_up_in_time_leaves_the_primary_as_it_was() -> None:
    leader = paused()
    assert leader.observed([A, B, C], FACTS, 0.1 + TIMEOUT_S) == [Run(Thaw("a:1"))]
    assert "did not catch up within 2 s" in ended(leader, Thaw("a:1"))


def test_where_writes_may_not_be_paused_the_primary_hands_over_by_itself() -> None:
    leader = under_way()
    handover = Handover("a:1", "b:1", "b", 1, TIMEOUT_S)
    assert leader.step_failed(FREEZE, "missing permission: NOPERM", FACTS, 0.1) == [Run(handover)]


@pytest.mark.parametrize("offset_bytes", [90, 100])
def test_a_successor_promotes_the_target_only_if_it_has_all(offset_bytes: int) -> None:
    """The old primary is a replica already, so one of the two must become primary."""
    views = [DEMOTED, replace(B, offset_bytes=offset_bytes, link_up=False), C]
    done = WriteIntent("b:1", SWITCHOVER) if offset_bytes == 100 else Run(Restore("a:1"))
    assert succeeded(views) == [done]


def test_a_successor_that_cancels_it_resumes_the_writes() -> None:
    assert succeeded([A, B, C]) == [Run(Thaw("a:1"))]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (replace(A, down=True), B, "takes a failover"),
        (replace(A, role="slave"), B, "takes a failover"),
        (A, replace(B, reachable=False), "does not answer"),
        (A, replace(B, link_up=False), "is not linked"),
        (A, replace(B, follows="c:1"), "is not linked"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_touched(
    old: NodeView, new: NodeView, why: str
) -> None:
    assert why in (objection("a:1", "b:1", [old, new]) or "")
    assert objection("a:1", "b:1", [A, B]) is None


def test_a_target_that_tells_no_more_how_far_it_is_is_named_for_that() -> None:
    """Its rights were taken away meanwhile: it may well hold everything."""
    mute = replace(WHOLE, reachable=False)
    leader = demoted()
    assert leader.observed([DEMOTED, mute, C], FACTS, 10.0) == [Run(Restore("a:1"))]
    assert "b:1 did not answer INFO" in ended(leader, Restore("a:1"))
    leader = paused()
    assert leader.observed([A, mute, C], FACTS, 0.1 + TIMEOUT_S) == [Run(Thaw("a:1"))]
    assert "b:1 did not answer INFO" in ended(leader, Thaw("a:1"))
