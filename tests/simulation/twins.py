"""One id, twice: an old sentinel and its replacement run beside each other for a while.

The address that all have configured leads to both, in turn, as a Service does; and of two that dial the same
peer each takes the link from the other. Nothing is cut off meanwhile: of two that no peer hears both, each
may vote, as the documents say.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from quorum.inputs import IdTwice
from tests.simulation.faults import DIRECTIVES, KINDS, SAFETY_S, Cast, Fault

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

TWINNED = 24
"""In one of so many runs."""
TWIN = "start a second process of the id of"
BESIDE = ("operator switchover", "operator switchover", "operator failover", "crash primary", "crash node")
"""What makes them elect meanwhile."""
STARTED = "two processes with one id"
NOTICED = "a sentinel that is told that its id is there twice"
SITUATIONS = (STARTED, NOTICED)


def draw_twins(rng: random.Random, cast: Cast) -> list[Fault]:
    """Of one sentinel, again and again; others may be restarted, and forget whom they have heard."""
    name, plan = rng.choice(cast.sentinels), list[Fault]()
    others = [other for other in cast.sentinels if other != name]
    at_s = rng.uniform(0.5, 3.0)
    while at_s < SAFETY_S - 5.0:
        plan.append(Fault(at_s, TWIN, (name,), rng.uniform(3.0, 9.0)))
        at_s += rng.uniform(13.0, 18.0)
    at_s, pause_s = 0.0, rng.choice([0.5, 1.0, 2.0])
    while (at_s := at_s + rng.expovariate(1 / pause_s)) <= SAFETY_S:
        if rng.random() < 0.1:
            plan.append(Fault(at_s, "crash sentinel", (rng.choice(others),), rng.uniform(0.1, 2.0)))
        else:
            kind = rng.choice(BESIDE)
            plan.append(Fault(at_s, kind, *(KINDS | DIRECTIVES)[kind](rng, cast)))
    return sorted(plan, key=lambda fault: fault.at_s)


class Pairs:
    """At most one pair at a time. ``second`` is the other process of the id of a host."""

    def __init__(self, world: World) -> None:
        self.second: Host | None = None
        self._world = world
        self._rng = random.Random(f"{world.setup.seed} pairs")
        self._held: dict[tuple[str, bool], tuple[bool, float]] = {}
        self._count = 0

    def start(self, fault: Fault) -> bool:
        """With a directory of its own: an empty one, or a copy of what the first has by now."""
        world, first = self._world, self._world.hosts[fault.targets[0]]
        steady = all(host.running and host.vouched for host in world.hosts.values())
        if self.second is not None or not steady:
            return False
        self._count += 1
        self.second = second = world.make_host(first.name, first.members)
        second.label = f"{first.name}'{self._count}"
        if self._rng.random() < 0.5:
            second.disk = first.disk
            if first.ids is not None and second.ids is not None:
                second.ids.disk = first.ids.disk
        self._held.clear()
        world.coverage.add(STARTED)
        second.start()
        world.schedule.at(fault.amount, lambda: self.end(second))
        return True

    def end(self, second: Host) -> None:
        """One of the two is stopped for good, whichever it is."""
        if self.second is not second:
            return
        first, self.second = self._world.hosts[second.name], None
        goes, stays = (first, second) if self._rng.random() < 0.5 else (second, first)
        self._world.tell(goes.label, "is stopped for good")
        goes.removed = True
        goes.crash()
        self._world.hosts[stays.name] = stays
        stays.start()

    def heal(self) -> None:
        if self.second is not None:
            self.end(self.second)

    def processes(self) -> list[Host]:
        return [*self._world.hosts.values(), *([self.second] if self.second is not None else [])]

    def reached(self, sender: Host, to: str) -> Host | None:
        """Whom a link leads to that ``sender`` has dialled."""
        second = self.second
        if second is None or to != second.name:
            return self._world.hosts.get(to)
        return second if self._is_seconds(sender.label, False) else self._world.hosts[to]

    def has_link(self, sender: Host, to: Host) -> bool:
        """Whether what ``sender`` has dialled to ``to`` was not taken from it by another of its id."""
        second = self.second
        if second is None or sender.name != second.name:
            return True
        return self._is_seconds(to.label, True) == (sender is second)

    def _is_seconds(self, other: str, inwards: bool) -> bool:
        first, second, now = self._world.hosts, self.second, self._world.schedule.now
        assert second is not None
        if not (second.running and first[second.name].running):
            return second.running
        holds, until = self._held.get((other, inwards), (False, 0.0))
        if now >= until:
            holds = self._rng.random() < 0.5
            self._held[other, inwards] = (holds, now + self._rng.uniform(0.2, 1.0))
        return holds


def look_for_twins(host: Host) -> None:
    """As the daemon's participation does at each tick."""
    tellers = bool(host.contact.twins.tellers(host.now))
    if tellers != host.is_twice:
        host.is_twice = tellers
        if tellers:
            host.world.coverage.add(NOTICED)
            host.world.tell(host.label, "is told that its id is there twice")
        host.tell_all(IdTwice(tellers))
