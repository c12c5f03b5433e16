"""What is told of a node that this sentinel lost sight of: not that it is up again."""

from __future__ import annotations

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Received, Stalled
from quorum.messages import Entry, Grade, Opinion, Opinions
from quorum.opinions import Report
from sentinel.notices import nodes
from tests.unit.sentinel.coordinator_cases import COMMITTED, KNOWN, A, C, World

ABOUT = ("node_down", "node_unknown", "node_up", "quorum_down", "quorum_up", "blind")


def told(world: World) -> list[str]:
    return [name for name in world.told_names() if name in ABOUT]


def with_dead_replica() -> World:
    world = World()
    world.kill(C)
    world.advance(0.1)
    assert told(world) == ["node_down", "quorum_down"]
    return world


def stall(world: World) -> None:
    world.now += 5.0
    world.step(Stalled(5.0))


def test_after_a_stall_a_dead_node_is_unknown_and_then_down_again() -> None:
    world = with_dead_replica()
    stall(world)
    assert told(world) == ["node_unknown"]
    world.step(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
    world.advance(0.2)
    assert told(world) == ["node_down"], "that a quorum calls it down was told before, and never taken back"


def test_after_a_stall_a_node_that_answers_is_up_again() -> None:
    world = with_dead_replica()
    stall(world)
    world.dead.clear()
    world.step(Observed(C, Evidence(EvidenceKind.ALIVE)))
    assert told(world) == ["node_unknown", "node_up", "quorum_up"]


def test_after_a_stall_a_node_that_was_up_is_up() -> None:
    world = World()
    stall(world)
    assert told(world) == []
    assert not world.coordinator.member.verdict(C, world.now).unknown


def test_who_cannot_look_says_so_once_and_not_that_it_is_up() -> None:
    world = with_dead_replica()
    for _ in range(3):
        world.step(Observed(C, Evidence(EvidenceKind.BLIND, "cannot connect from here: Too many open files")))
        world.advance(2.0)
    assert told(world) == ["node_unknown", "blind"]
    assert world.coordinator.member.verdict(C, world.now).unknown


def test_that_nobody_else_can_be_heard_makes_no_node_alive() -> None:
    world = World(members=3)
    down = Opinions(1, 1, (Opinion(C, True, Grade.REFUSED),), COMMITTED)
    world.coordinator.member.board._quorum = 2
    world.kill(C)
    world.step(Received("s2", down))
    assert told(world) == ["node_down", "quorum_down"]
    world.advance(5.0)
    assert told(world) == [], "the other's word has gone stale"
    world.dead.clear()
    world.advance(0.1)
    assert told(world) == ["node_up", "quorum_up"]


def test_an_unknown_node_s_sentinel_supports_nobody() -> None:
    world = World(KNOWN, members=3)
    board = world.coordinator.member.board
    entry = Entry(1, 1, COMMITTED.topology)
    board.record("s2", Report.of(Opinions(1, 1, (Opinion(A, down=False, unknown=True),), entry)), world.now)
    board.record("s3", Report.of(Opinions(1, 1, (), entry)), world.now)
    assert board.unknown(A, world.now) == {"s2"}
    assert board.down(A, world.now) == {}
    assert board.supporters(A, 0.0) == {"s3"}


def test_the_notices_say_why() -> None:
    world = with_dead_replica()
    stall(world)
    assert "stalled" in str(world.last(nodes.NodeUnknown).detail)
