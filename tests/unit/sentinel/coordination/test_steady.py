"""INFOs that are noted without a step: whatever happens, it comes to what it would have come to by steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.directives import Directives, Schedule
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.messages import HardState
from sentinel.coordination.info_limits import Limits
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.steady import goes_on
from tests.unit.sentinel.coordinator_cases import COMMITTED, WALL_MS, A, B, C, World, info, offset


def steady() -> World:
    """All has been quiet for a while, and each node was looked at once since."""
    world = World(noted=[])
    world.advance(1)
    world.look()
    world.noted = []
    return world


def later(node: NodeInfo, seconds: int = 1) -> NodeInfo:
    """The same node, some time and some writes later."""
    bytes_ = node.offset_bytes + 10 * seconds
    attached = tuple(replace(each, offset_bytes=bytes_, lag_s=seconds % 2) for each in node.attached)
    on = replace(
        offset(node, bytes_), uptime_s=node.uptime_s + seconds, keys=node.keys + 1, attached=attached
    )
    return on if node.role == "slave" else replace(on, replica_offset_bytes=None)


def test_what_says_only_that_time_has_gone_on_is_noted_with_how_far_the_node_is() -> None:
    world = steady()
    world.nodes = {name: later(node) for name, node in world.nodes.items()}
    world.look()
    assert world.noted == [A, B, C]
    book = world.coordinator.book
    assert {name: book[name].info for name in (A, B, C)} == world.nodes
    assert {book[name].info_at for name in (A, B, C)} == {world.now}
    assert world.coordinator.situation.facts(world.now).process == f"run-{A}"


CHANGES: dict[str, Callable[[NodeInfo], NodeInfo]] = {
    "restarted": lambda node: replace(node, run_id="another", uptime_s=0),
    "started again within the second": lambda node: replace(node, run_id="another"),
    "another role": lambda node: info(B, "master"),
    "follows another": lambda node: replace(node, master_host="redis-c"),
    "its link is down": lambda node: replace(node, link_up=False, link_down_s=3),
    "loads": lambda node: replace(node, loading=True),
    "copies": lambda node: replace(node, sync_in_progress=True),
    "emptied": lambda node: replace(node, keys=0),
    "fell back": lambda node: offset(node, 5),
    "another history": lambda node: replace(node, replid="h2"),
    "not to be promoted": lambda node: replace(node, priority=0),
    "writable": lambda node: replace(node, read_only=False),
    "fence evicted": lambda node: replace(node, fence_missing=True),
    "its disk fails": lambda node: replace(node, limits=Limits(aof_failed=True)),
    "full of clients": lambda node: replace(node, limits=Limits(clients=9, max_clients=9)),
    "somebody replicates from it": lambda node: replace(
        node, attached=(Attached("10.0.0.9", 1, "online", 9, 0),)
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_says_more_is_a_step(change: Callable[[NodeInfo], NodeInfo]) -> None:
    world = steady()
    world.nodes[B] = change(later(world.nodes[B]))
    world.look(B)
    assert world.noted == []


def test_a_primary_that_is_full_or_refuses_or_loses_its_replica_is_a_step() -> None:
    full = Limits(used_bytes=9, max_bytes=8)
    for changes in ({"limits": full}, {"limits": Limits(errors=(("OOM", 1),))}, {"attached": ()}):
        world = steady()
        world.nodes[A] = replace(later(world.nodes[A]), **changes)
        world.look(A)
        assert world.noted == [], changes


def test_a_replica_that_acknowledges_nothing_any_more_is_a_step_once() -> None:
    silent = tuple(replace(each, lag_s=61) for each in info(A, "master").attached)
    assert not goes_on(info(A, "master"), info(A, "master", attached=silent))
    silenter = tuple(replace(each, lag_s=62) for each in silent)
    assert goes_on(info(A, "master", attached=silent), info(A, "master", attached=silenter))


def kill_b(world: World) -> None:
    world.kill(B)


def make_odd(world: World) -> None:
    """The primary has not answered for two PINGs."""
    world.now += 0.9


def misconfigure(world: World) -> None:
    world.step(Observed(A, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))


@pytest.mark.parametrize("trouble", [kill_b, make_odd, misconfigure])
def test_while_anything_is_amiss_each_is_a_step(trouble: Callable[[World], None]) -> None:
    world = steady()
    trouble(world)
    world.look(A, C)
    assert world.noted == []


def test_behind_a_change_each_node_is_taken_in_by_a_step_before_it_is_noted() -> None:
    world = steady()
    world.fail_over()
    world.dead.clear()
    world.nodes[A] = info(A, follows=B)
    world.look()
    assert world.noted == []
    world.advance(1)
    world.look()
    assert world.noted == []
    world.look()
    assert world.noted == [A, B, C]


def test_while_a_switchover_is_scheduled_each_is_a_step_for_its_time_may_come() -> None:
    planned = Schedule("op-1", WALL_MS + 60_000, B, WALL_MS, 2_000)
    entry = replace(COMMITTED, directives=Directives(schedule=planned))
    world = World(HardState(1, None, entry, entry), noted=[])
    world.advance(1)
    world.look()
    world.look()
    assert world.noted == []


def test_before_the_first_topology_each_is_a_step() -> None:
    world = World(HardState(), noted=[], in_touch=False, members=3, quorum=2)
    world.look()
    world.look()
    assert world.noted == []


# -- whatever happens ---------------------------------------------------------------------------

_NODE = st.sampled_from((A, B, C))
_ACT = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from((0.05, 0.3, 1.0, 3.0))),
    st.tuples(st.just("look"), _NODE),
    st.tuples(st.just("later"), _NODE),
    st.tuples(st.just("dies"), _NODE),
    st.tuples(st.just("returns"), _NODE),
    # Whom nobody configured does not answer in this world.
    st.tuples(st.sampled_from(sorted(CHANGES.keys() - {"somebody replicates from it"})), _NODE),
)


def act(world: World, what: str, on: object) -> None:
    if what == "advance":
        world.advance(float(str(on)))
    elif what == "look":
        world.look(str(on)) if on not in world.dead else None
    elif what == "later":
        world.nodes[str(on)] = later(world.nodes[str(on)])
        act(world, "look", on)
    elif what == "dies":
        world.kill(str(on))
    elif what == "returns":
        world.dead.discard(str(on))
        act(world, "look", on)
    else:
        world.nodes[str(on)] = CHANGES[what](world.nodes[str(on)])
        act(world, "look", on)
    while world.performs:
        node = world.performs[0].step.node
        if node in world.dead or type(world.performs[0].step).__name__ not in ("Promote", "Repoint"):
            world.performs.pop(0)
        else:
            world.succeed()


@settings(deadline=None, max_examples=40)
@given(st.lists(_ACT, max_size=14))
def test_it_comes_to_what_it_would_have_come_to_by_steps(acts: list[tuple[str, object]]) -> None:
    noting, stepping = World(noted=[]), World()
    for what, on in acts:
        for world in (noting, stepping):
            act(world, what, on)
        ones, others = ((w.told_names(), w.primary, w.now, w.nodes) for w in (noting, stepping))
        assert ones == others
        views, views_by_steps = (w.coordinator.situation.views(w.now) for w in (noting, stepping))
        assert views == views_by_steps
        facts, facts_by_steps = (w.coordinator.situation.facts(w.now) for w in (noting, stepping))
        assert facts == facts_by_steps
