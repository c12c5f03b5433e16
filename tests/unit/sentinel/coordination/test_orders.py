"""Each order comes to the same however often it is applied, and says why it cannot be."""

from __future__ import annotations

import pytest

from quorum.directives import NO_DIRECTIVES, NOT_YET, Directives, Outcome, Pause, Schedule
from quorum.messages import Entry, Intent, Topology
from sentinel.coordination.orders import (
    LATE_MS,
    CancelOrder,
    Order,
    OrderRefusedError,
    PauseOrder,
    ResumeOrder,
    ScheduleOrder,
    after,
    apply,
    is_due,
    time_by,
    why_not,
)

A, B = "a:1", "b:1"
PAUSE = Pause(1_000, "s1", "why")
PLANNED = Schedule("op-1", 5_000, B, 1_000, 2_000)
WAITING = Directives(schedule=PLANNED)
TOPOLOGY = Topology(A, 3, None, "bootstrap", "s1", 0, 0)


@pytest.mark.parametrize(
    ("order", "before"),
    [
        (PauseOrder("op-2", PAUSE), NO_DIRECTIVES),
        (PauseOrder("op-2", PAUSE), WAITING),
        (ResumeOrder("op-2"), Directives(PAUSE, PLANNED)),
        (ResumeOrder("op-2"), NO_DIRECTIVES),
        (ScheduleOrder(PLANNED), NO_DIRECTIVES),
        (CancelOrder("op-2", "op-1"), WAITING),
    ],
)
def test_a_successor_that_applies_it_again_comes_to_the_same(order: Order, before: Directives) -> None:
    once = apply(order, before, 2_000)
    assert apply(order, once, 2_000) == once
    assert (once.pause is None) == (not isinstance(order, PauseOrder))


def test_a_schedule_that_was_carried_out_meanwhile_is_not_made_again() -> None:
    done = WAITING.close(Outcome.STARTED)
    assert apply(ScheduleOrder(PLANNED), done, 6_000) == done


def test_a_schedule_that_was_begun_cannot_be_cancelled() -> None:
    with pytest.raises(OrderRefusedError, match="not scheduled any more"):
        apply(CancelOrder("op-2", "op-1"), WAITING.close(Outcome.STARTED), 6_000)


@pytest.mark.parametrize(("wall_ms", "due"), [(4_999, False), (5_000, True), (9_000, True)])
def test_it_is_due_from_its_time_on(wall_ms: int, due: bool) -> None:
    assert is_due(PLANNED, time_by(PLANNED, wall_ms)) == due
    assert not is_due(None, time_by(PLANNED, wall_ms)) and time_by(None, wall_ms) == NOT_YET


@pytest.mark.parametrize(
    ("late_ms", "paused", "down", "primary", "why"),
    [
        (0, False, False, A, None),
        (LATE_MS, False, False, A, None),
        (LATE_MS + 1, False, False, A, "its time was missed by more than 300 s, by the clocks of a majority"),
        (0, True, False, A, "the group was paused at its time"),
        (0, False, True, A, "a:1 was down at its time: that takes a failover"),
        (0, False, False, None, "no primary was known at its time"),
        (0, False, False, B, "b:1 has become primary already"),
    ],
)
def test_why_it_is_dropped(late_ms: int, paused: bool, down: bool, primary: str | None, why: object) -> None:
    come = time_by(PLANNED, 5_000 + late_ms)
    assert why_not(PLANNED, come, paused=paused, down=down, primary=primary) == why


def test_what_the_leader_writes_ends_what_a_schedule_began() -> None:
    begun = Entry(4, 1, TOPOLOGY, Intent(B, "switchover", "s1", 0), WAITING.close(Outcome.STARTED))
    changed = Topology(B, 4, A, "switchover", "s1", 0, 0)
    assert after(begun, TOPOLOGY, begun.intent) == begun.directives, "another intent for it"
    done, undone = after(begun, changed, None).closed, after(begun, TOPOLOGY, None).closed
    assert done is not None and (done.outcome, done.primary, done.term) == (Outcome.DONE, B, 4)
    assert undone is not None and (undone.outcome, undone.primary) == (Outcome.UNDONE, None)


def test_a_change_before_its_time_drops_a_schedule_only_if_its_node_is_primary_now() -> None:
    entry = Entry(4, 1, TOPOLOGY, Intent(B, "refused", "s1", 0), WAITING)
    for primary, dropped in ((B, True), ("c:1", False)):
        told = after(entry, Topology(primary, 4, A, "refused", "s1", 0, 0), None)
        assert (told.schedule is None) == dropped
    assert after(Entry(0, 0, None, None, WAITING), None, None) == WAITING
