"""A sentinel that alone could promote nobody says so, to its peers at once and to people once it lasts."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from promotion.forecast import forecast
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Received
from quorum.messages import GENESIS, Opinions
from sentinel.coordination import own_reach
from sentinel.notices import leaders
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info


def refuse(world: World) -> None:
    for node in (B, C):
        world.step(Observed(node, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))


def pass_time(world: World, seconds: int) -> None:
    """B and C go on refusing."""
    world.dead |= {B, C}
    for _ in range(seconds * 4):
        refuse(world)
        world.advance(0.25)


def test_it_could_as_long_as_a_replica_can_be_used() -> None:
    world = World(members=3)
    assert world.coordinator.member.standing.why_not(world.now) == ""
    world.step(Observed(B, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))
    assert world.coordinator.member.standing.why_not(world.now) == ""


def test_where_all_refuse_it_the_reason_names_each() -> None:
    world = World(members=3)
    refuse(world)
    why = world.coordinator.member.standing.why_not(world.now)
    assert f"{B}: WRONGPASS" in why and f"{C}: WRONGPASS" in why
    world.step(Received("s2", Opinions(1, 1, (), GENESIS, stands_back="")))
    assert world.coordinator.member.standing.place(world.now) >= 3


def test_people_are_told_once_it_lasts_and_only_if_others_could() -> None:
    world = World(members=3)
    pass_time(world, 7)
    assert leaders.StandsBack.name not in world.told_names(), "nobody has said that it could"
    world.step(Received("s2", Opinions(1, 1, (), GENESIS, stands_back="")))
    pass_time(world, 3)
    assert leaders.StandsBack.name not in world.told_names()
    pass_time(world, 4)
    assert world.last(leaders.StandsBack).able == ("s2",)
    assert world.told_names().count(leaders.StandsBack.name) == 1
    world.dead.clear()
    world.look()
    world.advance(2.0)
    assert leaders.StandsAgain.name in world.told_names()
    assert A not in world.dead


def test_all_nodes_are_ranked_anew_only_once_the_one_found_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(members=3)
    ranked = Mock(wraps=forecast)
    monkeypatch.setattr(own_reach, "forecast", ranked)
    for _ in range(40):
        world.look()
        world.advance(0.1)
        assert world.coordinator.member.standing.why_not(world.now) == ""
    assert ranked.call_count <= 1
    refuse(world)
    assert world.coordinator.member.standing.why_not(world.now) != ""


def counted(monkeypatch: pytest.MonkeyPatch) -> Mock:
    ranked = Mock(wraps=forecast)
    monkeypatch.setattr(own_reach, "forecast", ranked)
    return ranked


def test_while_no_leader_is_wanted_news_of_nodes_it_cannot_promote_can_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind a promotion the third node is not linked yet, and there is news all the time."""
    world = World(members=3, nodes={A: info(A, "master"), B: info(B, priority=0), C: info(C, priority=0)})
    member, book = world.coordinator.member, world.coordinator.book
    world.advance(2.0)
    ranked = counted(monkeypatch)
    assert "priority" in member.standing.why_not(world.now)
    before = ranked.call_count
    for _ in range(8):
        book.version += 1
        member.standing.why_not(world.now)
    assert ranked.call_count == before
    world.step(Observed(A, Evidence(EvidenceKind.CLOSED)))
    world.step(Observed(A, Evidence(EvidenceKind.REFUSED)))
    book.version += 1
    member.standing.why_not(world.now)
    assert ranked.call_count > before, "now it matters"


def test_while_no_leader_is_wanted_whom_it_could_promote_is_not_looked_for_at_each_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind a promotion the one that was found is the primary, and there is news all the time."""
    world = World(members=3)
    member, book = world.coordinator.member, world.coordinator.book
    world.advance(2.0)
    monkeypatch.setattr(own_reach, "HOLDS_S", 0.0)
    ranked = counted(monkeypatch)
    for _ in range(8):
        book.version += 1
        assert member.standing.why_not(world.now) == ""
    assert ranked.call_count <= 1


def test_where_no_node_can_be_used_none_is_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(members=3)
    ranked = counted(monkeypatch)
    refuse(world)
    assert "WRONGPASS" in world.coordinator.member.standing.why_not(world.now)
    assert ranked.call_count == 0
