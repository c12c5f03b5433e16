"""Effects leave in the order in which the agreement core made them, whatever the leader's side wants."""

from __future__ import annotations

import pytest

from promotion.actions import Request
from quorum.directives import Pause
from quorum.effects import Effect, Elected, Emit, Persist, Send
from quorum.inputs import Input
from quorum.messages import HardState, Resign
from sentinel.coordination.inputs import GroupEffect, GroupInput, Ordered, Perform, Requested
from sentinel.coordination.moment import Moment
from sentinel.coordination.orders import PauseOrder
from sentinel.notices import leaders
from tests.unit.sentinel.coordinator_cases import KNOWN, WALL_MS, A, B, C, World

LATER = Send("s3", Resign(1))
"""As if the core had said more in the very step in which it was elected."""


class Watched:
    """Notes what left the coordinator; ``odd``: where that was not as the agreement core made it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: list[GroupEffect] = []
        self.odd: list[GroupInput] = []
        self._made: list[Effect] = []
        self._core_step = world.coordinator.member.step
        self._step = world.coordinator.step
        monkeypatch.setattr(world.coordinator.member, "step", self._stepped)
        monkeypatch.setattr(world.coordinator, "step", self._took)

    def _stepped(self, given: Input, now: float) -> list[Effect]:
        made = self._core_step(given, now)
        if any(isinstance(effect, Emit) and isinstance(effect.event, Elected) for effect in made):
            made.append(LATER)
        self._made += made
        return made

    def _took(self, given: GroupInput, at: Moment) -> list[GroupEffect]:
        self._made.clear()
        effects = self._step(given, at)
        self.left += effects
        made = [effect for effect in self._made if not isinstance(effect, Emit)]
        if made != [effect for effect in effects if isinstance(effect, Persist | Send)]:
            self.odd.append(given)
        return effects


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("state", [HardState(), KNOWN])
def test_they_leave_as_they_were_made(
    members: int, state: HardState, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(state, members=members, quorum=1)
    watched = Watched(world, monkeypatch)
    world.look()
    world.advance(1.0)
    world.fail_over()
    assert world.primary is not None and world.primary[0] == B
    assert not watched.odd
    written = [effect.state for effect in watched.left if isinstance(effect, Persist)]
    ages = [(state.term, state.entry.id, state.committed.id) for state in written]
    assert ages == sorted(ages) and len(ages) > 2


def test_alone_it_commits_as_it_proposes_and_acts_behind_the_write(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    watched = Watched(world, monkeypatch)
    world.kill(A)
    kinds = [effect for effect in watched.left if isinstance(effect, Perform | Persist)]
    write, step = kinds[-2:]
    assert isinstance(step, Perform) and step.step.node == B
    assert isinstance(write, Persist) and write.state.committed.intent is not None


def test_what_follows_from_an_event_comes_behind_what_the_core_had_made_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    watched = Watched(world, monkeypatch)
    world.step(Ordered(PauseOrder("op", Pause(WALL_MS, "s1"))))
    world.advance(1.0)
    of_core = [effect for effect in watched.left if isinstance(effect, Persist | Send)]
    write = next(
        effect
        for effect in of_core
        if isinstance(effect, Persist) and effect.state.entry.directives.pause is not None
    )
    assert LATER in of_core[: of_core.index(write)], "what is proposed then is made later"


def test_what_work_is_left_is_told_before_a_leader_stops() -> None:
    """Else it would stand again for what it has just given up."""
    world = World()
    world.kill(C)
    world.advance(1.0)
    world.notices.clear()
    world.step(Requested(Request("op", C, switchover=False, timeout_s=2.0)))
    world.advance(0.2)
    assert [event.reason for event in world.events(leaders.FailoverAborted)]
    assert [event.reasons for event in world.events(leaders.Elected)] == [("operator",)]
