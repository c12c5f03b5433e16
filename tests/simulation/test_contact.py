"""Who is in touch, and what clients are told, where words pass one way only, or loops lag."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from promotion.sealing import WriteRules
from sentinel.status.confirmed import WAIT_S
from tests.simulation.contact import PEER_TIMEOUT_S
from tests.simulation.faults import Cast
from tests.simulation.host import Host
from tests.simulation.node import Settings
from tests.simulation.world import QUIET_S, Setup, World

HOSTS = ("h1", "h2", "h3")
NODES = ("n1:6379", "n2:6379", "n3:6379")
"""On machines of their own."""
LAG_S, RUNS_S = 0.5, 0.1


def settled() -> World:
    world = World(Setup(1, "any", Cast(HOSTS, NODES, ("c1",)), WriteRules(), Settings(), ()))
    world.schedule.run(QUIET_S + 2.0)
    assert all(host.contact.answers() for host in world.hosts.values())
    return world


def primary(host: Host) -> str:
    topology = host.disk.committed.topology
    assert topology is not None
    return topology.primary


def undial(world: World) -> None:
    """Nobody reaches h3 by a connection of its own."""
    world.network.undialled |= {("h1", "h3"), ("h2", "h3")}


def mute(world: World) -> None:
    """What h3 says does not reach the others; it hears all."""
    world.network.silent |= {("h3", "h1"), ("h3", "h2")}


def deafen(world: World) -> None:
    """h3 hears nobody; all hear it."""
    world.network.silent |= {("h1", "h3"), ("h2", "h3")}


@pytest.mark.parametrize("strike", [undial, mute, deafen])
def test_one_way_is_no_touch_and_nobody_is_told_of_the_old_primary(strike: Callable[[World], None]) -> None:
    world = settled()
    first, second, third = world.hosts.values()
    strike(world)
    world.schedule.run(PEER_TIMEOUT_S + 0.5)
    assert not third.contact.answers()
    assert first.contact.presence.in_touch(first.now) == {"h2"}
    assert second.contact.presence.in_touch(second.now) == {"h1"}
    old = primary(first)
    world.nodes[old].crash()
    for _ in range(20):
        world.schedule.run(1.0)
        assert not third.contact.answers()
    assert primary(first) == primary(second) != old
    assert first.contact.answers() and second.contact.answers()
    world.network.undialled.clear()
    world.network.silent.clear()
    world.schedule.run(5.0)
    assert third.contact.answers() and primary(third) == primary(first)


def test_what_was_said_before_a_stop_confirms_nothing_after_it() -> None:
    """It lay in the buffers of the connections, which the partition of meanwhile does not empty."""
    world = settled()
    third = world.hosts["h3"]
    old = primary(third)
    third.pause(8.0)
    world.schedule.run(0.5)
    world.network.silent |= {(a, b) for a in HOSTS for b in HOSTS if (a == "h3") != (b == "h3")}
    world.nodes[old].crash()
    world.schedule.run(5.0)
    assert primary(world.hosts["h1"]) != old
    while not third.awake:
        world.schedule.run(0.01)
    for _ in range(100):
        assert not third.contact.answers()
        world.schedule.run(0.02)


def test_loops_that_lag_by_half_a_second_drop_no_healthy_primary() -> None:
    world = settled()
    terms = {host.disk.committed for host in world.hosts.values()}

    def lag(host: Host) -> None:
        host.pause(LAG_S)
        world.schedule.at(LAG_S + RUNS_S, partial(lag, host))

    for number, host in enumerate(world.hosts.values()):
        world.schedule.at(0.17 * number, partial(lag, host))
    unanswered_since = dict.fromkeys(world.hosts, world.schedule.now)
    for _ in range(3000):
        world.schedule.run(0.01)
        for name, host in world.hosts.items():
            if host.contact.answers():
                unanswered_since[name] = world.schedule.now
            waited_s = world.schedule.now - unanswered_since[name]
            # Whoever asks in a lag waits for its end first.
            assert waited_s <= LAG_S + WAIT_S, f"{name} would answer 503 after {waited_s:.2f} s"
    assert {host.disk.committed for host in world.hosts.values()} == terms
