"""The table of rules that are taken out fits the product as it is, and what it names exists."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.mutations.mutation import CHECKOUT, Mutation, StaleError
from tests.mutations.rules import MUTATIONS
from tests.mutations.trial import Result, table
from tests.simulation.world import draw_setup

by_name = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)


@by_name
def test_the_rule_is_there_to_be_taken_out(mutation: Mutation) -> None:
    text = (CHECKOUT / mutation.file).read_text()
    without = mutation.applied_to(text)
    assert without != text
    compile(without, mutation.file, "exec")


@by_name
def test_what_should_miss_it_exists(mutation: Mutation) -> None:
    assert mutation.tests or mutation.style
    for test in mutation.tests:
        file, _, name = test.partition("::")
        assert (CHECKOUT / file).exists(), test
        assert not name or re.search(rf"^(async )?def {name}\(", (CHECKOUT / file).read_text(), re.MULTILINE)


def test_each_has_a_name_of_its_own_a_promise_and_a_style_of_runs_that_exists() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    styles = {draw_setup(seed).style for seed in range(100)}
    assert {mutation.style for mutation in MUTATIONS} <= {"-", ""} | styles
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(S\d+|L1)(, S\d+)?", mutation.serves) for mutation in MUTATIONS)


@pytest.mark.parametrize("text", ["", "vote\nvote\n"], ids=["gone", "twice"])
def test_a_table_that_has_gone_stale_says_so(text: str) -> None:
    mutation = replace(MUTATIONS[0], find="vote")
    with pytest.raises(StaleError, match=mutation.name):
        mutation.applied_to(text)


def test_the_table_says_who_missed_a_rule_or_that_nobody_did() -> None:
    first = MUTATIONS[0]
    rows = table(
        [
            Result(first, "tests/unit/a.py::test_it[1]", 7, "S4: two leases"),
            Result(first),
        ]
    ).splitlines()
    assert rows[2].endswith("| `test_it`; simulator, seed 7 (S4) |")
    assert rows[3].endswith("| **SURVIVED** |")
