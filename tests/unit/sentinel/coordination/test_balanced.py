"""Names that lead to several servers in turn: what proves it, and that nothing is decided by them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quorum.messages import Entry, HardState, Place, Topology
from sentinel.coordination.balanced import APART_S, HOLD_S, MAX_REMEMBERED, WINDOW_S, Balanced
from sentinel.coordination.inputs import InfoSeen, NameLooked
from sentinel.notices import nodes
from sentinel.preflight.identity_rules import IDENTITY_RULES, without_balanced
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, group, node

N = "redis:6379"


def led(*run_ids: str, every_s: float = 1.0) -> Balanced:
    names = Balanced()
    for place, run_id in enumerate(run_ids):
        names.heard(N, run_id, place * every_s)
    return names


def test_a_run_id_that_comes_back_is_no_restart() -> None:
    assert N not in led("one", "two", "three", "four"), "it may have been started again and again"
    names = led("one", "two", "one")
    assert "run id one, then to two, and then to the former again" in names.why[N]


def test_a_name_that_moves_and_much_later_moves_back_is_none() -> None:
    assert N not in led("one", "two", "one", every_s=WINDOW_S)


def beside(*, left: str, apart_s: float = APART_S) -> Balanced:
    """Two other names; ``N`` leads to the server of ``left``, and then to that of B."""
    names = Balanced()
    names.heard(B, "two", 10.0)
    names.heard(left, "one", 10.0)
    names.heard(N, "one", 10.0 + apart_s)
    names.heard(N, "two", 20.0)
    return names


def test_a_name_that_goes_over_from_one_node_to_another_is_one() -> None:
    assert beside(left=A).why == {N: f"it led to the server of {A}, and then to that of {B}"}


def test_one_whose_former_server_has_no_other_name_has_moved() -> None:
    """As an address that goes over to whoever is to be primary: it was that node's only name."""
    assert N not in beside(left=N)


def test_a_restart_that_two_names_see_at_different_moments_is_none() -> None:
    assert N not in beside(left=A, apart_s=-0.5)


def test_it_counts_as_one_until_nothing_has_shown_it_for_long() -> None:
    names = led("one", "two", "one")
    assert not names.heard(N, "one", HOLD_S), "the last proof was two seconds later than the first word"
    assert names.heard(N, "one", 2.0 + HOLD_S) and N not in names


def test_what_is_remembered_is_limited() -> None:
    names = led(*(str(number) for number in range(4 * MAX_REMEMBERED)))
    assert len(names._heard[N]) == MAX_REMEMBERED
    names.forget(N)
    assert not names._heard and not names._current


def first_of_all(state: HardState | None = None) -> World:
    """``N`` is listed first, and was heard to lead to the primary."""
    nodes = {N: info(A, "master"), A: info(A, "master"), B: info(B), C: info(C)}
    return World(state or HardState(), nodes=nodes)


def turns(world: World) -> None:
    """Connections to ``N`` reach B, and A again."""
    world.step(NameLooked(N, f"run-{B}"))
    world.step(NameLooked(N, f"run-{A}"))


def test_it_is_left_out_and_the_primary_is_known_by_its_own_name() -> None:
    world = first_of_all()
    assert world.primary == (N, 1) and world.coordinator.book.doubles == {A: N}
    turns(world)
    assert world.primary == (A, 1) and world.coordinator.book.names == (A, B, C)
    assert world.coordinator.book.doubles == {} and N in world.coordinator.book.watched
    assert world.last(nodes.Balanced).node == N
    world.look()
    world.advance(3.0)
    assert world.performs == [] and world.primary == (A, 1)


def test_what_it_answers_after_that_is_nobodys_word() -> None:
    world = first_of_all()
    turns(world)
    world.step(InfoSeen(N, replace(info(B), run_id=f"run-{B}"), None))
    world.advance(3.0)
    assert world.performs == [] and not world.coordinator.member.is_odown(A)
    assert [view.name for view in world.coordinator.situation.views(world.now)] == [A, B, C]


def test_the_primary_that_an_entry_names_so_is_failed_over() -> None:
    world = first_of_all()
    turns(world)
    world.look(A, B, C)
    world.kill(A)
    assert world.perform().step.node in (B, C)


def test_an_entry_of_before_a_restart_is_understood_by_the_run_id() -> None:
    at = Place("redis", 6379, run_id=f"run-{A}")
    entry = Entry(1, 1, Topology(N, 1, None, "bootstrap", "s1", 0, 0, primary_at=at))
    world = first_of_all(HardState(1, None, entry, entry))
    turns(world)
    assert world.primary == (A, 1)
    world.step(InfoSeen(A, replace(info(A, "master"), run_id="run-anew"), None))
    world.coordinator.who_is_who.heard(N, f"run-{C}", world.now)
    assert world.primary == (A, 1), "it restarted, and is the same node"


def test_where_it_was_the_primarys_only_name_that_is_told() -> None:
    at = Place("redis", 6379, run_id="run-x")
    entry = Entry(1, 1, Topology(N, 1, None, "bootstrap", "s1", 0, 0, primary_at=at))
    known = {N: replace(info(A, "master"), run_id="run-x"), B: info(B), C: info(C)}
    world = World(HardState(1, None, entry, entry), nodes=known)
    world.step(NameLooked(N, f"run-{B}"))
    world.step(NameLooked(N, "run-x"))
    assert world.coordinator.who_is_who.unwatched == N and world.performs == []
    assert world.last(nodes.Unwatched).node == N


def test_alone_it_makes_nobody_the_primary() -> None:
    world = World(HardState(), nodes={N: replace(info(A), run_id=f"run-{A}")})
    turns(world)
    world.step(InfoSeen(N, info(A, "master"), None))
    world.advance(3.0)
    assert world.primary is None and world.coordinator.book.names == ()
    assert world.coordinator.situation.ambiguous is not None


@pytest.mark.parametrize("seen_by", ["the sentinel", "the preflight"])
def test_the_preflight_tells_and_believes_nothing_else_of_it(seen_by: str) -> None:
    several = node(N, A)
    if seen_by == "the sentinel":
        facts = replace(group(several, PRIMARY, REPLICA, OTHER), balanced={N: "so it is"})
    else:
        facts = group(replace(several, run_ids=("x", "y", "x")), PRIMARY, REPLICA, OTHER)
    found = [problem for rule in IDENTITY_RULES for problem in rule(facts)]
    assert [(problem.node, problem.code, problem.severity) for problem in found] == [
        (N, "balanced-name", "error")
    ]
    assert without_balanced(facts).nodes == (PRIMARY, REPLICA, OTHER)
