"""A sentinel that was cut off resumes writes by what was said since, and not by what lay in a buffer."""

from __future__ import annotations

from promotion.sealing import WriteRules
from quorum.inputs import Received
from quorum.messages import Opinions
from sentinel.coordination.inputs import Command, GroupEffect, MajorityConfirmed
from tests.unit.sentinel.coordinator_cases import COMMITTED, World


def commands(effects: list[GroupEffect]) -> list[tuple[str, ...]]:
    return [effect.words for effect in effects if isinstance(effect, Command)]


def test_what_lay_in_a_buffer_resumes_no_writes() -> None:
    world = World(members=3, rules=WriteRules(self_fence=True))

    def confirmed(at: float) -> list[tuple[str, ...]]:
        return commands(world.coordinator.step(MajorityConfirmed(at), world.moment))

    confirmed(world.now)
    world.advance(5.0)
    before = world.now - 1.0
    assert confirmed(before) == [("CLIENT", "PAUSE", "3000", "WRITE")]
    # From here on it is in touch again, by what a majority said a moment ago.
    regained = world.now - 0.1
    assert confirmed(regained) == []
    world.advance(0.1)
    for seq, peer in enumerate(("s2", "s3"), start=1):
        world.step(Received(peer, Opinions(1, seq, (), COMMITTED)))
    assert ("CLIENT", "UNPAUSE") not in confirmed(regained)
    assert confirmed(world.now) == [("CLIENT", "UNPAUSE")]
