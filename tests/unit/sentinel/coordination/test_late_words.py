"""What a node said before a change, and is read only after it, says nothing of how things stand since."""

from __future__ import annotations

import pytest

from sentinel.coordination.inputs import InfoSeen
from tests.unit.sentinel.coordinator_cases import B, C, World, info

LATE_S = 10.0


@pytest.fixture
def changed() -> World:
    """B is primary in place of A, and all is over."""
    world = World()
    world.fail_over()
    world.advance(1.0)
    world.told_names()
    return world


def test_a_new_primary_that_was_a_replica_when_it_was_asked_does_not_count_as_one_now(changed: World) -> None:
    changed.step(InfoSeen(B, info(B), None, LATE_S))
    changed.advance(0.9)
    changed.step(InfoSeen(B, info(B), None, LATE_S))
    changed.advance(0.9)
    assert changed.told_names() == []


def test_a_replica_that_followed_the_old_primary_when_asked_contradicts_nothing(
    changed: World,
) -> None:
    before = info(C)
    changed.step(InfoSeen(C, before, None, LATE_S))
    changed.advance(0.5)
    assert changed.told_names() == [] and changed.performs == []
    changed.step(InfoSeen(C, before, None, 0.0))
    changed.advance(0.5)
    assert "elected" in changed.told_names(), "it says so now"
