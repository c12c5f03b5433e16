"""Sentinels that name the nodes differently, restarted with other names, agree and fail over all the same."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.simulation.faults import Fault
from tests.simulation.naming import ALIAS, Naming, true_name
from tests.simulation.test_simulation import check, plain
from tests.simulation.trial import Outcome, run_setup
from tests.simulation.world import World

FIRST = "h1:6379"
KINDS = {
    Naming.ALIASES: "rename nodes",
    Naming.WITHOUT: "leave a node out",
    Naming.TWICE: "list a node twice",
}


def restarts(world: World, naming: Naming, *hosts: str) -> None:
    for host in hosts:
        world.hosts[host].naming = (naming, FIRST)
        world.hosts[host].crash()
        world.hosts[host].start()


def begun(naming: Naming, *hosts: str) -> World:
    """Agreed on, and then these sentinels are restarted with other configurations."""
    world = World(plain())
    world.schedule.run(3.0)
    assert world.unsettled() is None
    restarts(world, naming, *(hosts or world.hosts))
    world.schedule.run(3.0)
    return world


def agreed(world: World) -> str:
    """The primary's server, by all sentinels."""
    topologies = [host.disk.committed.topology for host in world.hosts.values()]
    names = {true_name(topology.primary) for topology in topologies if topology is not None}
    assert len(names) == 1
    return names.pop()


def dies(world: World) -> str:
    """The primary goes, for good; another is agreed on, and all others follow it."""
    before = agreed(world)
    world.nodes[before].crash()
    world.schedule.run(8.0)
    after = agreed(world)
    assert after != before, "\n".join(world.story[-40:])
    others = [node for node in world.nodes.values() if node.name not in (before, after)]
    for node in others:
        assert node.follows is not None and true_name(node.follows[0]) == world.nodes[after].host
    assert world.nodes[after].follows is None and not world.nodes[after].writes_paused
    return before


@pytest.mark.parametrize("naming", KINDS)
def test_a_primary_is_lost_and_replaced_whatever_the_configurations_say(naming: Naming) -> None:
    dies(begun(naming))


@pytest.mark.parametrize("renamed", [("h1",), ("h1", "h2"), ("h2", "h3")])
def test_what_is_said_of_a_node_counts_by_whatever_name(renamed: tuple[str, ...]) -> None:
    world = begun(Naming.ALIASES, *renamed)
    back = dies(world)
    world.nodes[back].start()
    world.schedule.run(6.0)
    dies(world)


def test_two_that_name_it_differently_are_a_quorum() -> None:
    world = begun(Naming.ALIASES, "h1")
    world.hosts["h3"].crash()
    world.nodes[FIRST].crash()
    world.schedule.run(8.0)
    said = {world.hosts[name].disk.committed.topology for name in ("h1", "h2")}
    assert {true_name(topology.primary) for topology in said if topology} <= {"h2:6379", "h3:6379"}


def test_a_server_that_is_listed_twice_does_not_follow_itself() -> None:
    world = begun(Naming.TWICE)
    dies(world)
    world.nodes[FIRST].start()
    world.schedule.run(6.0)
    for host in world.hosts.values():
        assert host.brain is not None and host.brain.book.doubles == {f"{ALIAS}{FIRST}": FIRST}
    second = dies(world)
    assert agreed(world) in (FIRST, "h2:6379", "h3:6379") and second != FIRST
    assert world.nodes[agreed(world)].follows is None


def test_what_is_restarted_is_one_node_all_the_time() -> None:
    """Its two names see that at different moments."""
    world = begun(Naming.TWICE)
    for _ in range(4):
        world.nodes[FIRST].crash()
        world.schedule.at(0.04, world.nodes[FIRST].start)
        for _ in range(60):
            world.schedule.run(0.05)
            for host in world.hosts.values():
                assert host.brain is not None and host.brain.book.names.count(f"{ALIAS}{FIRST}") == 0


@pytest.mark.parametrize("kind", [*KINDS.values(), "name nodes as usual"])
def test_the_rules_hold_while_sentinels_are_restarted_with_other_names(kind: str) -> None:
    plan = [Fault(1.0 + n * 0.7, kind, (f"h{n % 3 + 1}", FIRST), 0.3) for n in range(6)]
    plan += [Fault(6.0, "crash primary", (FIRST,), 2.0), Fault(12.0, "operator switchover", (FIRST,), 0.0)]
    outcome: Outcome = run_setup(replace(plain(), plan=tuple(plan)))
    check(outcome)


def test_a_world_can_be_made_of_any_naming() -> None:
    for naming in Naming:
        world = World(plain())
        world.schedule.at(0.5, partial(restarts, world, naming, "h1"))
        world.schedule.run(3.0)
        assert world.unsettled() is None
