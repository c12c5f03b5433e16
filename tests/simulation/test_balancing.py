"""Sentinels whose configuration has a name that leads to several servers leave it out, and go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.balancing import ADDED
from tests.simulation.faults import Fault
from tests.simulation.naming import BALANCED, Naming
from tests.simulation.test_simulation import check, plain
from tests.simulation.trial import run_setup
from tests.simulation.world import World


def added(*sentinels: str) -> list[Fault]:
    return [Fault(1.0 + 0.5 * n, ADDED, (name, BALANCED), 0.2) for n, name in enumerate(sentinels)]


@pytest.mark.parametrize("sentinels", [("h1",), ("h1", "h2"), ("h1", "h2", "h3")])
def test_a_primary_is_lost_and_replaced_and_one_is_handed_over(sentinels: tuple[str, ...]) -> None:
    plan = [
        *added(*sentinels),
        Fault(8.0, "crash primary", ("h1:6379",), 3.0),
        Fault(18.0, "operator switchover", ("h1:6379",)),
        Fault(22.0, "hang node", ("h2:6379",), 2.0),
    ]
    outcome = run_setup(replace(plain(), plan=tuple(plan)))
    check(outcome)
    assert outcome.coverage["a failover"] > 0
    assert outcome.coverage[f"a configuration that names the nodes {Naming.BALANCED}"] == len(sentinels)


def test_each_sentinel_finds_it_out_and_goes_by_their_own_names() -> None:
    world = World(replace(plain(), plan=()))
    world.schedule.run(3.0)
    for host in world.hosts.values():
        host.naming = (Naming.BALANCED, BALANCED)
        host.crash()
        host.start()
    world.schedule.run(4.0)
    for host in world.hosts.values():
        assert host.brain is not None and BALANCED in host.brain.book.balanced
        assert BALANCED not in host.brain.book.names and set(world.nodes) <= set(host.brain.book.names)
