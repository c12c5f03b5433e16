"""A configuration with a name that leads to several servers in turn, beside their own names.

Whoever takes it for a node believes now the primary and now a replica to be it, and promotes or demotes
whoever answers next. A sentinel finds it out by a few connections, which take no time here.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from promotion.step_types import Handover, Step
from sentinel.coordination.inputs import NameLooked
from tests.simulation.faults import SAFETY_S, Cast, Fault
from tests.simulation.naming import BALANCED

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.node import Node

LOOKS = 6
ADDED = "list a balanced name"
ONE_IN = 4
"""Of the runs in which nodes stay up: while one alone is up, a look cannot tell such a name from its own."""


def draw_balanced(rng: random.Random, cast: Cast) -> list[Fault]:
    """Operators change the configurations of some sentinels, or of all, one by one."""
    some = rng.sample(cast.sentinels, rng.randrange(1, len(cast.sentinels) + 1))
    times = sorted(rng.uniform(0.0, SAFETY_S / 2) for _ in some)
    return [
        Fault(at_s, ADDED, (name, BALANCED), rng.uniform(0.05, 2.0))
        for at_s, name in zip(times, some, strict=True)
    ]


def look(host: Host, name: str) -> bool:
    """Whom some new connections reach. Returns whether these are several."""
    world, found = host.world, set()
    for _ in range(LOOKS):
        node = world.servers[name]
        way = world.network.reaches(host.name, node.host) and world.network.reaches(node.host, host.name)
        if node.running and not node.hung and way:
            found.add(node.run_id)
            host.feed(NameLooked(name, node.run_id))
    return len(found) > 1


def touches(host: Host, step: Step) -> str | None:
    """A step that goes to such a name, once a look has shown that it is one, would reach anybody."""
    reached = (step.node, step.target) if isinstance(step, Handover) else (step.node,)
    if BALANCED not in reached or not host.probing.finds_several:
        return None
    return f"S7: {host.name} takes {step}, and has seen that {BALANCED} leads to several servers"


def reaches_another(host: Host, name: str, node: Node) -> bool:
    """As the daemon finds out before each step: whether another process answers than was heard last."""
    info = host.brain.book[name].info if host.brain is not None and name in host.brain.book else None
    if name != BALANCED or info is None or info.run_id == node.run_id:
        return False
    host.feed(NameLooked(name, node.run_id))
    return True
