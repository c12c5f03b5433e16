"""What the judgements are made of."""

from __future__ import annotations

import pytest

from promotion.sealing import WriteRules
from tests.simulation.checks import ASKED_FOR_S, MAX_ELECTIONS, RACE_S, RuleBrokenError
from tests.simulation.faults import Cast
from tests.simulation.finding import CLIENTS, HOSTS, NODES
from tests.simulation.node import Settings
from tests.simulation.world import Setup, World


@pytest.fixture
def world() -> World:
    return World(Setup(1, "any", Cast(HOSTS, NODES, CLIENTS), WriteRules(), Settings(), ()))


def elect(world: World, count: int) -> None:
    for _ in range(count):
        world.checks.count_election()


def test_terms_race_when_so_many_are_elected_within_a_short_time(world: World) -> None:
    elect(world, MAX_ELECTIONS)
    with pytest.raises(RuleBrokenError, match=f"L1: {MAX_ELECTIONS} elections within"):
        elect(world, 1)


def test_elections_that_are_spread_out_are_no_race(world: World) -> None:
    elect(world, MAX_ELECTIONS)
    world.schedule.now += RACE_S
    elect(world, MAX_ELECTIONS)


def test_each_thing_that_an_operator_asks_for_takes_one_more(world: World) -> None:
    for _ in range(3):
        world.next_operation()
    elect(world, MAX_ELECTIONS + 3)
    with pytest.raises(RuleBrokenError):
        elect(world, 1)


def test_what_was_asked_for_long_ago_excuses_nothing(world: World) -> None:
    world.next_operation()
    world.schedule.now += ASKED_FOR_S + RACE_S
    elect(world, MAX_ELECTIONS)
    with pytest.raises(RuleBrokenError):
        elect(world, 1)
