"""A primary that is told to end (SIGTERM) waits for a replica that hangs, and takes no writes meanwhile."""

from __future__ import annotations

from itertools import pairwise

import pytest

from promotion.sealing import WriteRules
from tests.simulation.clients import KEY
from tests.simulation.faults import Cast
from tests.simulation.model_redis.shutdown import TIMEOUT_S
from tests.simulation.node import Node, Settings
from tests.simulation.world import QUIET_S, Setup, World

OLD, HANGS = "h1:6379", "h3:6379"
CAST = Cast(("h1", "h2", "h3"), (OLD, "h2:6379", HANGS), ("c1", "c2"))
ACKS_S = 1.0
"""So often a replica says what it has."""


def cluster(seed: int = 1, *, pausing: bool = True) -> World:
    world = World(Setup(seed, "any", CAST, WriteRules(), Settings(pausing=pausing), ()))
    world.schedule.run(QUIET_S)
    assert primary(world) is world.nodes[OLD]
    return world


def primary(world: World) -> Node:
    topologies = [host.disk.committed.topology for host in world.hosts.values()]
    newest = max((each for each in topologies if each is not None), key=lambda each: each.term)
    return world.nodes[newest.primary]


def cause(world: World) -> str:
    changes = [host.disk.committed.topology for host in world.hosts.values()]
    return max((each for each in changes if each is not None), key=lambda each: each.term).cause


def longest_gap_s(world: World) -> float:
    """Between two writes that were acknowledged to anybody."""
    at = sorted(ack.at for client in world.clients for ack in client.acks)
    return max(later - earlier for earlier, later in pairwise([*at, world.schedule.now]))


def ends_in_order(world: World) -> None:
    for node in world.nodes.values():
        node.resume()
        node.start()
    assert world.settles(40.0), world.unsettled()
    held = primary(world).values[KEY]
    assert [ack for client in world.clients for ack in client.acks if ack.value not in held] == []


def hang_and_terminate(world: World) -> None:
    world.nodes[HANGS].hang()
    world.schedule.run(0.5)
    world.nodes[OLD].terminate()


def test_it_hands_over_instead_of_keeping_everybody_waiting() -> None:
    world = cluster()
    hang_and_terminate(world)
    world.schedule.run(TIMEOUT_S + 5.0)
    assert primary(world) is world.nodes["h2:6379"]
    assert cause(world) == "unwritable"
    assert longest_gap_s(world) < TIMEOUT_S / 2, "\n".join(world.story)
    assert not world.nodes[OLD].running
    ends_in_order(world)


def test_where_its_writes_may_not_be_paused_its_end_is_waited_for() -> None:
    world = cluster(pausing=False)
    hang_and_terminate(world)
    world.schedule.run(TIMEOUT_S + 5.0)
    assert primary(world) is world.nodes["h2:6379"]
    assert cause(world) == "refused"
    assert longest_gap_s(world) < TIMEOUT_S + 2.0, "\n".join(world.story)
    ends_in_order(world)


@pytest.mark.parametrize("aborted_after_s", [0.2, 1.0, 1.4, 1.8, 2.2, 2.6, 3.0, 3.5, 5.0])
def test_whenever_somebody_takes_it_back_nothing_is_lost(aborted_after_s: float) -> None:
    world = cluster(seed=round(10 * aborted_after_s))
    hang_and_terminate(world)
    world.schedule.run(aborted_after_s)
    world.nodes[OLD].abort_shutdown()
    world.schedule.run(10.0)
    assert longest_gap_s(world) < TIMEOUT_S / 2, "\n".join(world.story)
    ends_in_order(world)


def test_one_whose_replicas_are_well_ends_before_anybody_would_replace_it() -> None:
    world = cluster()
    world.nodes[OLD].terminate()
    world.schedule.run(ACKS_S + 0.3)
    assert not world.nodes[OLD].running
    world.schedule.run(5.0)
    assert cause(world) == "refused"
    ends_in_order(world)
