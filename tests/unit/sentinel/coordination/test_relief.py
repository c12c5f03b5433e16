"""A primary that refuses writes is replaced once a quorum has seen it for long, and not again and again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.step_types import Freeze, Rehearse, Step
from promotion.switchover import UNWRITABLE
from quorum.inputs import Received, RefusalSeen
from quorum.messages import GENESIS, Entry, Intent, Opinion, Opinions, Topology
from quorum.usability import Refusal, Refusing, Source
from sentinel.coordination.info_limits import Limits
from sentinel.coordination.inputs import StepDone, StepFailed
from sentinel.coordination.relief import FAILED_S, MADE_S, Relief
from sentinel.notices import leaders
from tests.unit.sentinel.coordinator_cases import COMMITTED, A, B, C, World, info, offset

MISCONF = Refusing(Refusal.MISCONF, "refuses writes (-MISCONF)")
FULL = Refusing(Refusal.MAXCLIENTS, "turns new clients away")
SICK = Limits(snapshot_failed=True)


def refuse(world: World, refusing: Refusing | None = MISCONF) -> None:
    world.step(RefusalSeen(A, Source.PING, refusing))


def rehearsed(world: World) -> Step:
    """The first step that is taken once both nodes were asked for all that the change needs."""
    while isinstance(world.performs[0].step, Rehearse):
        world.step(StepDone(world.perform().token))
    return world.perform().step


def started(world: World) -> bool:
    return any(isinstance(notice.event, leaders.FailoverStarted) for notice in world.notices)


def test_it_hands_over_once_it_has_refused_writes_for_long() -> None:
    world = World(unwritable_after_s=2.0)
    refuse(world)
    world.advance(1.9)
    assert not started(world)
    world.advance(0.3)
    assert world.last(leaders.FailoverStarted).cause == UNWRITABLE
    assert isinstance(rehearsed(world), Freeze)
    intent = world.disk.state.entry.intent
    assert intent is not None and (intent.target, intent.cause) == (B, UNWRITABLE)


@pytest.mark.parametrize("after_s", [None, 2.0])
def test_it_stays_where_that_is_switched_off_or_nobody_would_be_better(after_s: float | None) -> None:
    world = World(unwritable_after_s=after_s)
    if after_s is not None:
        for node in (B, C):
            world.nodes[node] = replace(world.nodes[node], limits=SICK)
        world.look()
    term = world.coordinator.member.view.term
    refuse(world)
    world.advance(10.0)
    assert not started(world)
    assert world.coordinator.member.view.term == term, "nobody is elected for nothing"
    assert "degraded" in world.told_names()


def test_as_soon_as_somebody_would_be_better_it_hands_over() -> None:
    world = World(unwritable_after_s=2.0)
    for node in (B, C):
        world.nodes[node] = replace(world.nodes[node], limits=SICK)
    world.look()
    refuse(world)
    world.advance(5.0)
    world.nodes[C] = info(C)
    world.look(C)
    world.advance(0.5)
    assert isinstance(rehearsed(world), Freeze)
    intent = world.disk.state.entry.intent
    assert intent is not None and intent.target == C


def test_a_primary_without_places_for_clients_stays() -> None:
    world = World(unwritable_after_s=2.0)
    world.step(RefusalSeen(A, Source.DOOR, FULL))
    world.advance(10.0)
    assert not started(world)


def test_it_takes_a_quorum() -> None:
    world = World(members=3, quorum=2, unwritable_after_s=2.0)
    refuse(world)
    world.advance(3.0)
    assert not started(world)
    said = Opinions(1, 1, (Opinion(A, down=False, unwritable=True),), COMMITTED)
    world.step(Received("s2", said))
    world.advance(0.5)
    assert started(world)


def test_what_failed_is_not_tried_again_at_once_and_does_not_put_off_a_failover() -> None:
    world = World(unwritable_after_s=2.0)
    refuse(world)
    world.advance(2.5)
    perform = world.perform()
    world.step(StepFailed(perform.token, "no answer"))
    while world.performs:
        # Whoever leads next undoes it.
        world.step(StepDone(world.perform().token))
    world.told_names()
    world.advance(FAILED_S - 1.5)
    assert not started(world), "it waits"
    world.kill(A)
    world.advance(0.5)
    assert world.last(leaders.FailoverStarted).cause == "refused"


def topology(term: int, cause: str) -> Topology:
    return Topology(B, term, A, cause, "s1", 0, 0)


def test_each_change_makes_the_next_wait_longer() -> None:
    held = Relief(GENESIS, 0.0)
    assert held.may(0.0)
    now, waits = 0.0, []
    for term in (2, 3, 4):
        held.learned(Entry(term, 1, topology(term, UNWRITABLE)), now)
        wait = next(wait for wait in range(10_000) if held.may(now + wait))
        waits.append(wait)
        now += wait
    assert waits == [MADE_S, 2 * MADE_S, 4 * MADE_S]
    held.learned(Entry(5, 1, topology(5, "refused")), now)
    assert held.may(now)


def test_who_starts_after_such_a_change_waits_too() -> None:
    assert not Relief(Entry(2, 1, topology(2, UNWRITABLE)), 0.0).may(MADE_S - 1)
    assert Relief(COMMITTED, 0.0).may(0.0)


def test_what_came_to_nothing_is_seen_by_all() -> None:
    held = Relief(COMMITTED, 0.0)
    held.learned(Entry(2, 2, COMMITTED.topology, Intent(B, UNWRITABLE, "s2", 0)), 1.0)
    assert held.may(1.0)
    held.learned(Entry(3, 3, COMMITTED.topology), 2.0)
    assert not held.may(2.0 + FAILED_S - 0.1)
    assert held.may(2.0 + FAILED_S)


def test_the_ranking_prefers_who_would_take_writes() -> None:
    world = World()
    world.nodes[B] = offset(replace(info(B), limits=SICK), 200)
    world.look()
    world.kill(A)
    assert world.perform().step.node == C


def test_no_priority_makes_up_for_refused_writes() -> None:
    world = World()
    world.nodes[B] = replace(info(B), limits=SICK, priority=1)
    world.look()
    world.kill(A)
    assert world.perform().step.node == C
