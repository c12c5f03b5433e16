"""A switchover from the request to the commit, each stage at which it can fail, and what a successor does."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    WriteTopology,
)
from promotion.candidates import Policy
from promotion.lifecycle import Phase
from promotion.sealing import WriteRules
from promotion.step_types import (
    Disarm,
    Freeze,
    Handover,
    Promote,
    Rehearse,
    Repoint,
    Restore,
    Step,
    Thaw,
    WriteSafety,
)
from promotion.switchover import FREEZE_MARGIN_S, SWITCHOVER
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

A = NodeView("a:1", "a", 1, role="master", keys=9, offset_bytes=100, replid="h1")
B = NodeView("b:1", "b", 1, role="slave", follows="a:1", link_up=True, keys=9, offset_bytes=100, replid="h1")
C = replace(B, name="c:1", host="c", offset_bytes=90, priority=200)
UP = Facts(
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
LEFT = replace(UP, intent=PendingIntent("b:1", SWITCHOVER))
TIMEOUT_S, LIMIT_S = 2.0, 10.0
FREEZE = Freeze("a:1", TIMEOUT_S + FREEZE_MARGIN_S)
HANDOVER = Handover("a:1", "b:1", "b", 1, TIMEOUT_S)
DEMOTE = Repoint("a:1", "b", 1, "demote", resume=True)
PROMOTE = Promote("b:1")
REHEARSALS = (Rehearse("a:1", "replica"), Rehearse("b:1", "primary"))
RESTORE = Restore("a:1")
THAW = Thaw("a:1")
BEHIND = replace(B, offset_bytes=99)
TURNED = replace(A, role="slave", follows="b:1")
"""The old primary, demoted."""


def work(request: Request | None = None, rules: WriteRules | None = None) -> Work:
    policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
    settings = WorkSettings(policy, parallel_syncs=1, limit_s=LIMIT_S, rules=rules or WriteRules())
    return Work(settings, request, {}, 0.0)


def asked_for(candidate: str | None = "b:1") -> Request:
    return Request("op", candidate, switchover=True, timeout_s=TIMEOUT_S)


def asked(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, Note)]


def at(stage: str, rules: WriteRules | None = None) -> Work:
    """A switchover that is about to take the step of ``stage``."""
    leader = work(asked_for(), rules)
    assert leader.observed([A, B, C], UP, 0.0) == [Run(step) for step in REHEARSALS]
    assert leader.step_done(REHEARSALS[1], None, UP, 0.0) == []
    if stage == "rehearse":
        return leader
    assert asked(leader.step_done(REHEARSALS[0], None, UP, 0.0)) == [WriteIntent("b:1", SWITCHOVER)]
    assert asked(leader.intent_committed()) == [Run(FREEZE)]
    if stage == "handover":
        assert leader.step_failed(FREEZE, "ERR unknown command 'CLIENT|PAUSE'", UP, 0.1) == [Run(HANDOVER)]
    if stage in ("thaw", "demote", "promote"):
        leader.step_done(FREEZE, None, UP, 0.1)
    if stage == "thaw":
        assert leader.observed([A, BEHIND, C], UP, 0.1 + TIMEOUT_S) == [Run(THAW)]
    if stage in ("demote", "promote"):
        assert leader.observed([A, B, C], UP, 0.2) == [Run(DEMOTE)]
    if stage == "promote":
        leader.step_done(DEMOTE, None, UP, 0.3)
        (run,) = leader.observed([TURNED, B, C], UP, 0.4)
        assert isinstance(run, Run) and isinstance(run.step, Promote)
    return leader


def reason_of(actions: list[Action]) -> str:
    (give_up,) = actions
    assert isinstance(give_up, GiveUp)
    return give_up.reason


# -- all goes well -----------------------------------------------------------------------------


def test_what_was_promoted_is_committed_with_nothing_lost() -> None:
    leader = at("promote")
    committed = WriteTopology("b:1", "a:1", SWITCHOVER, lost_bytes=0)
    assert asked(leader.step_done(PROMOTE, None, UP, 0.5)) == [committed]
    assert leader.phase is Phase.COMMITTING


def test_what_the_primary_handed_over_by_itself_is_committed_likewise() -> None:
    leader = at("handover")
    committed = WriteTopology("b:1", "a:1", SWITCHOVER, lost_bytes=0)
    assert asked(leader.step_done(HANDOVER, None, UP, 1.0)) == [committed]


def test_the_write_safety_of_the_group_comes_with_the_promotion() -> None:
    leader = at("demote", WriteRules(safety=WriteSafety(1, 2)))
    leader.step_done(DEMOTE, None, UP, 0.3)
    assert leader.observed([TURNED, B, C], UP, 0.4) == [Run(Promote("b:1", WriteSafety(1, 2)))]


def test_without_a_target_the_ranking_chooses() -> None:
    assert work(asked_for(None)).observed([A, B, C], UP, 0.0) == [Run(step) for step in REHEARSALS]


def test_while_it_catches_up_it_looks_again_and_again() -> None:
    leader = at("freeze")
    assert asked(leader.step_done(FREEZE, None, UP, 0.1)) == [Observe(("a:1", "b:1", "c:1"))]
    assert leader.observed([A, BEHIND, C], UP, 0.2) == []
    due = leader.next_deadline
    assert due is not None and 0.2 < due < 0.2 + TIMEOUT_S
    assert leader.wake(UP, due - 0.001) == []
    assert leader.wake(UP, due) == [Observe(("a:1", "b:1", "c:1"))]
    assert leader.wake(UP, due) == [], "one look at a time"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (A, replace(B, reachable=False)),
        (A, replace(B, down=True)),
        (A, replace(B, offset_bytes=None)),
        (replace(A, reachable=False), B),
        (replace(A, offset_bytes=None), B),
    ],
    ids=["target-mute", "target-down", "target-unknown", "primary-mute", "primary-unknown"],
)
def test_what_was_not_seen_has_not_caught_up(old: NodeView, new: NodeView) -> None:
    leader = at("freeze")
    leader.step_done(FREEZE, None, UP, 0.1)
    assert leader.observed([old, new, C], UP, 0.2) == []


def test_a_primary_that_is_down_is_failed_over_instead() -> None:
    down = replace(UP, down=True, cause="refused", gone_by_all=True, down_nodes=frozenset({"a:1"}))
    gone = replace(A, reachable=False, down=True)
    leader, left = work(asked_for()), [replace(view, link_up=False, link_down_s=0) for view in (B, C)]
    assert asked(leader.observed([gone, *left], down, 0.1)) == [WriteIntent("b:1", "refused")]
    assert leader.intent_committed() == [Run(PROMOTE)]


# -- it fails ----------------------------------------------------------------------------------


def test_what_cannot_work_ends_before_anything_is_written() -> None:
    leader = work(asked_for())
    unlinked = replace(B, link_up=False, link_down_s=1)
    assert reason_of(leader.observed([A, unlinked, C], UP, 0.0)) == "b:1 is not linked to a:1"
    assert leader.phase is Phase.ABORTED


@pytest.mark.parametrize("step", REHEARSALS)
def test_what_a_node_would_refuse_ends_it_before_anything_is_done(step: Rehearse) -> None:
    leader = work(asked_for())
    leader.observed([A, B, C], UP, 0.0)
    reason = reason_of(leader.step_failed(step, f"{step.node}: EVAL: no", UP, 0.1))
    assert reason == f"switchover to b:1, before anything was done: {step.node}: EVAL: no"
    assert leader.phase is Phase.ABORTED


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize(
    ("stage", "step", "undo"),
    [
        ("freeze", FREEZE, THAW),
        ("handover", HANDOVER, RESTORE),
        ("demote", DEMOTE, RESTORE),
        ("promote", PROMOTE, RESTORE),
    ],
)
def test_a_step_that_fails_is_undone_by_the_same_leader_unless_the_target_may_be_promoted(
    stage: str, step: Step, undo: Step, unknown: bool
) -> None:
    leader = at(stage)
    actions = leader.step_failed(step, "no answer", UP, 1.0, unknown=unknown)
    if unknown and stage in ("handover", "promote"):
        (give_up,) = actions
        assert isinstance(give_up, GiveUp)
        assert (give_up.reason, give_up.soon) == ("switchover to b:1: no answer", True)
        return
    assert actions == [Run(undo)]
    assert asked(leader.step_done(undo, None, UP, 1.1)) == [Resettle()]
    assert reason_of(leader.topology_committed(UP, 1.2)) == "switchover to b:1: no answer"
    assert leader.phase is Phase.ABORTED


@pytest.mark.parametrize(("stage", "step", "undo"), [("thaw", THAW, THAW), ("demote", DEMOTE, RESTORE)])
def test_an_undoing_that_fails_does_not_hide_why_it_was_needed(stage: str, step: Step, undo: Step) -> None:
    leader = at(stage)
    why = "b:1 did not catch up within 2 s"
    if stage == "demote":
        why = "ERR no"
        assert leader.step_failed(step, why, UP, 2.0) == [Run(undo)]
    (give_up,) = leader.step_failed(undo, "no answer", UP, 3.0)
    assert isinstance(give_up, GiveUp) and give_up.soon, "a successor finds the intent, and goes on"
    assert give_up.reason == f"switchover to b:1: {why}"


def test_a_successors_promotion_that_is_refused_gives_the_old_primary_its_role_back() -> None:
    leader, _ = succeed([TURNED, B, C])
    leader.intent_committed()
    assert leader.step_failed(PROMOTE, "b:1: EVAL: no", LEFT, 0.5) == [Run(RESTORE)]
    assert asked(leader.step_done(RESTORE, None, LEFT, 0.6)) == [Resettle()]
    assert reason_of(leader.topology_committed(UP, 0.7)) == "promoting b:1 failed: b:1: EVAL: no"


def test_a_successors_promotion_of_which_nobody_knows_the_outcome_is_left_to_the_next_term() -> None:
    leader, _ = succeed([TURNED, B, C])
    leader.intent_committed()
    (give_up,) = leader.step_failed(PROMOTE, "no answer", LEFT, 0.5, unknown=True)
    assert isinstance(give_up, GiveUp) and give_up.soon


def test_a_target_that_refused_its_promotion_a_moment_ago_is_not_tried_again() -> None:
    policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
    leader = Work(WorkSettings(policy, parallel_syncs=1, limit_s=LIMIT_S), None, {"b:1": "no answer"}, 0.0)
    leader.observed([TURNED, B, C], LEFT, 0.1)
    leader.step_done(Disarm("b:1"), None, LEFT, 0.2)
    assert asked(leader.observed([TURNED, B, C], LEFT, 0.3)) == [Run(RESTORE)]


def test_an_old_primary_that_does_not_take_its_role_back_leaves_the_intent_to_the_next_term() -> None:
    leader, _ = succeed([TURNED, BEHIND, C])
    (give_up,) = leader.step_failed(RESTORE, "a:1: no answer", LEFT, 0.5)
    assert isinstance(give_up, GiveUp) and give_up.soon
    assert "undoing it failed: a:1: no answer" in give_up.reason


@pytest.mark.parametrize(
    "why", ["unknown subcommand", "ERR unknown command 'CLIENT'", "missing permission: x"]
)
def test_only_what_may_not_be_paused_hands_over_by_itself(why: str) -> None:
    leader = at("freeze")
    assert leader.step_failed(FREEZE, why, UP, 0.1) == [Run(HANDOVER)]
    assert leader.step_failed(HANDOVER, why, UP, 0.2) == [Run(RESTORE)]


def test_a_target_that_is_ready_at_the_last_moment_goes_on() -> None:
    leader = at("freeze")
    leader.step_done(FREEZE, None, UP, 0.1)
    assert leader.observed([A, BEHIND, C], UP, 0.1 + TIMEOUT_S - 0.01) == []
    assert leader.observed([A, B, C], UP, 0.1 + TIMEOUT_S) == [Run(DEMOTE)]


# -- a successor finds it ----------------------------------------------------------------------


def succeed(views: list[NodeView], facts: Facts = LEFT) -> tuple[Work, list[Action]]:
    """The requests of a successor once it has cut off the leader that was about to promote the target."""
    leader = work()
    actions = asked(leader.observed(views, facts, 0.1))
    if actions == [Run(Disarm("b:1"))]:
        (look,) = leader.step_done(Disarm("b:1"), None, facts, 0.2)
        assert isinstance(look, Observe)
        actions = asked(leader.observed(views, facts, 0.3))
    return leader, actions


def test_it_first_cuts_off_whoever_was_about_to_promote_the_target() -> None:
    leader = work()
    assert asked(leader.observed([TURNED, B, C], LEFT, 0.1)) == [Run(Disarm("b:1"))]
    (look,) = asked(leader.step_failed(Disarm("b:1"), "no answer", LEFT, 0.2))
    assert isinstance(look, Observe)
    assert asked(leader.observed([TURNED, B, C], LEFT, 0.3)) == [WriteIntent("b:1", SWITCHOVER)]


@pytest.mark.parametrize("link_up", [True, False])
def test_a_target_that_has_all_is_promoted(link_up: bool) -> None:
    leader, actions = succeed([TURNED, replace(B, link_up=link_up), C])
    assert actions == [WriteIntent("b:1", SWITCHOVER)]
    assert leader.intent_committed() == [Run(Promote("b:1"))]


@pytest.mark.parametrize(
    "target",
    [BEHIND, replace(B, offset_bytes=None), replace(B, reachable=False), replace(B, loading=True)],
    ids=["behind", "unknown", "mute", "loading"],
)
def test_else_the_old_primary_gets_its_role_back(target: NodeView) -> None:
    leader, actions = succeed([TURNED, target, C])
    assert actions == [Run(RESTORE)]
    assert asked(leader.step_done(RESTORE, None, LEFT, 0.4)) == [Resettle()]


def test_a_target_that_was_promoted_unseen_is_the_primary() -> None:
    master = replace(B, role="master", follows=None, link_up=False)
    leader, actions = succeed([TURNED, master, C])
    assert actions == [WriteIntent("b:1", SWITCHOVER)]
    assert leader.intent_committed() == [Run(Promote("b:1", reinstate=True))]


@pytest.mark.parametrize("failing", [True, False])
def test_where_the_old_primary_is_one_still_its_writes_are_resumed_and_then_the_intent_is_ended(
    failing: bool,
) -> None:
    leader, actions = succeed([A, B, C])
    assert actions == [Run(THAW)]
    if failing:
        assert leader.step_failed(THAW, "no answer", LEFT, 0.4) == [Resettle()]
    else:
        assert asked(leader.step_done(THAW, None, LEFT, 0.4)) == [Resettle()]
    assert leader.phase is Phase.COMMITTING


def test_a_handover_that_is_not_decided_is_waited_for() -> None:
    leader, actions = succeed([replace(A, handover=True), B, C])
    assert actions == []
    assert leader.phase is Phase.HOLDING
    due = leader.next_deadline
    assert due is not None
    assert leader.wake(LEFT, due) == [Observe(("a:1", "b:1", "c:1"))]


@pytest.mark.parametrize("dead", [True, False])
def test_a_handover_to_a_dead_target_and_an_endless_one_are_not_waited_for(dead: bool) -> None:
    facts = replace(LEFT, odown_nodes=frozenset({"b:1"})) if dead else LEFT
    leader = work()
    mute = replace(B, reachable=False, down=True)
    stuck = replace(TURNED, handover=True)
    actions = asked(leader.observed([stuck, mute, C], facts, 0.1 if dead else LIMIT_S))
    assert actions == [Run(RESTORE)]


def test_a_primary_that_died_since_is_failed_over_to_the_target_first() -> None:
    gone = replace(A, reachable=False, down=True)
    facts = replace(LEFT, down=True, cause="refused", gone_by_all=True, down_nodes=frozenset({"a:1"}))
    left = replace(B, link_up=False, link_down_s=0)
    newer = replace(C, link_up=False, link_down_s=0, offset_bytes=200, priority=1)
    assert asked(work().observed([gone, left, newer], facts, 0.1)) == [WriteIntent("b:1", SWITCHOVER)]
