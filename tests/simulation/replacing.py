"""A sentinel is replaced by another while things go wrong: as the documents say, by one member at a time.

The new one is added to each configuration, one sentinel after the other; once all take part the old one goes,
in the same way. What is configured in the meantime differs from sentinel to sentinel.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.faults import Cast

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

REPLACED = 8
"""In one of so many runs, if nothing is in the way."""
NEWCOMER = "s9"
LOOK_S = 0.5
BEGUN, DONE = "a sentinel that is to be replaced", "a sentinel replaced"
JOINT = "members of two sets that had to agree"


@dataclass(frozen=True, slots=True)
class Replacement:
    """``leaves`` is replaced from ``at_s`` on, with so long between one restart and the next."""

    at_s: float
    leaves: str
    pause_s: float


def draw_replacement(rng: random.Random, cast: Cast) -> Replacement:
    return Replacement(rng.uniform(0.5, 15.0), rng.choice(cast.sentinels), rng.choice([0.1, 1.0, 3.0]))


class Replacing:
    """``done`` once only the new members are left, and all of them take part."""

    def __init__(self, world: World, plan: Replacement) -> None:
        self.done = False
        self._world = world
        self._plan = plan
        self._left: list[str] = []
        self._removed = False
        self._stops_last = world.rng.random() < 0.5
        world.schedule.at(plan.at_s, self._add)

    def _add(self) -> None:
        world = self._world
        world.coverage.add(BEGUN)
        members = frozenset((*world.hosts, NEWCOMER))
        world.add_host(NEWCOMER, members).start()
        self._roll_out(members)

    def _remove(self) -> None:
        world = self._world
        self._removed = True
        if not self._stops_last:
            world.remove_host(self._plan.leaves)
        self._roll_out(frozenset(world.hosts) - {self._plan.leaves})

    def _roll_out(self, members: frozenset[str]) -> None:
        self._left = [name for name in sorted(members) if self._world.hosts[name].members != members]
        self._world.rng.shuffle(self._left)
        self._next(members)

    def _next(self, members: frozenset[str]) -> None:
        world = self._world
        if self._left:
            self._restart(world.hosts[self._left.pop()], members)
            world.schedule.at(self._plan.pause_s, partial(self._next, members))
        elif not all(_takes_part(world.hosts[name]) for name in sorted(members)):
            world.schedule.at(LOOK_S, partial(self._next, members))
        elif not self._removed:
            self._remove()
        else:
            self.done = True
            world.coverage.add(DONE)
            if self._stops_last:
                world.remove_host(self._plan.leaves)

    def _restart(self, host: Host, members: frozenset[str]) -> None:
        world = self._world
        world.tell(host.name, f"is restarted with the members {' '.join(sorted(members))}")
        host.members = members
        host.crash()
        world.schedule.at(world.rng.uniform(0.05, 1.0), host.start)


def _takes_part(host: Host) -> bool:
    """As ``/readyz`` says it; and that its former set is over, in all registers, is on disk."""
    under = host.disk.membership
    if host.brain is None or under is None:
        return False
    if host.brain.member.view.membership.is_joint:
        host.world.coverage.add(JOINT)
    kept = [under, *([host.ids.disk.membership] if host.ids is not None else [])]
    over = all(each is not None and not each.is_joint for each in kept)
    listens = host.brain.member.view.listening
    return not listens and over and under.voters == tuple(sorted(host.members))
