"""Terms that have run out are lowered, the same at every sentinel, and nothing changes its order."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from promotion import fence
from quorum import terms
from quorum.directives import Closed, Directives, Outcome, Schedule
from quorum.messages import Entry, HardState, Topology
from sentinel.cli.app import app
from sentinel.notices.change import Change
from sentinel.state.lowered_terms import LOWEST, CannotLowerError, look, lowered
from sentinel.state.store import Store
from sentinel.terminal.exits import ExitCode
from tests.unit.sentinel.store_cases import persist

TOP = 2**62 - 9
SMALL = Entry(3, 2, Topology("a:1", 3, None, "bootstrap", "s1", 0, 0))
CLOSED = Directives(closed=Closed(Schedule("op-1", 0, None, 0, 0), Outcome.DONE, "", "b:1", TOP))
HIGH_UP = Entry(TOP, 1, Topology("b:1", TOP, "a:1", "silent", "s2", 0, 0), None, CLOSED)
SPENT = HardState(TOP + 4, "s2", HIGH_UP, SMALL)


def test_what_was_high_is_lowered_and_the_rest_stays() -> None:
    by = look({"g": SPENT})["g"].proposal
    state = lowered(SPENT, by)
    assert state.term == SPENT.term - by and state.voted_for == "s2"
    assert LOWEST <= state.entry.term < state.term <= terms.MAX_JUMP
    assert state.entry.topology is not None and state.entry.topology.term == state.entry.term
    closed = state.entry.directives.closed
    assert closed is not None and closed.term == state.entry.term
    assert state.committed == SMALL


def test_sentinels_that_are_a_few_terms_apart_propose_the_same() -> None:
    others = [HardState(TOP + ahead, None, SMALL, SMALL) for ahead in (-1000, 0, 8)]
    assert len({look({"g": state})["g"].proposal for state in others}) == 1


def test_where_no_term_has_jumped_nothing_is_proposed() -> None:
    assert look({"g": HardState(17, None, SMALL, SMALL)})["g"].proposal == 0


@given(st.lists(st.integers(0, LOWEST - 1) | st.integers(TOP - 2**20, TOP + 8), min_size=2, max_size=6))
def test_the_order_of_terms_is_the_same_at_every_sentinel(found: list[int]) -> None:
    by = (TOP - 2**20 - LOWEST) // 2**30 * 2**30
    new = [lowered(HardState(term), by).term for term in found]
    for one, other in itertools.pairwise(range(len(found))):
        assert (found[one] < found[other]) == (new[one] < new[other])
        assert (found[one] == found[other]) == (new[one] == new[other])


@pytest.mark.parametrize("term", [LOWEST, TOP // 2])
def test_what_would_come_below_former_terms_is_refused(term: int) -> None:
    with pytest.raises(CannotLowerError, match=f"term {term} would not stay above"):
        lowered(HardState(term), TOP - LOWEST)


def test_what_would_still_be_high_is_refused() -> None:
    with pytest.raises(CannotLowerError, match="would still be above"):
        lowered(HardState(TOP), 2**32)


def test_a_fence_and_a_peer_are_believed_up_to_the_same_jump() -> None:
    assert fence.MAX_JUMP == terms.MAX_JUMP
    assert fence.MAX_TERM == terms.MAX_TERM + 1


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "one.yml"
    file.write_text(
        "sentinel: {id: s1, state_dir: ./state, http: 127.0.0.1:8701}\n"
        "cluster: {members: {s1: 127.0.0.1:8701}}\n"
        "groups: {g: {nodes: [127.0.0.1:6379]}, other: {nodes: [127.0.0.1:6380]}}\n"
    )

    async def fill() -> None:
        store = Store.open(tmp_path / "state", "s1")
        await persist(store, "g", SPENT)
        await persist(store, "other", HardState(5, None, SMALL, SMALL))
        await store.add_change(Change("g", 3, None, "a:1", "bootstrap", "s1", 0, 0))
        await store.add_change(Change("g", TOP, "a:1", "b:1", "silent", "s2", 0, 0))
        await store.close()

    asyncio.run(fill())
    return file


def repair(file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["repair-terms", "-c", str(file), *more])


def stored(file: Path) -> tuple[dict[str, HardState], list[int]]:
    store = Store.open(file.parent / "state", "s1")
    states = store.hard_states()

    async def changes() -> list[int]:
        terms = [change.term for change in await store.changes("g")]
        await store.close()
        return terms

    return states, asyncio.run(changes())


def test_it_shows_what_has_run_out_and_changes_nothing(file: Path) -> None:
    result = repair(file)
    assert result.exit_code == ExitCode.REFUSED
    assert f"g: the highest term is {TOP + 4}; terms run out here: --subtract" in result.stdout
    assert "other: the highest term is 5\n" in result.stdout
    assert "Stop all sentinels" in result.stderr
    assert stored(file)[0]["g"] == SPENT


def test_it_lowers_the_terms_and_the_history_with_them(file: Path) -> None:
    groups = json.loads(repair(file, "--json").stdout)["groups"]
    by = next(group["propose_to_subtract"] for group in groups if group["group"] == "g")
    result = repair(file, "--subtract", str(by))
    assert result.exit_code == ExitCode.OK, result.output
    states, changes = stored(file)
    assert states == {"g": lowered(SPENT, by), "other": HardState(5, None, SMALL, SMALL)}
    assert changes == [TOP - by, 3]
    assert repair(file).exit_code == ExitCode.OK
    again = repair(file, "--subtract", str(by))
    assert again.exit_code == ExitCode.REFUSED and "nothing was changed" in again.stderr


def test_a_number_that_does_not_fit_changes_nothing(file: Path) -> None:
    result = repair(file, "g", "--subtract", str(TOP))
    assert result.exit_code == ExitCode.REFUSED
    assert "group g: term" in result.stderr and "nothing was changed" in result.stderr
    assert stored(file)[0]["g"] == SPENT


def test_while_the_sentinel_runs_it_is_refused(file: Path) -> None:
    running = Store.open(file.parent / "state", "s1")
    try:
        result = repair(file)
        assert result.exit_code == ExitCode.STATE and "in use by another running sentinel" in result.stderr
    finally:
        asyncio.run(running.close())
