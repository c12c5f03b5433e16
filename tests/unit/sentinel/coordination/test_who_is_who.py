"""What a sentinel makes of names: of an entry from before a renaming, of doubles, of an unlisted primary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Request
from promotion.step_types import Promote, Repoint
from quorum.inputs import Received, Watch
from quorum.messages import Entry, HardState, Intent, Opinions, Place, Topology
from sentinel.coordination.agreed_nodes import named_by
from sentinel.coordination.contested import Contested
from sentinel.coordination.inputs import InfoSeen, Requested
from sentinel.notices import nodes
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info

OLD = "10.0.0.1:6379"
"""What redis-a was called before, or by others."""


def agreed(primary: str, previous: str | None = None, at: Place | None = None) -> HardState:
    entry = Entry(1, 1, Topology(primary, 1, previous, "bootstrap", "s1", 0, 0, primary_at=at))
    return HardState(1, None, entry, entry)


def test_a_primary_that_the_configuration_names_otherwise_is_one_node_and_not_two() -> None:
    world = World(agreed(OLD))
    assert world.primary == (OLD, 1), "who it is shows when it has answered under both names"
    world.step(InfoSeen(OLD, info(A, "master"), None))
    assert world.primary == (A, 1) and world.coordinator.book.names == (A, B, C)
    assert "unlisted" not in world.told_names() and world.performs == []
    world.kill(A)
    assert world.perform().step == Promote(B)
    intent = world.coordinator.member.view.newest.intent
    assert intent is not None and intent.target_at == Place("redis-b", 6379, run_id=f"run-{B}")


def test_the_run_id_in_the_entry_tells_who_it_is_before_the_old_name_answers() -> None:
    world = World(agreed(OLD, at=Place("10.0.0.1", 6379, run_id=f"run-{A}")))
    assert world.primary == (A, 1)


@pytest.mark.parametrize("name", ["REDIS-A:6379", "redis-a.:6379"])
def test_another_spelling_needs_no_answer_at_all(name: str) -> None:
    assert World(agreed(name), dead={A}).primary == (A, 1)


def test_an_unlisted_primary_is_watched_told_and_failed_over() -> None:
    world = World(agreed(OLD))
    gone = {**world.nodes, OLD: info(OLD, "master")}
    follow = {name: replace(info(name), master_host="10.0.0.1") for name in (A, B, C)}
    world.nodes = {**gone, **follow}
    world.look()
    assert world.last(nodes.Unlisted).node == OLD and world.coordinator.who_is_who.unlisted == OLD
    world.step(InfoSeen(OLD, world.nodes[OLD], None))
    assert len(world.events(nodes.Unlisted)) == 1
    world.kill(OLD)
    assert isinstance(world.perform().step, Promote)


def test_a_committed_primary_that_is_unknown_here_is_stored_watched_and_told() -> None:
    """A peer has it from its own configuration, or has discovered it."""
    world = World(members=3)
    topology = Topology(OLD, 7, A, "silent", "s2", 0, 0, primary_at=Place("10.0.0.1", 6379, run_id="run-x"))
    world.step(Received("s2", Opinions(1, 1, (), Entry(7, 2, topology))))
    assert world.primary == (OLD, 7) and world.disk.state.committed.topology == topology
    assert OLD in world.coordinator.book.watched and OLD in world.coordinator.member.names.nodes
    world.advance(1.5)
    assert world.coordinator.member.verdict(OLD, world.now).down, "it is judged like any other"
    assert world.last(nodes.Unlisted).node == OLD


def test_one_whose_name_says_no_address_is_told_not_to_be_watched() -> None:
    world = World(members=3)
    topology = Topology("the big one", 7, A, "silent", "s2", 0, 0)
    world.step(Received("s2", Opinions(1, 1, (), Entry(7, 2, topology))))
    assert world.primary == ("the big one", 7)
    world.look()
    assert world.last(nodes.Unwatched).node == "the big one"


def test_it_is_let_go_once_no_entry_names_it() -> None:
    world = World(agreed(OLD))
    follow = {name: replace(info(name), master_host="10.0.0.1") for name in (A, B, C)}
    world.nodes = {OLD: info(OLD, "master"), **follow}
    world.look()
    world.kill(OLD)
    promoted = world.succeed().step.node
    world.succeed()
    world.succeed()
    assert OLD in world.coordinator.book and not world.coordinator.book[OLD].spec.unlisted, "it was primary"
    assert world.coordinator.committed is not None and world.coordinator.committed.primary == promoted
    assert world.coordinator.who_is_who.unlisted is None
    assert world.events(nodes.Identified)


def test_an_intents_target_is_watched_too() -> None:
    known = agreed(A).committed.topology
    entry = Entry(2, 1, known, Intent(OLD, "odown", "s2", 0, Place("10.0.0.1", 6379)))
    world = World(HardState(2, None, entry, agreed(A).committed), in_touch=False, members=3)
    assert OLD in world.coordinator.book.names and OLD in world.coordinator.member.names.nodes


def test_old_entries_have_the_names_alone() -> None:
    entry = Entry(1, 1, Topology("[::1]:7", 1, "not an address", "x", "s1", 0, 0), Intent(B, "x", "s1", 0))
    assert [(named.name, named.needed) for named in named_by([entry])] == [("[::1]:7", True), (B, True)]
    assert {named.place for named in named_by([entry])} == {Place("::1", 7), Place("redis-b", 6379)}


def twins(**changes: object) -> World:
    """B is a second name of the primary A."""
    nodes = {A: info(A, "master"), B: replace(info(A, "master"), **changes), C: info(C)}  # type: ignore[arg-type]
    return World(nodes=nodes)


def test_of_two_names_of_one_server_the_first_is_used_and_the_other_is_told() -> None:
    world = twins()
    assert world.coordinator.book.names == (A, C) and world.coordinator.book.doubles == {B: A}
    assert world.last(nodes.Double) == nodes.Double(B, A)
    assert [view.name for view in world.coordinator.situation.views(world.now)] == [A, C]
    assert world.performs == [], "and it is not made to follow itself"
    ranking = world.coordinator.situation.ranking(world.now)
    assert ranking is not None and [verdict.node for verdict in ranking.verdicts] == [C]


def test_the_other_name_may_be_what_is_agreed_on() -> None:
    nodes = {A: info(A, "master"), B: info(A, "master"), C: info(C)}
    world = World(agreed(B), nodes=nodes)
    assert world.primary == (A, 1) and world.performs == []
    world.kill(A)
    assert world.perform().step == Promote(C)


def test_a_switchover_to_the_other_name_does_nothing() -> None:
    world = twins()
    world.step(Requested(Request("op-1", world.coordinator.book.local(B), switchover=True)))
    assert world.performs == []


def test_a_server_that_another_group_has_is_not_touched_by_either() -> None:
    contested = Contested()
    world = World()
    who = world.coordinator.who_is_who
    who._contested = contested
    contested.saw("other", "redis-x:1", f"run-{C}", world.now)
    world.nodes[C] = replace(info(C), master_host="redis-x", master_port=1)
    world.look(C)
    world.advance(1.0)
    assert world.last(nodes.Contested).node == C and world.performs == []
    world.kill(A)
    assert world.succeed().step == Promote(B)
    assert [p for p in world.performs if isinstance(p.step, Repoint) and p.step.node == C] == []


def test_a_server_in_cluster_mode_is_neither_demoted_for_ever_nor_promoted() -> None:
    """REPLICAOF is refused there, so each try would be an election that changes nothing."""
    world = World()
    world.nodes[C] = info(C, "master", cluster_mode=True, attached=())
    world.look(C)
    world.advance(30.0)
    assert world.last(nodes.Clustered).node == C
    assert world.told_names().count("elected") == 0 and world.performs == []
    world.nodes[C] = info(C, cluster_mode=True, priority=1)
    world.look(C)
    world.kill(A)
    assert world.succeed().step == Promote(B)


def test_a_primary_in_cluster_mode_is_failed_over_and_not_switched_over() -> None:
    world = World()
    world.nodes[A] = info(A, "master", cluster_mode=True)
    world.look(A)
    world.step(Requested(Request("op-1", B, switchover=True)))
    assert world.performs == []
    world.kill(A)
    assert isinstance(world.succeed().step, Promote)


def test_a_primary_that_is_not_watched_is_told() -> None:
    world = World()
    world.coordinator.member.step(Watch((B, C)), world.now)
    assert world.coordinator.who_is_who.unwatched == A
    world.look(B)
    assert world.last(nodes.Unwatched).node == A


@pytest.mark.parametrize("name", [B, "REDIS-B:6379", OLD])
def test_a_node_is_found_by_any_name_or_address_of_its(name: str) -> None:
    """As an operator's schedule has it, which another sentinel took."""
    world = World(agreed(A))
    world.step(InfoSeen(B, info(B), "10.0.0.1"))
    assert world.coordinator.situation.local(name) == B
    assert world.coordinator.situation.local("elsewhere:1") == "elsewhere:1"
    assert world.coordinator.situation.local("no address") == "no address"
