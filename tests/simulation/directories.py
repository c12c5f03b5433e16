"""The directory that a sentinel keeps its state in: emptied, restored, moved; a disk that refuses a write.

One at a time: of three, two that have forgotten what they stored may be a majority's memory, gone for good.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeAlias

from quorum.messages import HardState
from tests.simulation.faults import SAFETY_S, Cast, Fault

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

TROUBLED = 5
"""In one of so many runs something happens to the directories."""
EMPTY = "empty the state directory of"
RESTORE = "restore the state directory of"
MOVE = "move the state directory of"
REFUSE = "refuse writes of the state of"
BACK_UP = "back up the state directories"
MAX_BACKUPS = 4
KINDS = (EMPTY, RESTORE, RESTORE, MOVE, REFUSE)
SITUATIONS = {
    EMPTY: "a state directory emptied",
    RESTORE: "a state directory restored from a backup",
    MOVE: "a state directory moved to another disk",
}
REFUSED = "a write of the state that its disk refused"
LISTENED = "a sentinel that had to be told what it may have forgotten"


def draw_directories(rng: random.Random, cast: Cast) -> list[Fault]:
    """Also a disk that is slow: a listener has to be told, and what it is told must be written."""
    plan: list[Fault] = []
    at_s, pause_s = 0.0, rng.choice([1.0, 2.0, 4.0])
    enabled = rng.sample(sorted(set(KINDS)), rng.randrange(1, 4))
    while (at_s := at_s + rng.expovariate(1 / pause_s)) <= SAFETY_S:
        plan.append(Fault(at_s, BACK_UP))
        kind, name = rng.choice(enabled), rng.choice(cast.sentinels)
        plan.append(Fault(at_s + rng.uniform(0.0, 3.0), kind, (name,), rng.uniform(0.05, 3.0)))
        if rng.random() < 0.2:
            slow = Fault(at_s + rng.uniform(0.0, 1.0), "slow disk", (rng.choice(cast.sentinels),))
            plan.append(Fault(slow.at_s, slow.kind, slow.targets, rng.uniform(0.05, 1.5)))
    return [fault for fault in plan if fault.at_s <= SAFETY_S]


Kept: TypeAlias = tuple[HardState, HardState]
"""What is in a directory: of the group, and of the cluster's id."""


class Backups:
    """Of each sentinel some, the oldest first."""

    def __init__(self) -> None:
        self._taken: dict[str, list[Kept]] = {}

    def take(self, host: Host) -> None:
        kept = (host.disk, host.ids.disk if host.ids is not None else HardState())
        self._taken[host.name] = [*self._taken.get(host.name, []), kept][-MAX_BACKUPS:]

    def of(self, name: str) -> list[Kept]:
        return self._taken.get(name, [])


def back_up(world: World, _fault: Fault) -> bool:
    """By a copy of the file in which nothing is half written."""
    for host in world.hosts.values():
        world.backups.take(host)
    return True


def lose_directory(world: World, fault: Fault) -> bool:
    """It is started again with another file in place of the one that it wrote last."""
    host = world.hosts[fault.targets[0]]
    backups = world.backups.of(host.name)
    if not all(each.vouched for each in world.hosts.values()) or (fault.kind == RESTORE and not backups):
        return False
    host.crash(keep_lazy=world.rng.random() < 0.5)
    kept = (host.disk, host.ids.disk if host.ids is not None else HardState())
    if fault.kind == EMPTY:
        kept = (HardState(), HardState())
    elif fault.kind == RESTORE:
        kept = world.rng.choice(backups)
    host.disk = kept[0]
    if host.ids is not None:
        host.ids.disk = kept[1]
    host.vouched = False
    world.coverage.add(SITUATIONS[fault.kind])
    world.schedule.at(fault.amount, host.start)
    return True


def refuse_writes(world: World, fault: Fault) -> bool:
    """It is full, or gone read-only: the process ends at the next write, and cannot be started meanwhile."""
    host = world.hosts[fault.targets[0]]
    if host.disk_refuses:
        return False
    host.disk_refuses = True

    def accept() -> None:
        host.disk_refuses = False
        host.start()

    world.schedule.at(fault.amount, accept)
    return True
