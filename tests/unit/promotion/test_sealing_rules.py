"""The nodes that a leader cuts off, its wait after that, and the nodes that it may not promote then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Action, AskAgain, Facts, GiveUp, Note, WriteIntent
from promotion.candidates import Policy
from promotion.lifecycle import Phase
from promotion.sealing import FENCE_MARGIN_S, Sealing, WriteRules
from promotion.step_types import Seal, WriteSafety
from promotion.view import SEALED, NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

GONE = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", reachable=False, down=True)
B = NodeView(
    "b:1", "b", 1, role="slave", follows="a:1", keys=9, offset_bytes=100, replid="h1", link_down_s=1.0
)
C = replace(B, name="c:1", host="c", offset_bytes=90)
CUT_B, CUT_C = replace(B, follows=SEALED), replace(C, follows=SEALED)
SILENT = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="silent",
    gone_by_all=False,
    silence_s=3.0,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset({"a:1"}),
)
GONE_BY_ALL = replace(SILENT, cause="refused", gone_by_all=True)
MAX_LAG_S = 3
FENCED = WriteRules(safety=WriteSafety(1, MAX_LAG_S), fence_wait=True)
WAIT_1 = WriteRules(acknowledged_by=1)
BOTH = replace(FENCED, acknowledged_by=1)
LIMIT_S = 60.0


def asked(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, Note | AskAgain)]


def work(rules: WriteRules) -> Work:
    policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
    return Work(WorkSettings(policy, parallel_syncs=1, limit_s=LIMIT_S, rules=rules), None, {}, 0.0)


# -- when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "facts", "needed"),
    [
        (WriteRules(), SILENT, False),
        (WriteRules(safety=WriteSafety(1, 2)), SILENT, False),
        (FENCED, SILENT, True),
        (FENCED, GONE_BY_ALL, False),
        (FENCED, replace(SILENT, down=False), False),
        (WAIT_1, GONE_BY_ALL, True),
        (WAIT_1, replace(SILENT, down=False), True),
    ],
    ids=["no-rule", "no-wait", "fence", "fence-but-gone", "fence-but-up", "wait-gone", "wait-up"],
)
def test_it_is_needed_for_acknowledged_writes_always_and_for_the_fence_where_one_may_live_on(
    rules: WriteRules, facts: Facts, needed: bool
) -> None:
    assert Sealing(rules).needed(facts) is needed


# -- whom --------------------------------------------------------------------------------------


def test_for_the_fence_only_whoever_could_be_chosen_is_cut_off() -> None:
    assert Sealing(FENCED).begin([GONE, B, C], ["b:1"], SILENT, 0.0) == (Seal("b:1"),)


def test_for_acknowledged_writes_everybody_who_could_acknowledge_is_cut_off() -> None:
    assert Sealing(WAIT_1).begin([GONE, B, C], ["b:1"], SILENT, 0.0) == (Seal("b:1"), Seal("c:1"))


@pytest.mark.parametrize(
    "other",
    [
        CUT_C,
        replace(C, follows="x:9"),
        replace(C, role="master", follows=None),
        replace(C, reachable=False),
        replace(C, down=True),
    ],
    ids=["cut-off-already", "astray", "a-master", "unreachable", "down"],
)
def test_who_does_not_hear_the_primary_is_not_told(other: NodeView) -> None:
    assert Sealing(WAIT_1).begin([GONE, B, other], ["b:1", "c:1"], SILENT, 0.0) == (Seal("b:1"),)


# -- how long ----------------------------------------------------------------------------------


def test_the_window_counts_from_the_last_one_that_was_cut_off() -> None:
    sealing = Sealing(FENCED)
    sealing.begin([GONE, B, C], ["b:1", "c:1"], SILENT, 10.0)
    assert not sealing.step_over(Seal("b:1"), "", SILENT, 11.0)
    assert (sealing.taken, sealing.until) == (False, 0.0)
    assert sealing.step_over(Seal("c:1"), "", SILENT, 12.0)
    assert (sealing.taken, sealing.until) == (True, 12.0 + MAX_LAG_S + FENCE_MARGIN_S)


def test_a_late_answer_does_not_open_the_window_again() -> None:
    sealing = Sealing(FENCED)
    sealing.begin([GONE, B], ["b:1"], SILENT, 10.0)
    sealing.step_over(Seal("b:1"), "", SILENT, 11.0)
    sealing.step_over(Seal("b:1"), "", SILENT, 20.0)
    assert sealing.until == 11.0 + MAX_LAG_S + FENCE_MARGIN_S


@pytest.mark.parametrize(
    ("down_s", "alone_s"),
    [((None, 3), 0.0), ((0, 3), 0.0), ((2, 3), 1.0), ((60, 60), 59.0)],
    ids=["not-known", "just-now", "the-latest", "long-ago"],
)
def test_with_all_cut_off_by_a_leader_before_it_counts_from_the_end_of_the_last_link(
    down_s: tuple[float | None, float | None], alone_s: float
) -> None:
    """They report it in whole seconds."""
    sealing = Sealing(FENCED)
    views = [GONE, *(replace(v, link_down_s=s) for v, s in zip((CUT_B, CUT_C), down_s, strict=True))]
    assert sealing.begin(views, ["b:1", "c:1"], SILENT, 10.0) == ()
    assert (sealing.taken, sealing.until) == (True, 10.0 + MAX_LAG_S + FENCE_MARGIN_S - alone_s)


def test_while_one_that_answers_is_not_cut_off_it_counts_from_now() -> None:
    sealing = Sealing(FENCED)
    cut, astray = replace(CUT_B, link_down_s=9), replace(CUT_C, follows="x:1", link_down_s=9)
    assert sealing.begin([GONE, cut, astray], ["b:1"], SILENT, 10.0) == ()
    assert sealing.until == 10.0 + MAX_LAG_S + FENCE_MARGIN_S


@pytest.mark.parametrize(("rules", "facts"), [(WAIT_1, SILENT), (BOTH, GONE_BY_ALL)])
def test_without_a_fence_or_with_the_process_gone_there_is_no_window(rules: WriteRules, facts: Facts) -> None:
    sealing = Sealing(rules)
    sealing.begin([GONE, B], ["b:1"], facts, 10.0)
    sealing.step_over(Seal("b:1"), "", facts, 11.0)
    assert (sealing.taken, sealing.until) == (True, 0.0)


def test_while_it_waits_it_says_why_and_looks_again() -> None:
    leader = work(FENCED)
    leader.observed([GONE, CUT_B, CUT_C], SILENT, 1.0)
    (held,) = leader.observed([GONE, CUT_B, CUT_C], SILENT, 1.1)
    assert held == Note(events.Held((), "writes beyond a partition may still be accepted"))
    assert leader.phase is Phase.HOLDING
    assert leader.next_deadline is not None and leader.next_deadline > 1.1


def test_a_process_found_gone_in_the_meantime_ends_no_window_that_has_begun() -> None:
    leader = work(FENCED)
    leader.observed([GONE, CUT_B, CUT_C], SILENT, 1.0)
    over = 1.0 + MAX_LAG_S + FENCE_MARGIN_S
    assert asked(leader.observed([GONE, CUT_B, CUT_C], GONE_BY_ALL, over - 0.1)) == []
    assert asked(leader.observed([GONE, CUT_B, CUT_C], GONE_BY_ALL, over)) == [WriteIntent("b:1", "refused")]


# -- whom not ----------------------------------------------------------------------------------


def test_one_that_could_not_be_cut_off_is_not_promoted_while_another_was() -> None:
    leader = work(FENCED)
    leader.observed([GONE, B, C], SILENT, 1.0)
    failed, *_ = leader.step_failed(Seal("b:1"), "NOPERM", SILENT, 1.1)
    assert failed == Note(events.StepFailed("b:1", "seal", "NOPERM"))
    leader.step_done(Seal("c:1"), None, SILENT, 1.1)
    over = 1.1 + MAX_LAG_S + FENCE_MARGIN_S
    assert asked(leader.observed([GONE, B, CUT_C], SILENT, over)) == [WriteIntent("c:1", "silent")]


def test_where_nobody_could_be_cut_off_the_reason_is_in_the_ranking() -> None:
    leader = work(FENCED)
    leader.observed([GONE, B], SILENT, 1.0)
    leader.step_failed(Seal("b:1"), "NOPERM", SILENT, 1.1)
    (give_up,) = leader.observed([GONE, B], SILENT, 10.0)
    assert isinstance(give_up, GiveUp) and give_up.ranking is not None
    (verdict,) = give_up.ranking.verdicts
    assert verdict.reason == "could not be cut off: NOPERM"


def test_without_durability_an_older_one_may_be_promoted_with_it_only_the_newest() -> None:
    views = [GONE, replace(CUT_B, priority=200), replace(CUT_C, priority=1)]
    assert Sealing(FENCED).barred(views, SILENT) == {}
    assert "c:1" in Sealing(WAIT_1).barred(views, SILENT)


@pytest.mark.parametrize(("rules", "chosen"), [(FENCED, "c:1"), (BOTH, "b:1")])
def test_the_newest_goes_before_the_preferred_where_acknowledged_writes_count(
    rules: WriteRules, chosen: str
) -> None:
    views = [GONE, replace(CUT_B, priority=200), replace(CUT_C, priority=1)]
    leader = work(rules)
    leader.observed(views, SILENT, 1.0)
    assert asked(leader.observed(views, SILENT, 10.0)) == [WriteIntent(chosen, "silent")]


@pytest.mark.parametrize("acknowledged_by", [None, 2])
def test_what_no_replica_need_vouch_for_is_no_reason_to_refuse(acknowledged_by: int | None) -> None:
    """With two acknowledgements of two replicas each of them has everything."""
    lost = replace(C, reachable=False, down=True)
    assert Sealing(WriteRules(acknowledged_by=acknowledged_by)).refusal([GONE, B, lost], SILENT) is None
    assert Sealing(WAIT_1).refusal([GONE, B, lost], SILENT) is not None
