"""A server that nobody configured: a replica of the group at first, which becomes somebody else's in mid-run.

Whatever a leader believes, what is somebody else's keeps its data and its role, from the moment that it is
theirs to the end; and what was only discovered is never promoted.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from promotion.step_types import Handover, Promote
from sentinel.coordination.inputs import Perform
from tests.simulation.faults import Fault
from tests.simulation.node import Node, Servers, Settings

if TYPE_CHECKING:
    from tests.simulation.world import World

SPARE = "x1:6379"
THEIRS = "theirs"
AGAIN_S = 0.1
TAKEN, DETACHED = "give its address away", "detach it by hand"


def draw_foreign(rng: random.Random) -> Fault:
    """What becomes of the spare, and when."""
    kind = rng.choice([TAKEN, DETACHED])
    return Fault(rng.uniform(1.0, 25.0), kind, (SPARE,), rng.uniform(0.05, 3.0))


class Foreign:
    """``node`` is the spare. ``theirs`` once it is another cluster's, for good."""

    def __init__(self, world: World, servers: Servers, settings: Settings, primary: tuple[str, int]) -> None:
        host, _, port = SPARE.partition(":")
        self.node: Node = servers.add(host, int(port), settings, primary)
        self.node.start()
        self.theirs = False
        self._world = world

    def strike(self, fault: Fault) -> None:
        """A node that is detached between a leader's last look and its command nobody could save."""
        leads = any(
            host.brain is not None and host.brain.work is not None for host in self._world.hosts.values()
        )
        if (leads and fault.kind == DETACHED) or self.node.loading:
            self._world.schedule.at(AGAIN_S, partial(self.strike, fault))
            return
        self._world.tell("", f"FAULT   {fault.kind} {SPARE}")
        if fault.kind == DETACHED:
            self.node.command("REPLICAOF", "NO", "ONE")
            self._claim()
        else:
            self.node.crash()
            self._world.schedule.at(fault.amount, self._move_in)

    def _move_in(self) -> None:
        """The other server has loaded its data before it can be reached."""
        self.node.is_replaced({THEIRS: THEIRS})
        self.theirs = True
        self._world.coverage.add("a foreign server at an address that was the group's")

    def _claim(self) -> None:
        self.node.command("SET", THEIRS, THEIRS)
        self.theirs = True
        self._world.coverage.add("a replica detached by hand")

    def check(self) -> None:
        """S9: nobody touches what is somebody else's."""
        if not self.theirs or not self.node.running or self.node.loading:
            return
        if self.node.follows is not None:
            self._world.checks.broken(
                f"S9: {SPARE} is another cluster's, and was made to follow {self.node.follows}"
            )
        if THEIRS not in self.node.values:
            self._world.checks.broken(f"S9: {SPARE} is somebody else's, and has lost its data")

    def performing(self, host: str, perform: Perform) -> None:
        """S9: what nobody configured is not promoted."""
        step = perform.step
        target = step.node if isinstance(step, Promote) else step.target if isinstance(step, Handover) else ""
        if target == SPARE:
            self._world.checks.broken(f"S9: {host} promotes {SPARE}, which nobody configured")
