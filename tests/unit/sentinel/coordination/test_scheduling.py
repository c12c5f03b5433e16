"""A scheduled switchover as one sentinel sees it: it runs once, at its time, or is dropped and says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Request
from promotion.step_types import Demoted, Freeze, Promote, Repoint, Thaw
from quorum.directives import NOT_YET, Directives, Outcome, Pause, Schedule, TimeCome
from quorum.inputs import Gossip
from quorum.messages import Append, Entry, HardState, Intent
from sentinel.coordination.inputs import Ordered, Requested, StepDone, StepFailed
from sentinel.coordination.orders import LATE_MS, CancelOrder, ScheduleOrder
from sentinel.notices import leaders, operators
from tests.unit.sentinel.coordinator_cases import COMMITTED, WALL_MS, A, B, C, World, info, offset

AT_MS = WALL_MS + 60_000
PLANNED = Schedule("op-1", AT_MS, B, WALL_MS, 2_000)
WAITING = Entry(1, 2, COMMITTED.topology, None, Directives(schedule=PLANNED))
KNOWN = HardState(1, None, WAITING, WAITING)


def planned(members: int = 1, **changes: object) -> World:
    schedule = replace(PLANNED, **changes)  # type: ignore[arg-type]
    entry = replace(WAITING, directives=Directives(schedule=schedule))
    world = World(HardState(1, None, entry, entry), members=members)
    world.nodes[B] = offset(info(B), 100)
    return world


def at_its_time(world: World, late_ms: int = 0) -> World:
    world.wall_ms = AT_MS + late_ms
    world.advance(0.2)
    return world


def carry_out(world: World) -> None:
    """From the pause of the writes to the promotion."""
    freeze = world.perform()
    assert freeze.step == Freeze(A, 4.0)
    world.step(StepDone(freeze.token))
    demotion = world.perform()
    assert isinstance(demotion.step, Repoint) and demotion.step.node == A
    world.nodes[A] = info(A, follows=B)
    world.step(StepDone(demotion.token, Demoted("h1", 100)))
    assert isinstance(world.succeed().step, Promote)


def closed(world: World) -> tuple[Outcome, str]:
    known = world.coordinator.directives
    assert known.schedule is None and known.closed is not None
    return known.closed.outcome, known.closed.reason


@pytest.mark.parametrize("members", [1, 3])
def test_it_is_agreed_on_and_told_and_nothing_happens_before_its_time(members: int) -> None:
    world = World(members=members)
    world.step(Ordered(ScheduleOrder(PLANNED)))
    world.advance(1)
    assert world.told_names() == ["elected", "scheduled", "order_done", "work_done", "stepped_down"]
    assert world.coordinator.directives.schedule == PLANNED
    world.wall_ms = AT_MS - 1
    world.advance(1)
    assert world.performs == [] and world.told_names() == []


@pytest.mark.parametrize("to", [B, None])
def test_at_its_time_it_is_carried_out_once(to: str | None) -> None:
    world = at_its_time(planned(members=3, to=to))
    assert world.last(leaders.FailoverStarted).operation == "op-1"
    world.rehearse()
    assert closed(world) == (Outcome.STARTED, ""), "taken out in the write that announces the change"
    carry_out(world)
    world.succeed()
    world.advance(2)
    assert world.primary is not None and world.primary[0] == B
    told = world.events(operators.ScheduleClosed)
    assert [event.outcome for event in told] == [Outcome.STARTED, Outcome.DONE]
    assert (told[1].primary, told[1].term) == world.primary
    world.told_names()
    world.advance(10)
    assert world.performs == [] and world.told_names() == []


def test_what_a_dead_leader_had_begun_is_undone_and_not_begun_again() -> None:
    started = Directives(schedule=PLANNED).close(Outcome.STARTED)
    entry = Entry(2, 1, COMMITTED.topology, Intent(B, "switchover", "s2", 0), started)
    world = World(HardState(2, None, entry, entry), wall_ms=AT_MS + 1_000)
    world.advance(0.5)
    world.step(StepDone(world.perform().token))
    thaw = world.perform()
    assert thaw.step == Thaw(A)
    world.step(StepDone(thaw.token))
    world.advance(5)
    assert closed(world) == (Outcome.UNDONE, "")
    assert world.performs == [] and world.primary == (A, 1)


def test_a_leader_that_dies_before_the_intent_leaves_it_to_the_next_one() -> None:
    world = World(HardState(1, None, WAITING, WAITING), members=3, in_touch=False)
    at_its_time(world)
    assert world.performs == [] and world.coordinator.directives.schedule == PLANNED
    world.in_touch = True
    world.step(Gossip())
    world.nodes[B] = offset(info(B), 100)
    world.advance(1)
    world.rehearse()
    assert isinstance(world.perform().step, Freeze)


def test_it_is_dropped_if_a_node_would_refuse_what_it_needs() -> None:
    world = at_its_time(planned())
    refused = world.perform()
    world.step(StepFailed(refused.token, f"{A}: CLIENT UNPAUSE: no"))
    world.advance(2)
    outcome, reason = closed(world)
    assert outcome is Outcome.DROPPED and f"{A}: CLIENT UNPAUSE: no" in reason
    assert not any(isinstance(perform.step, Freeze) for perform in world.performs)


@pytest.mark.parametrize(("late_ms", "runs"), [(0, True), (LATE_MS, True), (LATE_MS + 1_000, False)])
def test_sentinels_that_were_all_away_carry_it_out_unless_it_is_too_late(late_ms: int, runs: bool) -> None:
    world = World(KNOWN, wall_ms=AT_MS + late_ms, nodes={A: info(A, "master"), B: info(B), C: info(C)})
    world.advance(0.5)
    assert bool(world.performs) == runs
    if not runs:
        assert closed(world) == (
            Outcome.DROPPED,
            "its time was missed by more than 300 s, by the clocks of a majority",
        )


def test_it_is_dropped_if_the_group_is_paused_at_its_time() -> None:
    held = replace(WAITING, directives=Directives(Pause(0, "s1"), PLANNED))
    world = at_its_time(World(HardState(1, None, held, held)))
    assert closed(world) == (Outcome.DROPPED, "the group was paused at its time")
    told = world.last(leaders.FailoverAborted)
    assert told.operation == "op-1" and "paused at its time" in str(told.reason), "people are told"
    assert world.coordinator.directives.pause is not None and world.performs == []


def test_it_is_dropped_if_the_primary_is_down_and_the_failover_is_not_bound_by_it() -> None:
    world = planned(to=C)
    world.kill(A)
    promotion = world.perform()
    assert promotion.step == Promote(B)
    world.wall_ms = AT_MS
    world.step(StepFailed(promotion.token, "no reply"))
    world.advance(0.5)
    outcome, reason = closed(world)
    assert outcome is Outcome.DROPPED and "down at its time" in reason


def test_it_is_dropped_when_a_failover_makes_its_node_primary_before() -> None:
    world = planned(to=B)
    world.fail_over()
    assert world.primary is not None and world.primary[0] == B
    assert closed(world) == (Outcome.DROPPED, f"{B} has become primary already")


def test_it_is_kept_when_a_failover_makes_another_node_primary_before() -> None:
    world = planned(to=C)
    world.fail_over()
    assert world.coordinator.directives.schedule is not None


def test_it_is_dropped_with_the_reason_if_it_cannot_be_done() -> None:
    world = planned(to=C)
    world.nodes[C] = replace(info(C), link_up=False, priority=0)
    world.look()
    at_its_time(world)
    outcome, reason = closed(world)
    assert (outcome, reason) == (Outcome.DROPPED, f"{C}: priority 0: never to be promoted")
    assert world.last(leaders.FailoverAborted).operation == "op-1"
    assert world.told_names()[-1] == "stepped_down" and world.performs == []


def test_it_can_be_cancelled() -> None:
    world = planned()
    world.step(Ordered(CancelOrder("op-2", "op-1")))
    world.advance(0.2)
    assert closed(world) == (Outcome.CANCELLED, "an operator cancelled it")
    at_its_time(world)
    assert world.performs == []


def test_another_one_than_the_operator_has_seen_is_not_cancelled() -> None:
    world = planned()
    world.step(Ordered(CancelOrder("op-2", "op-0")))
    world.advance(0.2)
    assert world.last(operators.OrderRefused).reason == "op-0 is not scheduled any more"
    assert world.coordinator.directives.schedule is not None


def test_a_second_one_is_refused_and_so_is_one_whose_time_has_come() -> None:
    world = planned()
    world.step(Ordered(ScheduleOrder(replace(PLANNED, operation="op-2"))))
    world.advance(0.2)
    assert world.last(operators.OrderRefused).reason == "op-1 is scheduled already: cancel it first"
    other = World(wall_ms=AT_MS)
    other.step(Ordered(ScheduleOrder(PLANNED)))
    other.advance(0.2)
    assert other.coordinator.directives.schedule is None
    assert "its time had come" in other.last(operators.OrderRefused).reason


def test_an_operators_request_goes_first_and_the_schedule_then_has_its_turn() -> None:
    world = planned(to=B)
    world.wall_ms = AT_MS
    world.step(Requested(Request("op-7", C)))
    world.advance(0.1)
    assert world.last(leaders.FailoverStarted).operation == "op-7"
    assert world.perform().step == Promote(C)
    assert world.coordinator.directives.schedule is not None


def test_an_order_that_comes_while_something_else_is_being_agreed_on_waits_for_its_turn() -> None:
    world = World(HardState(1, None, WAITING, WAITING), members=3)
    world.wall_ms = AT_MS + LATE_MS + 1_000
    answers = world._answer
    held: list[tuple[str, object]] = []
    world._answer = lambda peer, message: (  # type: ignore[method-assign]
        held.append((peer, message))
        if isinstance(message, Append) and message.entry
        else answers(peer, message)
    )
    world.advance(0.15)
    assert held, "the drop is on its way"
    world.step(Ordered(CancelOrder("op-2", "op-1")))
    world._answer = answers  # type: ignore[method-assign]
    world.advance(0.5)
    assert closed(world)[0] is Outcome.DROPPED
    assert world.last(operators.OrderRefused).operation == "op-2"
    assert not world.events(operators.OrderDone)


@pytest.mark.parametrize(
    ("others", "runs"),
    [
        ((NOT_YET, NOT_YET), False),
        ((NOT_YET, TimeCome("op-1")), True),
        ((NOT_YET, TimeCome("op-0")), False),
        # Of a release that does not say: each goes by its own clock there.
        ((NOT_YET, None), True),
    ],
)
def test_one_clock_that_is_ahead_carries_nothing_out(others: tuple[TimeCome | None, ...], runs: bool) -> None:
    world = planned(members=3)
    world.clocks = dict(zip(("s2", "s3"), others, strict=True))
    at_its_time(world).advance(1.0)
    assert bool(world.performs) == runs
    assert world.coordinator.directives.schedule is not None, "it is not dropped either"


@pytest.mark.parametrize(
    ("others", "dropped"), [(TimeCome("op-1"), False), (TimeCome("op-1", late=True), True)]
)
def test_one_clock_that_is_far_ahead_drops_nothing(others: TimeCome, dropped: bool) -> None:
    world = planned(members=3)
    world.clocks = dict.fromkeys(("s2", "s3"), others)
    at_its_time(world, LATE_MS + 1_000).advance(1.0)
    assert bool(world.performs) != dropped
    if dropped:
        assert closed(world)[0] is Outcome.DROPPED


def test_what_a_clock_says_is_repeated_while_it_waits_for_the_others() -> None:
    world = planned(members=3)
    world.clocks = dict.fromkeys(("s2", "s3"), NOT_YET)
    assert world.coordinator.quiet
    at_its_time(world)
    assert not world.coordinator.quiet
    world.clocks.clear()
    world.step(Gossip())
    world.advance(0.3)
    assert world.performs
