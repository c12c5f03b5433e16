"""Before a choice that must not lose writes, replicas are cut off and the old primary's time runs out."""

from __future__ import annotations

from dataclasses import replace

from promotion.actions import Action, AskAgain, Facts, GiveUp, Note, Observe, Run, WriteIntent
from promotion.candidates import Policy
from promotion.recent_failures import NO_FAILURES, RecentFailures
from promotion.sealing import FENCE_MARGIN_S, WriteRules
from promotion.step_types import Seal, WriteSafety
from promotion.view import SEALED, NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

GONE = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", reachable=False, down=True)
B = NodeView(
    "b:1", "b", 1, role="slave", follows="a:1", keys=9, offset_bytes=100, replid="h1", link_down_s=1.0
)
C = replace(B, name="c:1", host="c", offset_bytes=120, priority=200)
CUT_B, CUT_C = replace(B, follows=SEALED), replace(C, follows=SEALED)
REFUSED = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="refused",
    gone_by_all=True,
    silence_s=3.0,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset({"a:1"}),
)
SILENT = replace(REFUSED, cause="silent", gone_by_all=False)
WAIT_1 = WriteRules(acknowledged_by=1)
FENCED = WriteRules(safety=WriteSafety(1, 2), fence_wait=True)
LOOK = [Observe(("b:1", "c:1"))]


def work(rules: WriteRules, lately: RecentFailures = NO_FAILURES) -> Work:
    policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
    return Work(WorkSettings(policy, parallel_syncs=1, limit_s=10.0, rules=rules), None, {}, 0.0, lately)


def asked(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, Note | AskAgain)]


def test_every_replica_is_cut_off_before_the_newest_is_promoted() -> None:
    leader = work(WAIT_1)
    assert asked(leader.observed([GONE, B, C], REFUSED, 0.1)) == [Run(Seal("b:1")), Run(Seal("c:1"))]
    assert leader.step_done(Seal("b:1"), None, REFUSED, 0.2) == []
    assert leader.step_done(Seal("c:1"), None, REFUSED, 0.2) == LOOK
    assert asked(leader.observed([GONE, CUT_B, CUT_C], REFUSED, 0.3)) == [WriteIntent("c:1", "refused")]


def test_one_that_could_not_be_cut_off_may_hold_more_than_is_known() -> None:
    leader = work(WAIT_1)
    leader.observed([GONE, B, C], REFUSED, 0.1)
    leader.step_done(Seal("b:1"), None, REFUSED, 0.2)
    assert asked(leader.step_failed(Seal("c:1"), "no answer", REFUSED, 0.2)) == LOOK
    (give_up,) = leader.observed([GONE, CUT_B, C], REFUSED, 0.3)
    assert isinstance(give_up, GiveUp)
    assert "c:1: could not be cut off from the primary" in give_up.reason


def test_without_enough_replicas_none_is_cut_off() -> None:
    (give_up,) = work(WAIT_1).observed([GONE, B, replace(C, reachable=False)], REFUSED, 0.1)
    assert isinstance(give_up, GiveUp)
    assert give_up.reason.startswith("durability:")


def sealed_by(leader: Work, now: float) -> None:
    seals = asked(leader.observed([GONE, B, C], SILENT, now))
    assert seals == [Run(Seal("b:1")), Run(Seal("c:1"))]
    leader.step_done(Seal("b:1"), None, SILENT, now)
    leader.step_done(Seal("c:1"), None, SILENT, now)


def test_across_a_partition_it_waits_until_the_old_primary_refuses_writes() -> None:
    leader = work(FENCED)
    sealed_by(leader, 0.2)
    over = 0.2 + 2.0 + FENCE_MARGIN_S
    views = [GONE, CUT_B, CUT_C]
    assert asked(leader.observed(views, SILENT, 0.3)) == []
    assert asked(leader.observed(views, SILENT, over - 0.01)) == []
    assert asked(leader.observed(views, SILENT, over)) == [WriteIntent("b:1", "silent")]


def test_a_process_that_is_gone_needs_no_waiting() -> None:
    assert asked(work(FENCED).observed([GONE, B, C], REFUSED, 0.1)) == [WriteIntent("b:1", "refused")]


MUTE = RecentFailures(not_sealed={"c:1": "no answer in time"})


def test_one_that_could_not_be_cut_off_a_moment_ago_is_left_out_where_others_are_there() -> None:
    leader = work(FENCED, MUTE)
    views = [GONE, B, C]
    assert asked(leader.observed(views, SILENT, 0.2)) == [Run(Seal("b:1"))]
    leader.step_done(Seal("b:1"), None, SILENT, 0.2)
    cut = [GONE, CUT_B, C]
    assert asked(leader.observed(cut, SILENT, 0.3)) == []
    assert asked(leader.observed(cut, SILENT, 0.2 + 2.0 + FENCE_MARGIN_S)) == [WriteIntent("b:1", "silent")]


def test_for_one_that_is_left_out_nobody_waits_anew() -> None:
    leader = work(FENCED, MUTE)
    long_cut = replace(CUT_B, link_down_s=9.0)
    leader.observed([GONE, long_cut, C], SILENT, 0.2)
    assert asked(leader.observed([GONE, long_cut, C], SILENT, 0.3)) == [WriteIntent("b:1", "silent")]


def test_where_nobody_else_could_be_promoted_it_is_tried_again() -> None:
    assert asked(work(FENCED, MUTE).observed([GONE, C], SILENT, 0.2)) == [Run(Seal("c:1"))]
    tried = asked(work(WAIT_1, MUTE).observed([GONE, B, C], REFUSED, 0.1))
    assert tried == [Run(Seal("b:1")), Run(Seal("c:1"))], "both are needed"
    third = replace(C, name="d:1", host="d")
    two = WriteRules(acknowledged_by=2)
    assert asked(work(two, MUTE).observed([GONE, B, C, third], REFUSED, 0.1)) == [
        Run(Seal("b:1")),
        Run(Seal("d:1")),
    ]
