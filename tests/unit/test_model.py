"""What the model checker is asked fits the models, and what it says is read right (`make model` searches)."""

from __future__ import annotations

import re

import pytest

from tests.model.cases import CASES, HERE, Case
from tests.model.spin import SpinError, parse

by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

SAID = """\
State-vector 120 byte, depth reached 50, errors: 0
    48962 states, stored
 1.0177576e+08 transitions (= stored+matched)
  140.567\ttotal actual memory usage
"""


@by_name
def test_the_rule_that_is_taken_out_is_in_the_model(case: Case) -> None:
    text = (HERE / case.file).read_text()
    names = [*case.bounds, *([case.without] if case.without else [])]
    for name in names:
        assert re.search(rf"#(ifdef|ifndef) {name}\b", text), name


@pytest.mark.parametrize("file", sorted({case.file for case in CASES}))
def test_every_rule_of_a_model_is_taken_out_once_and_it_is_searched_whole(file: str) -> None:
    mine = [case for case in CASES if case.file == file]
    assert any(not case.without for case in mine)
    taken = [case.without for case in mine if case.without]
    assert taken
    assert len(set(taken)) == len(taken)
    assert len({case.name for case in CASES}) == len(CASES)


def test_a_search_without_error() -> None:
    found = parse(SAID, 1.5)
    assert (found.states, found.transitions, found.depth, found.error) == (48962, 101775760, 50, None)


def test_a_search_that_found_one() -> None:
    text = "pan:1: assertion violated (leader[t]==0) (at depth 26)\n" + SAID.replace("errors: 0", "errors: 1")
    assert parse(text, 1.0).error == "assertion violated (leader[t]==0)"


@pytest.mark.parametrize(
    "said",
    [
        SAID + "error: max search depth too small\n",
        "pan: reached -DMEMLIM bound\n" + SAID,
        SAID.replace("errors: 0", "errors: 1"),
        "",
    ],
)
def test_a_search_that_did_not_come_to_its_end_proves_nothing(said: str) -> None:
    with pytest.raises(SpinError):
        parse(said, 1.0)
