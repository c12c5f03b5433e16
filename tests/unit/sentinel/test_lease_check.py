"""The last check before a command to Redis: this sentinel leads, now, and in the term of that command."""

from __future__ import annotations

from tests.unit.sentinel.coordinator_cases import A, World


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
