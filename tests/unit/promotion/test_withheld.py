"""The writes of an old primary that came back at once, before it is known whether it still is the primary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Facts, Finish, Note, Run
from promotion.step_types import Freeze, Repoint, Rewrite
from promotion.view import NodeView
from promotion.withheld import HOLD_S
from promotion.work import Work
from tests.unit.promotion.test_work import DOWN, PRIMARY, UP, B, C, promoted, work

BACK = replace(PRIMARY, run_id="new", replid="new", hands_off="may be somebody else's", undecided=True)
NEW = replace(UP, primary="b:1", previous="a:1")
HOLD = Freeze("a:1", HOLD_S)


def has_promoted(old: NodeView) -> tuple[Work, list[NodeView], Facts]:
    """B is promoted, C follows it, and the old primary is as given."""
    leader = work()
    assert promoted(leader, [replace(PRIMARY, down=True), B, C], DOWN) == "b:1"
    leader.topology_committed(NEW, 0.2)
    return leader, [old, replace(B, role="master", follows=None), replace(C, follows="b:1")], NEW


def test_they_are_held_once_and_it_is_told() -> None:
    leader, views, facts = has_promoted(BACK)
    assert Run(HOLD) in leader.observed(views, facts, 0.3)
    done = leader.step_done(HOLD, None, facts, 0.3)
    assert Note(events.WritesPaused("a:1", 5000)) in done
    again = leader.step_done(Rewrite("b:1"), None, facts, 0.3)
    assert Run(HOLD) not in [*again, *leader.observed(views, facts, 0.4)]


@pytest.mark.parametrize(
    "old",
    [
        replace(BACK, undecided=False),
        replace(BACK, reachable=False, down=True),
        replace(BACK, role="slave", follows="x:1"),
    ],
    ids=["a stranger for sure", "silent", "a replica"],
)
def test_nobody_elses_are(old: NodeView) -> None:
    leader, views, facts = has_promoted(old)
    assert not any(
        isinstance(each, Run) and isinstance(each.step, Freeze) for each in leader.observed(views, facts, 0.3)
    )


def test_a_node_that_was_not_the_primary_is_not_paused() -> None:
    leader, views, _ = has_promoted(BACK)
    other = replace(NEW, previous="c:1")
    assert Run(HOLD) not in leader.observed(views, other, 0.3)


def test_the_leader_stays_until_it_is_known_whose_it_is_and_demotes_it_then() -> None:
    leader, views, facts = has_promoted(BACK)
    leader.observed(views, facts, 0.3)
    for step in (HOLD, Rewrite("b:1")):
        leader.step_done(step, None, facts, 0.3)
    assert leader.observed(views, facts, 0.4) == []
    assert leader.next_deadline is not None
    views[0] = replace(BACK, hands_off="", undecided=False)
    steps = [each.step for each in leader.observed(views, facts, 3.5) if isinstance(each, Run)]
    assert [(type(step), step.node) for step in steps] == [(Repoint, "a:1")]


def test_where_pausing_is_refused_the_work_ends_as_ever() -> None:
    leader, views, facts = has_promoted(BACK)
    leader.observed(views, facts, 0.3)
    leader.step_failed(HOLD, "NOPERM", facts, 0.3)
    leader.step_done(Rewrite("b:1"), None, facts, 0.3)
    views[0] = replace(BACK, undecided=False)
    assert leader.observed(views, facts, 0.4) == [Finish()], "and its file is not rewritten"


def test_no_leader_waits_for_ever() -> None:
    leader, views, facts = has_promoted(BACK)
    leader.observed(views, facts, 0.3)
    for step in (HOLD, Rewrite("b:1")):
        leader.step_done(step, None, facts, 0.3)
    assert leader.observed(views, facts, 60.0) == [Finish()]
