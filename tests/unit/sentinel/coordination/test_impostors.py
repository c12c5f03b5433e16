"""A name that leads to another server than the node: known by how long that has been running."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.step_types import Promote
from sentinel.coordination.impostors import MARGIN_S, Impostors
from sentinel.coordination.inputs import StepDone
from sentinel.coordination.moment import Moment
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.relations import Relations
from sentinel.notices import nodes
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info

THEIR_REPLICA = Attached("10.0.0.77", 6379, "online", 100, 0)
FOREIGN = replace(
    info(A, "master", attached=(THEIR_REPLICA,)), run_id="x" * 40, replid="x1", keys=1000, uptime_s=500
)


class Names:
    """A is the primary of history h1, heard at 0, and B its replica."""

    def __init__(self) -> None:
        specs = [NodeSpec(A, "redis-a", 6379), NodeSpec(B, "redis-b", 6379)]
        self.book = NodeBook(specs, discover=True)
        self.relations = Relations(self.book)
        self.impostors = Impostors(self.book, self.relations)
        self.says(A, info(A, "master"), 0.0)
        self.says(B, info(B), 0.0)

    def says(self, name: str, said: NodeInfo, now: float, wall_s: float | None = None) -> str:
        wall_ms = round((now if wall_s is None else wall_s) * 1000)
        why, _ = self.impostors.look(name, said, A, Moment(now, wall_ms))
        if why is None:
            self.book.update(name, said, None, now)
            self.relations.seen(name, A)
        return why or ""


def test_a_process_that_ran_before_the_node_was_last_heard_is_no_restart_of_it() -> None:
    names = Names()
    why = names.says(A, FOREIGN, 10.0)
    assert why == (
        "another server answers there (run id xxxxxxxx): it has been running for 500 s, and the node itself "
        "was heard 10 s ago"
    )
    assert names.book.hands_off(A) == why
    [view] = names.book.views(names.book.onlooker(10.0, lambda _: True, lambda _: False), [A])
    assert (view.reachable, view.replid) == (False, info(A, "master").replid), "as the node was seen last"
    assert not names.relations.kinship.has_had(FOREIGN)


@pytest.mark.parametrize(
    "said",
    [
        replace(FOREIGN, uptime_s=int(10 + MARGIN_S)),
        replace(FOREIGN, replid2="h1", second_offset=101),
        replace(info(B), run_id="x" * 40, uptime_s=500),
        replace(FOREIGN, run_id=info(A, "master").run_id),
    ],
    ids=["may-be-its-restart", "has-the-groups-data", "follows-the-group", "the-same-process"],
)
def test_what_may_be_the_node_is_taken_for_it(said: NodeInfo) -> None:
    names = Names()
    assert names.says(A, said, 10.0) == ""
    assert names.book.hands_off(A) == ""


def test_a_clock_that_stood_still_makes_nobody_another() -> None:
    assert Names().says(A, FOREIGN, 10.0, wall_s=600.0) == ""


def test_a_master_that_a_node_of_the_group_follows_is_the_groups() -> None:
    names = Names()
    names.says(B, replace(info(B), replid="x1", link_up=True), 10.0)
    assert names.says(A, FOREIGN, 10.0) == ""


def test_it_stays_another_until_it_proves_otherwise() -> None:
    names = Names()
    why = names.says(A, FOREIGN, 10.0)
    assert names.says(A, replace(FOREIGN, run_id="y" * 40, uptime_s=0), 20.0) == why, "restarted"
    assert names.says(A, info(A, "master"), 30.0) == ""
    assert names.book.hands_off(A) == ""


def test_an_empty_server_at_a_replicas_name_loses_nothing() -> None:
    names = Names()
    empty = replace(FOREIGN, keys=0, attached=())
    assert names.says(B, empty, 10.0) == ""
    assert names.says(B, FOREIGN, 10.0) == "", "the same process"
    other = Names()
    assert other.says(B, FOREIGN, 10.0) != ""
    assert other.says(A, empty, 10.0) != "", "a primary is not taken for another, however empty"


def test_a_primary_whose_name_leads_elsewhere_is_silent_and_replaced_and_the_other_left_alone() -> None:
    world = World(members=1)
    world.nodes[A] = FOREIGN
    for node in (B, C):
        world.nodes[node] = replace(world.nodes[node], link_up=False, link_down_s=0)
    promoted = False
    for _ in range(100):
        world.advance(0.1)
        world.look()
        while world.performs:
            perform = world.perform()
            node = perform.step.node
            assert node != A, perform
            if isinstance(perform.step, Promote):
                promoted = True
                new = info(node, "master", attached=(), replid="h2", replid2="h1", second_offset=102)
                world.nodes = {A: FOREIGN, B: info(B, follows=node), C: info(C, follows=node), node: new}
            world.step(StepDone(perform.token))
    assert promoted
    down = [event for event in world.events(nodes.NodeDown) if event.node == A]
    assert [event.grade for event in down] == ["silent"]
    assert "another server answers there" in down[0].detail


def test_while_the_replicas_hear_the_node_nobody_takes_its_place() -> None:
    world = World(members=1)
    world.nodes[A] = FOREIGN
    for number in range(60):
        for node in (B, C):
            world.nodes[node] = replace(world.nodes[node], last_io_s=0, replica_offset_bytes=200 + number)
        world.advance(0.1)
        world.look()
        assert not world.performs
