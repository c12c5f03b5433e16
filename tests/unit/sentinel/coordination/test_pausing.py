"""A paused group as one sentinel sees it: everything is told, and nothing is done that was not promised."""

from __future__ import annotations

import pytest

from promotion.actions import Request
from promotion.step_types import Disarm, Promote, Repoint
from quorum.directives import Directives, Pause
from quorum.messages import Entry, HardState, Intent
from sentinel.coordination.inputs import Ordered, Requested, StepDone
from sentinel.coordination.ordering import PATIENCE
from sentinel.coordination.orders import PauseOrder, ResumeOrder
from sentinel.notices import leaders, operators
from tests.unit.sentinel.coordinator_cases import COMMITTED, LIMIT_S, WALL_MS, A, B, C, World, info

PAUSE = PauseOrder("op-1", Pause(WALL_MS, "s1", "kernel updates"))
RESUME = ResumeOrder("op-2")
HELD = Directives(PAUSE.pause)
PAUSED_ENTRY = Entry(1, 2, COMMITTED.topology, None, HELD)
PAUSED = HardState(1, None, PAUSED_ENTRY, PAUSED_ENTRY)


def paused(members: int = 1) -> World:
    return World(PAUSED, members=members)


@pytest.mark.parametrize("members", [1, 3])
def test_a_pause_is_agreed_on_and_told(members: int) -> None:
    world = World(members=members)
    world.step(Ordered(PAUSE))
    world.advance(0.1)
    assert world.coordinator.directives == HELD
    assert world.told_names() == ["elected", "paused", "order_done", "work_done", "stepped_down"]
    assert world.disk.state.committed.directives == HELD
    assert world.primary == (A, 1), "the topology is as it was"


def test_to_pause_twice_is_the_same_as_once() -> None:
    world = paused()
    world.step(Ordered(PauseOrder("op-9", Pause(WALL_MS + 5, "s2"))))
    world.advance(0.1)
    assert world.coordinator.directives == HELD, "the first who paused it is named"
    assert world.told_names() == ["elected", "order_done", "work_done", "stepped_down"]


def test_to_resume_what_is_not_paused_changes_nothing() -> None:
    world = World()
    world.step(Ordered(RESUME))
    world.advance(0.1)
    assert world.told_names() == ["elected", "order_done", "work_done", "stepped_down"]


def test_a_dead_primary_is_told_and_left_alone_until_the_group_is_resumed() -> None:
    world = paused(members=3)
    world.kill(A)
    world.advance(30)
    assert world.told_names() == ["node_down", "quorum_down"] and world.performs == []
    world.step(Ordered(RESUME))
    world.advance(0.2)
    told = world.told_names()
    assert told[:4] == ["elected", "resumed", "order_done", "failover_started"]
    assert world.succeed().step == Promote(B)
    made = world.last(leaders.TopologyCommitted).topology
    assert made.duration_ms == pytest.approx(0, abs=500), "not the pause"


def test_nothing_is_re_pointed_or_demoted() -> None:
    world = paused()
    world.nodes[B], world.nodes[C] = info(B, "master"), info(C, follows=B)
    world.look()
    world.advance(5)
    assert world.performs == [] and world.told_names() == []
    world.step(Ordered(RESUME))
    world.advance(0.1)
    assert world.succeed().step == Repoint(B, "redis-a", 6379, "demote")


@pytest.mark.parametrize("switchover", [False, True])
def test_an_operator_may_name_a_node_and_the_rest_follows_it(switchover: bool) -> None:
    world = paused()
    if not switchover:
        world.kill(A)
        world.told_names()
    world.step(Requested(Request("op-3", C, switchover=switchover)))
    world.advance(0.1)
    if switchover:
        world.rehearse()
        assert world.last(leaders.IntentCommitted).node == C
        return
    assert world.succeed().step == Promote(C)
    assert world.succeed().step == Repoint(B, "redis-c", 6379, "repoint")
    assert world.primary is not None and world.primary[0] == C
    assert world.coordinator.directives == HELD, "and it stays paused"


def test_what_an_operator_leaves_to_be_chosen_is_refused() -> None:
    world = paused()
    world.step(Requested(Request("op-3", None)))
    world.advance(0.1)
    aborted = world.last(leaders.FailoverAborted)
    assert (aborted.operation, world.performs) == ("op-3", [])
    assert "paused" in str(aborted.reason)


def test_a_change_that_an_intent_has_promised_is_finished_whole() -> None:
    promised = Entry(2, 1, COMMITTED.topology, Intent(B, "refused", "s2", 0), HELD)
    world = World(HardState(2, None, promised, promised), dead={A})
    world.kill(A)
    world.advance(0.5)
    disarmed = world.perform()
    assert disarmed.step == Disarm(B)
    world.step(StepDone(disarmed.token))
    assert world.succeed().step == Promote(B)
    assert world.succeed().step == Repoint(C, "redis-b", 6379, "repoint")
    world.told_names()
    world.kill(B)
    world.advance(5)
    assert world.performs == [], "and then the pause holds"


def test_a_pause_asked_for_in_mid_failover_holds_from_its_end_on() -> None:
    world = World(members=3)
    world.kill(A)
    promotion = world.perform()
    world.step(Ordered(PAUSE))
    world.nodes[B] = info(B, "master")
    world.step(StepDone(promotion.token))
    world.succeed()
    world.advance(0.2)
    assert world.coordinator.directives == HELD
    assert world.primary is not None and world.primary[0] == B


def test_the_first_topology_is_agreed_on_in_a_paused_group_too() -> None:
    entry = Entry(1, 1, None, None, HELD)
    world = World(HardState(1, None, entry, entry))
    assert world.primary is not None and world.primary[0] == A and world.performs == []


def test_an_unsettled_entry_is_settled_and_nothing_else() -> None:
    world = World(HardState(1, None, PAUSED_ENTRY, COMMITTED))
    world.advance(0.5)
    assert world.coordinator.directives == HELD and world.performs == []
    assert "paused" in world.told_names()


def test_an_order_without_a_majority_expires() -> None:
    world = World(members=3, in_touch=False)
    world.step(Ordered(PAUSE))
    world.advance(PATIENCE * LIMIT_S - 0.1)
    assert world.told_names() == []
    world.advance(0.2)
    refused = operators.OrderRefused("op-1", "no majority could agree on it in time")
    assert world.last(operators.OrderRefused) == refused
    world.in_touch = True
    world.advance(2)
    assert world.coordinator.directives.pause is None


def test_an_order_survives_the_loss_of_the_lease() -> None:
    world = World(members=3)
    world.in_touch = False
    world.step(Ordered(PAUSE))
    world.advance(2)
    world.in_touch = True
    world.advance(2)
    assert world.coordinator.directives == HELD
    assert world.told_names().count("order_done") == 1
