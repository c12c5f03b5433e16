"""A primary that is back from its append-only file just after it was called down."""

from __future__ import annotations

import pytest

from promotion.sealing import WriteRules
from tests.simulation.clients import KEY
from tests.simulation.faults import Cast
from tests.simulation.node import Settings
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
