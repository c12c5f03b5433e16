"""A server that is restarted with ``cluster-enabled yes``, by mistake or to move to Redis Cluster.

It comes back as a master whatever its file says, with what it had saved, and refuses REPLICAOF and FAILOVER.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from promotion.step_types import Handover, Promote, Repoint, Restore, Seal, Step
from tests.simulation.faults import SAFETY_S, Cast, Fault
from tests.simulation.sick import Ailment

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.node import Node
    from tests.simulation.world import World

CLUSTERED = "cluster mode at node"
HAPPENED = "a node in cluster mode"
ONE_IN = 10
SEEN_BY_S = 3.0
"""After its start. What is on its way to it then was meant for the process before."""


def draw_cluster_mode(rng: random.Random, cast: Cast) -> list[Fault]:
    at_s = rng.uniform(1.0, SAFETY_S / 2)
    return [Fault(at_s, CLUSTERED, (rng.choice(cast.nodes),), rng.uniform(4.0, 20.0))]


def restart_in_cluster_mode(world: World, fault: Fault) -> bool:
    node = world.nodes[fault.targets[0]]
    if not node.running or node.hung or node.loading or node.in_cluster:
        return False
    _restart(world, node, in_cluster=True)
    world.coverage.add(HAPPENED)
    world.schedule.at(fault.amount, lambda: leave(world, node))
    return True


def leave(world: World, node: Node) -> None:
    if node.in_cluster:
        _restart(world, node, in_cluster=False)


def _restart(world: World, node: Node, *, in_cluster: bool) -> None:
    """A fence, or writes, that were not saved are gone, as with any restart."""
    node.save()
    if not world.setup.settings.saves or Ailment.NO_DISK in node.sickness:
        world.bereave(node)
    node.restart_in_cluster_mode(in_cluster)


def meddles(world: World, host: Host, step: Step) -> str | None:
    """A node that is known to refuse all that is not its own is asked for none of it."""
    target = step.target if isinstance(step, Handover) else step.node
    brain = host.brain
    if not isinstance(step, Promote | Repoint | Seal | Restore | Handover) or brain is None:
        return None
    node, info = world.nodes.get(target), brain.book[target].info if target in brain.book else None
    if node is None or info is None or not info.cluster_mode or not node.in_cluster:
        return None
    if world.schedule.now - node.started_at < SEEN_BY_S:
        return None
    return f"S7: {host.name} takes {step}, and {target} is in cluster mode"
