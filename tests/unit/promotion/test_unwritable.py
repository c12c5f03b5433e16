"""A primary that lives and refuses writes: a better node takes over, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import (
    Action,
    Facts,
    GiveUp,
    PendingIntent,
    Request,
    Resettle,
    Run,
    WriteIntent,
    WriteTopology,
)
from promotion.sealing import WriteRules
from promotion.step_types import Disarm, Freeze, Rehearse, Thaw, WriteSafety
from promotion.switchover import SWITCHOVER, UNWRITABLE
from promotion.unwritable import no_better, relief
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings
from tests.unit.promotion.test_switchover_paths import (
    DEMOTE,
    FREEZE,
    PROMOTE,
    TURNED,
    UP,
    A,
    B,
    C,
    asked,
    work,
)

REFUSES = replace(UP, unwritable=True)
SICK = "as a primary it would refuse writes (-MISCONF)"
SETTINGS = WorkSettings(work()._settings.policy, parallel_syncs=1, limit_s=10.0)


def intent(leader: Work, facts: Facts, *views: NodeView) -> list[Action]:
    """Its proposal once both nodes have answered everything that the change needs."""
    actions = leader.observed([A, *views], facts, 0.0)
    for action in actions:
        if isinstance(action, Run) and isinstance(action.step, Rehearse):
            actions = leader.step_done(action.step, None, facts, 0.0)
    return asked(actions)


def chosen(*views: NodeView, settings: WorkSettings = SETTINGS) -> str | None:
    return relief(settings, [A, *views], REFUSES, {})


def test_a_replica_that_would_take_writes_is_chosen_by_the_ranking() -> None:
    assert chosen(B, C) == "b:1"
    assert chosen(replace(B, would_refuse=SICK), C) == "c:1"


@pytest.mark.parametrize(
    "change",
    [
        {"would_refuse": SICK},
        {"link_up": False, "link_down_s": 1.0},
        {"safety": WriteSafety(2, 10)},
        {"priority": 0},
        {"reachable": False},
    ],
)
def test_who_is_no_better_is_not(change: dict[str, object]) -> None:
    assert chosen(replace(B, **change)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "better"), [(0.02, False), (0.5, True), (None, True)])
def test_a_full_primary_hands_over_to_one_that_has_more_room(left: float | None, better: bool) -> None:
    """Copies of one size differ by a few buffers: the next one would be full in a moment."""
    full, other = replace(A, free_memory=-0.001), replace(B, free_memory=left)
    assert (relief(SETTINGS, [full, other], REFUSES, {}) == "b:1") is better
    assert chosen(other) == "b:1", "a primary that refuses for another reason has memory enough"


def test_a_demand_that_the_group_keeps_itself_is_no_hindrance() -> None:
    kept = replace(SETTINGS, rules=WriteRules(safety=WriteSafety(1, 2)))
    demanding = replace(B, safety=WriteSafety(2, 10))
    assert chosen(demanding, settings=kept) == "b:1"
    assert "demands 2 replicas" in no_better("a:1", [A, demanding], SETTINGS)["b:1"]


def test_it_hands_over_and_nothing_is_lost() -> None:
    leader = work()
    assert intent(leader, REFUSES, replace(B, would_refuse=SICK), C) == [WriteIntent("c:1", UNWRITABLE)]
    leader = work()
    assert intent(leader, REFUSES, B, C) == [WriteIntent("b:1", UNWRITABLE)]
    assert asked(leader.intent_committed()) == [Run(FREEZE)]
    leader.step_done(FREEZE, None, UP, 0.1)
    assert leader.observed([A, B, C], UP, 0.2) == [Run(DEMOTE)]
    leader.step_done(DEMOTE, None, UP, 0.3)
    assert leader.observed([TURNED, B, C], UP, 0.4) == [Run(PROMOTE)]
    committed = WriteTopology("b:1", "a:1", UNWRITABLE, lost_bytes=0)
    assert asked(leader.step_done(PROMOTE, None, UP, 0.5)) == [committed]


def test_nobody_who_would_refuse_as_well_is_taken() -> None:
    sick = [replace(view, would_refuse=SICK) for view in (B, C)]
    (give_up,) = work().observed([A, *sick], REFUSES, 0.0)
    assert isinstance(give_up, GiveUp) and give_up.ranking is not None
    assert {verdict.reason for verdict in give_up.ranking.verdicts} == {SICK}


def test_an_operators_request_and_a_primary_that_is_down_go_first() -> None:
    leader = work(Request("op", "c:1", switchover=True))
    assert intent(leader, REFUSES, B, C) == [WriteIntent("c:1", SWITCHOVER)]
    down = replace(REFUSES, down=True, cause="refused", gone_by_all=True)
    dead = replace(A, reachable=False, down=True)
    cut = [replace(view, link_up=False, link_down_s=0.1) for view in (B, C)]
    assert WriteIntent("b:1", "refused") in work().observed([dead, *cut], down, 0.0)


def test_in_a_paused_group_it_stays() -> None:
    actions = work().observed([A, B, C], replace(REFUSES, paused=True), 0.0)
    assert not any(isinstance(action, WriteIntent) for action in actions)


def test_a_successor_finishes_or_undoes_it_as_a_switchover() -> None:
    left = replace(UP, intent=PendingIntent("b:1", UNWRITABLE))
    leader = work()
    assert leader.observed([A, B, C], left, 0.0) == [Run(Disarm("b:1"))]
    leader.step_done(Disarm("b:1"), None, left, 0.1)
    assert asked(leader.observed([A, B, C], left, 0.2)) == [Run(Thaw("a:1"))]
    assert asked(leader.step_done(Thaw("a:1"), None, left, 0.3)) == [Resettle()]
    leader = work()
    leader.observed([TURNED, B, C], left, 0.0)
    leader.step_done(Disarm("b:1"), None, left, 0.1)
    assert asked(leader.observed([TURNED, B, C], left, 0.2)) == [WriteIntent("b:1", UNWRITABLE)]


def test_where_writes_may_not_be_paused_the_primary_hands_over_by_itself() -> None:
    leader = work()
    intent(leader, REFUSES, B, C)
    leader.intent_committed()
    (run,) = leader.step_failed(FREEZE, "ERR unknown command 'CLIENT|PAUSE'", UP, 0.1)
    assert isinstance(run, Run) and not isinstance(run.step, Freeze)
