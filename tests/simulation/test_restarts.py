"""A primary that is back with less than it had: from its append-only file, or an old snapshot."""

from __future__ import annotations

import pytest

from promotion.sealing import WriteRules
from tests.simulation.clients import KEY
from tests.simulation.faults import SAFETY_S, Cast, Fault
from tests.simulation.node import Settings
from tests.simulation.strikes import OLD_BY_S
from tests.simulation.world import QUIET_S, Setup, World

OLD = "h1:6379"
CAST = Cast(("h1", "h2", "h3"), (OLD, "h2:6379", "h3:6379"), ("c1", "c2"))
CALLED_DOWN_S = 0.1
"""``refused_after`` of the simulator."""


@pytest.mark.parametrize("later_ms", [1, 2, 3, 4, 5, 6, 12, 40])
def test_what_its_file_lacks_is_kept_by_a_replica(later_ms: int) -> None:
    """The file holds each key, and of one the value of half a second ago: no count shows that.

    Nor does a history, for the file has none.
    """
    world = World(Setup(later_ms, "any", CAST, WriteRules(), Settings(load_s=0.0), ()))
    world.schedule.run(QUIET_S)
    old = world.nodes[OLD]
    old.save()
    old.forget_history()
    kept = set(old.values)
    world.schedule.run(0.5)
    assert set(old.values) == kept
    old.crash()
    world.schedule.run(CALLED_DOWN_S + later_ms / 1000)
    acks = [ack for client in world.clients for ack in client.acks]
    old.start()
    assert world.settles(40.0), world.unsettled()
    primary = next(node for node in world.nodes.values() if node.follows is None)
    assert [ack for ack in acks if ack.value not in primary.values[KEY]] == [], "\n".join(world.story)


def test_what_the_replicas_have_copied_over_before_anybody_could_lead_is_told_to_be_lost() -> None:
    """It was only "up again": nobody could prove any more that it had come back with old data."""
    world = World(Setup(1, "any", CAST, WriteRules(), Settings(load_s=0.0), ()))
    world.schedule.run(QUIET_S)
    old = world.nodes[OLD]
    old.save()
    world.schedule.run(0.5)
    alone, *others = world.hosts.values()
    for host in others:
        host.crash()
    old.crash()
    world.schedule.run(CALLED_DOWN_S)
    old.start()
    world.schedule.run(3.0)
    assert all(node.link_up for node in world.nodes.values() if node is not old)
    for host in others:
        host.start()
    assert world.settles(40.0), world.unsettled()
    assert old.follows is None
    told = [line for line in world.story if "no node holds it any more: restarted at offset" in line]
    assert len(told) == 1 and f" {alone.name} " in told[0], "\n".join(world.story)


def test_whoever_starts_it_a_primary_returns_as_what_its_supervisor_makes_of_it() -> None:
    """Also when the run's faults end before it was due: as a master its replicas could copy its old data."""
    fault = Fault(
        SAFETY_S - OLD_BY_S - CALLED_DOWN_S / 10, "primary returns old as a replica", ("h2:6379",), 5.0
    )
    world = World(Setup(1, "returns", CAST, WriteRules(), Settings(), (fault,)))
    world.run()
    assert any("does not get its role back" in line for line in world.story), "\n".join(world.story)
