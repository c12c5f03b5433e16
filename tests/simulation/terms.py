"""Numbers that nobody has counted to: a client writes them to the fence, a disk holds them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from quorum.terms import MAX_JUMP, MAX_TERM
from sentinel.state.lowered_terms import LOWEST, CannotLowerError, lowered
from tests.simulation.faults import SAFETY_S, Cast, Fault

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

RAISED = 6
"""In one of so many runs somebody writes to the fence, or a disk is spoiled."""
RAISE = "raise fence"
SPOIL = "spoil the terms of a sentinel"
SPOILED = 2**61
FENCE_KEY = "vedette:g:term"


def draw_terms(rng: random.Random, cast: Cast) -> list[Fault]:
    plan: list[Fault] = []
    at_s, pause_s = 0.0, rng.choice([2.0, 4.0, 8.0])
    while (at_s := at_s + rng.expovariate(1 / pause_s)) <= SAFETY_S:
        if rng.random() < 0.8:
            plan.append(Fault(at_s, RAISE, (rng.choice(["by 5", "by 2^31", "2^62", "endless"]),)))
        else:
            plan.append(Fault(at_s, SPOIL, (rng.choice(cast.sentinels),), rng.uniform(0.1, 2.0)))
    return plan


def raise_fence(world: World, fault: Fault) -> bool:
    """At the primary, from which its replicas have it."""
    topologies = [t for host in world.hosts.values() if (t := host.disk.committed.topology) is not None]
    node = world.nodes[max(topologies, key=lambda t: t.term).primary] if topologies else None
    if node is None or not node.running or node.hung or node.follows is not None:
        return False
    newest = max(host.disk.term for host in world.hosts.values() if host.disk.term < SPOILED)
    fence = {
        "by 5": str(newest + 5),
        "by 2^31": str(newest + MAX_JUMP // 2),
        "2^62": str(MAX_TERM),
        "endless": "9" * 30,
    }[fault.targets[0]]
    world.unfenced = True
    node.command("SET", FENCE_KEY, fence)
    world.coverage.add("a fence that a client wrote")
    return True


def spoil(world: World, fault: Fault) -> bool:
    """As a release left it that believed such a fence. One sentinel at most, so that a majority is well."""
    host = world.hosts[fault.targets[0]]
    if not host.running or any(each.disk.term >= SPOILED for each in world.hosts.values()):
        return False
    host.crash()
    host.disk = replace(host.disk, term=host.disk.term + SPOILED, voted_for=None)
    world.schedule.at(fault.amount, host.start)
    world.coverage.add("a sentinel whose terms have run out")
    return True


def repair(world: World, host: Host) -> None:
    """What an operator does with ``vedette repair-terms``, while it is stopped."""
    if host.disk.term >= SPOILED:
        host.crash()
        try:
            host.disk = lowered(host.disk, SPOILED - LOWEST)
        except CannotLowerError:
            # Others have come so far by a fence; this one alone was spoiled, by a number that is known.
            host.disk = replace(host.disk, term=host.disk.term - SPOILED)
