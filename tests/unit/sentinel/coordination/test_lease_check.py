"""The last check before a command to Redis: this sentinel leads, now, and in the term of that command."""

from __future__ import annotations

from promotion.actions import Request
from promotion.step_types import Rehearse
from quorum.inputs import Received
from quorum.messages import AppendReply
from quorum.role import Role
from sentinel.coordination.inputs import Requested, StepDone, StepUnsent
from sentinel.notices import leaders
from tests.unit.quorum.member_cases import register
from tests.unit.sentinel.coordinator_cases import A, B, World, info, offset


def test_a_lease_covers_the_commands_of_its_own_term_only_and_only_while_it_lasts() -> None:
    world = World(members=3)
    world.kill(A)
    old = world.perform()
    assert world.coordinator.lease_valid(old.term, world.now)
    world.in_touch = False
    world.advance(0.3)
    assert not world.coordinator.lease_valid(old.term, world.now), "the majority has not answered"
    world.in_touch = True
    world.advance(1.0)
    new = world.perform()
    assert new.term > old.term
    assert world.coordinator.lease_valid(new.term, world.now)
    assert not world.coordinator.lease_valid(old.term, world.now), "a step that slept since then is too late"


def test_a_lease_that_ran_out_before_a_request_is_no_refusal_and_the_next_leader_takes_the_request_up() -> (
    None
):
    world = World(members=3)
    world.nodes[B] = offset(info(B), 100)
    world.step(Requested(Request("op", B, switchover=True)))
    world.advance(0.5)
    unsent = world.perform()
    assert isinstance(unsent.step, Rehearse)
    world.performs.clear()
    world.step(StepUnsent(unsent.token))
    assert world.coordinator.request is not None
    assert "failover_aborted" not in world.told_names()
    world.advance(2.0)
    again = world.perform()
    assert again.step == unsent.step and again.term > unsent.term


def test_whose_lease_ran_out_between_two_steps_does_not_lead_on_without_work() -> None:
    """A late acknowledgement used to renew its lease; then it led for good, and nobody could fail over."""
    world = World(members=3)
    world.step(Requested(Request("op", B, switchover=True)))
    world.advance(0.5)
    rehearsals = [world.perform(), world.perform()]
    world.in_touch = False
    world.now += 0.3
    for rehearsal in rehearsals:
        world.step(StepDone(rehearsal.token))
    core = register(world.coordinator.member)
    assert world.coordinator.work is None and core.role is not Role.LEADER
    late = AppendReply(rehearsals[0].term, core._progress.round, core.state.entry.id)
    world.step(Received("s2", late))
    assert not core.lease_valid(world.now)
    assert leaders.SteppedDown("lost touch with the majority") in world.events(leaders.SteppedDown)
    world.in_touch = True
    world.advance(1.0)
    assert world.perform().step == rehearsals[0].step, "and the next leader takes the request up"
