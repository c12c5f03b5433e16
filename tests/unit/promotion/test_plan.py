"""The steps that make every node follow the primary, and when there must be none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.plan import Plan, reconcile
from promotion.step_types import Known, Repoint
from promotion.view import NodeView

PRIMARY = "p:1"
TARGET = NodeView(PRIMARY, "announced", 7001, role="master", keys=9)


def node(name: str, **changes: object) -> NodeView:
    """A replica in step with the primary, unless ``changes`` say otherwise."""
    view = NodeView(f"{name}:1", name, 1, role="slave", follows=PRIMARY, link_up=True, keys=9)
    return replace(view, **changes)  # type: ignore[arg-type]


def master(name: str, **changes: object) -> NodeView:
    return node(name, **{"role": "master", "follows": None, "link_up": False, **changes})


def lost(name: str, **changes: object) -> NodeView:
    """A replica of a foreign primary."""
    return node(name, **{"follows": "old:1", "link_up": False, **changes})


def repoint(name: str, reason: str = "repoint") -> Repoint:
    return Repoint(f"{name}:1", "announced", 7001, reason)  # type: ignore[arg-type]


def plan(*views: NodeView, parallel_syncs: int = 1, in_flight: Sequence[str] = ()) -> Plan:
    return reconcile(PRIMARY, views, parallel_syncs=parallel_syncs, in_flight=frozenset(in_flight))


def test_nothing_to_do_when_all_follow() -> None:
    assert plan(TARGET, node("a"), node("b")) == Plan()


def test_a_stray_master_is_demoted_and_a_lost_replica_is_repointed() -> None:
    found = plan(TARGET, lost("a"), master("b"), node("c"), parallel_syncs=5)
    assert found == Plan(steps=(repoint("b", "demote"), repoint("a")))


def test_what_is_not_the_groups_is_left_alone() -> None:
    found = plan(
        TARGET, master("a", hands_off="its history is none of ours"), lost("b", hands_off="so it is")
    )
    assert found == Plan()


def test_a_step_for_a_node_that_nobody_configured_names_the_server_that_was_seen() -> None:
    found = plan(TARGET, master("a", discovered=True, run_id="r1", replid="h1"), lost("b"))
    assert [step.known for step in found.steps] == [Known("r1", "master", "h1"), None]


def test_replicas_wait_for_their_turn_and_demotions_do_not() -> None:
    found = plan(TARGET, lost("a"), lost("b"), lost("c"), master("d"), master("e"), parallel_syncs=2)
    assert found.steps == (repoint("d", "demote"), repoint("e", "demote"), repoint("a"), repoint("b"))
    assert found.waiting == ("c:1",)


def test_for_one_at_which_it_failed_nobody_waits() -> None:
    views = [TARGET, lost("a"), lost("b"), master("d")]
    found = reconcile(PRIMARY, views, parallel_syncs=1, last={"a:1"})
    assert found.steps == (repoint("d", "demote"), repoint("b"))
    assert found.waiting == ("a:1",)


def test_who_synchronises_or_is_on_its_way_takes_a_turn() -> None:
    syncing = node("a", link_up=False, sync_in_progress=True)
    found = plan(TARGET, syncing, lost("b"), lost("c"), lost("d"), parallel_syncs=3, in_flight=["b:1"])
    assert found.syncing == ("a:1", "b:1")
    assert found.steps == (repoint("c"),)
    assert found.waiting == ("d:1",)


def test_who_does_not_answer_is_left_alone_and_takes_no_turn() -> None:
    gone = [lost("a", reachable=False), master("b", down=True), lost("c", role="")]
    found = plan(TARGET, *gone, lost("d"))
    assert found.unreachable == ("a:1", "b:1", "c:1")
    assert found.steps == (repoint("d"),)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (None, "p:1 does not answer"),
        (replace(TARGET, reachable=False), "p:1 does not answer"),
        (replace(TARGET, down=True), "p:1 does not answer"),
        (replace(TARGET, role=""), "p:1 does not answer"),
        (replace(TARGET, role="slave"), "p:1 answers as a replica"),
        (replace(TARGET, loading=True), "p:1 is loading its data set"),
        (replace(TARGET, keys=0), "p:1 is empty, while a:1, b:1 would lose data by following it"),
    ],
)
def test_nothing_is_pointed_at_a_primary_that_is_none(target: NodeView | None, why: str) -> None:
    views = [lost("a"), master("b"), *([target] if target else [])]
    assert plan(*views, parallel_syncs=9) == Plan(blocked=why, would_wipe="would lose" in why)


def test_a_wiped_primary_does_not_wipe_even_the_last_holder() -> None:
    wiped = replace(TARGET, keys=0)
    assert plan(wiped, lost("a", keys=0), lost("b", keys=1)).blocked is not None
    assert plan(wiped, lost("a", keys=0)) == Plan(steps=(repoint("a"),)), "there is nothing to lose"


@dataclass
class World:
    """A model of the nodes, in which a step changes what the next look shows."""

    views: dict[str, NodeView]

    def look(self) -> list[NodeView]:
        return list(self.views.values())

    def apply(self, step: Repoint) -> None:
        assert (step.primary_host, step.primary_port) == (TARGET.host, TARGET.port)
        changed = replace(
            self.views[step.node], role="slave", follows=PRIMARY, link_up=False, sync_in_progress=True
        )
        self.views[step.node] = changed

    def sync(self, name: str) -> None:
        keys = self.views[PRIMARY].keys
        self.views[name] = replace(self.views[name], link_up=True, sync_in_progress=False, keys=keys)

    def syncing(self) -> list[str]:
        return [v.name for v in self.look() if v.follows == PRIMARY and v.role == "slave" and not v.link_up]


NODES = st.lists(st.sampled_from([node, master, lost]), max_size=6).map(
    lambda kinds: [kind(f"n{place}") for place, kind in enumerate(kinds)]
)


def test_nothing_is_pointed_at_a_primary_that_lost_what_it_still_holds() -> None:
    """It was restarted with an old snapshot, which clients have written to since."""
    old = replace(TARGET, replid="new", offset_bytes=900, replid2="h1", second_offset=301)
    holder = lost("a", replid="h1", offset_bytes=500)
    made = reconcile(PRIMARY, [old, holder, lost("b", replid="x")], parallel_syncs=1, lost={"h1"})
    assert made.steps == () and made.would_wipe
    assert made.blocked == f"{PRIMARY} has lost data, which a:1 would lose by following it"
    behind = replace(holder, offset_bytes=300)
    assert reconcile(PRIMARY, [old, behind], parallel_syncs=1, lost={"h1"}).steps


def test_what_an_agreed_failover_left_behind_is_given_up() -> None:
    """The old primary has more of the history than the one that was promoted from it."""
    promoted = replace(TARGET, replid="h2", offset_bytes=600, replid2="h1", second_offset=501)
    returned = master("a", replid="h1", offset_bytes=550)
    assert plan(promoted, returned).steps == (repoint("a", "demote"),)


@given(nodes=NODES, parallel_syncs=st.integers(1, 3), random=st.randoms(use_true_random=False))
def test_it_ends_the_same_wherever_it_is_interrupted(
    nodes: list[NodeView], parallel_syncs: int, random: Random
) -> None:
    """A leader dies after any step of any plan; the next one looks again, and goes on."""
    world = World({view.name: view for view in [TARGET, *nodes]})
    strays = sum(view.role == "master" for view in nodes)
    for turn in range(40):
        found = reconcile(PRIMARY, world.look(), parallel_syncs=parallel_syncs)
        assert found.blocked is None
        demotions = [step for step in found.steps if step.reason == "demote"]
        assert list(found.steps[: len(demotions)]) == demotions, "a split brain ends first"
        if not (found.steps or found.waiting or found.syncing):
            break
        disturbed = turn < 8
        for step in found.steps[: random.randint(0, len(found.steps)) if disturbed else None]:
            world.apply(step)
        assert len(world.syncing()) <= parallel_syncs + strays
        for name in world.syncing():
            if not disturbed or random.random() < 0.5:
                world.sync(name)
    else:
        raise AssertionError("it does not end")
    assert world.look() == [
        TARGET,
        *(replace(view, role="slave", follows=PRIMARY, link_up=True, keys=9) for view in nodes),
    ]


@given(
    nodes=NODES,
    held=st.lists(st.integers(0, 2), min_size=6, max_size=6),
    target=st.builds(
        replace,
        st.just(TARGET),
        keys=st.sampled_from([0, 3]),
        role=st.sampled_from(["master", "slave", ""]),
        loading=st.booleans(),
        reachable=st.booleans(),
    ),
)
def test_no_step_ever_points_data_at_nothing(
    nodes: list[NodeView], held: list[int], target: NodeView
) -> None:
    views = [replace(view, keys=keys) for view, keys in zip(nodes, held, strict=False)]
    found = plan(target, *views, parallel_syncs=9)
    if found.steps:
        assert (target.role, target.reachable, target.loading) == ("master", True, False)
        moved = {step.node for step in found.steps}
        assert target.keys or not any(view.keys for view in views if view.name in moved)
