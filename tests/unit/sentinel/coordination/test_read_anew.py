"""A leader decides by what it reads after its election, never by what was known before."""

from __future__ import annotations

from promotion.step_types import Promote
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info, offset


def test_a_replica_that_got_ahead_since_the_last_look_is_promoted() -> None:
    world = World()
    world.nodes[C] = offset(info(C), 500)
    world.kill(A)
    assert world.perform().step == Promote(C)


def test_a_replica_that_died_since_the_last_look_is_not() -> None:
    world = World()
    world.dead.add(B)
    world.kill(A)
    assert world.perform().step == Promote(C)
