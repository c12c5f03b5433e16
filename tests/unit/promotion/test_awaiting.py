"""The nodes that a leader still waits for, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Action, Facts, Note, Request
from promotion.awaiting import awaited
from promotion.current_ranking import rank_now
from promotion.view import NodeView
from tests.unit.promotion.test_shortfall import DOWN, GONE, LATE, POLICY
from tests.unit.promotion.test_work import asked, work

LOADS = replace(
    LATE,
    name="c:1",
    host="c",
    replid="",
    offset_bytes=0,
    link_down_s=None,
    loading=True,
    sync_in_progress=True,
    coming=("h", 800),
)
LIMIT_S = 10.0


def waits_for(*views: NodeView, facts: Facts = DOWN) -> str | None:
    return awaited(rank_now(POLICY, views, facts), views, facts, LIMIT_S)


def test_one_that_loads_a_newer_copy_is_waited_for() -> None:
    why = waits_for(GONE, LATE, LOADS)
    assert why is not None and why.endswith("; c:1 still loads a newer copy")
    assert why.startswith("b:1 lacks at least 400 bytes")


def test_also_if_it_is_too_busy_to_answer() -> None:
    assert waits_for(GONE, LATE, replace(LOADS, reachable=False))


@pytest.mark.parametrize(
    "other",
    [
        replace(LOADS, coming=("h", 500)),  # the same copy, or an older one
        replace(LOADS, coming=None),
        replace(LOADS, sync_in_progress=False),  # its own, from its disk
        replace(LOADS, loading=False),  # it is still being sent what the primary cannot send any more
        replace(LOADS, down=True),
        replace(LOADS, priority=0),
        replace(LOADS, barred="discovered"),
        replace(LOADS, hands_off="in cluster mode"),
    ],
)
def test_nobody_is_waited_for_who_is_not_to_hold_more_or_may_not_be_promoted(other: NodeView) -> None:
    assert waits_for(GONE, LATE, other) is None


def test_nobody_is_waited_for_if_the_best_lacks_nothing_that_is_known() -> None:
    assert waits_for(GONE, replace(LATE, offset_bytes=900), replace(LOADS, coming=("h", 901))) is None


@pytest.mark.parametrize(
    ("silence_s", "link_down_s", "waits"),
    [(3.0, 60.0, True), (60.0, 3.0, True), (60.0, 60.0, False), (3.0, None, True), (60.0, None, False)],
)
def test_it_is_not_waited_for_longer_than_a_failover_may_take(
    silence_s: float, link_down_s: float | None, waits: bool
) -> None:
    facts = replace(DOWN, silence_s=silence_s)
    views = [GONE, replace(LATE, link_down_s=link_down_s), LOADS]
    ranking = replace(rank_now(POLICY, views, facts), chosen="b:1", may_have_lost="at least 1 byte")
    assert bool(awaited(ranking, views, facts, LIMIT_S)) is waits


def chosen(actions: list[Action]) -> str:
    """The node that the leader takes."""
    noted = [action.event for action in actions if isinstance(action, Note)]
    return next(event.node for event in noted if isinstance(event, events.CandidateChosen))


def test_a_leader_holds_until_then_and_takes_the_newer_one() -> None:
    leader = work()
    views = [GONE, LATE, LOADS]
    held = leader.observed(views, DOWN, 0.1)
    (note,) = (note for note in held if isinstance(note, Note))
    assert isinstance(note.event, events.Held) and not asked(held)
    done = replace(LOADS, loading=False, sync_in_progress=False, replid="h", offset_bytes=850, link_down_s=0)
    told = leader.observed([GONE, LATE, done], replace(DOWN, silence_s=4.0), 4.0)
    assert chosen(told) == "c:1"


def test_and_takes_what_there_is_in_the_end() -> None:
    leader = work()
    leader.observed([GONE, LATE, LOADS], DOWN, 0.1)
    told = leader.observed([GONE, replace(LATE, link_down_s=11.0), LOADS], replace(DOWN, silence_s=11.0), 9.9)
    assert chosen(told) == "b:1"


def test_an_operator_does_not_wait() -> None:
    told = work(Request("op", None)).observed([GONE, LATE, LOADS], DOWN, 0.1)
    assert chosen(told) == "b:1"
