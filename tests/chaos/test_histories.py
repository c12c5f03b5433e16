"""Which of what clients saw counts as lost, and which as stale."""

from __future__ import annotations

from tests.chaos.histories import Histories, judge
from tests.chaos.linearizability import FOREVER, Operation
from tests.chaos.registers import KEYS, Seen

KEY = KEYS[0]


def at(node: str, sent: float, value: str, *, is_write: bool, answered: float | None = None) -> Seen:
    return Seen(KEY, node, Operation(sent, sent + 0.01 if answered is None else answered, is_write, value))


def wrote(node: str, sent: float, value: str) -> Seen:
    return at(node, sent, value, is_write=True)


def saw(node: str, sent: float, value: str) -> Seen:
    return at(node, sent, value, is_write=False)


def test_one_primary_that_answers_in_order_loses_nothing() -> None:
    seen = [wrote("a", 0.0, "1"), saw("a", 0.1, "1"), wrote("a", 0.2, "2"), saw("a", 0.3, "2")]
    assert judge(seen) == Histories(2, 2, 0, lost=0, stale=0, registers=1, broken=0)


def test_what_a_later_primary_misses_is_lost_however_often_that_is_seen() -> None:
    seen = [wrote("a", 0.0, "1"), wrote("a", 0.1, "2"), saw("b", 1.0, "1"), saw("b", 1.1, "1")]
    assert judge(seen) == Histories(2, 2, 0, lost=1, stale=0, registers=1, broken=1)


def test_what_the_same_primary_misses_is_lost() -> None:
    seen = [wrote("a", 0.0, "1"), saw("a", 0.1, "")]
    assert judge(seen) == Histories(1, 1, 0, lost=1, stale=0, registers=1, broken=1)


def test_a_primary_of_before_that_misses_a_write_answers_stale() -> None:
    seen = [wrote("a", 0.0, "1"), saw("a", 0.2, "1"), wrote("b", 0.25, "2"), saw("a", 0.4, "1")]
    assert judge(seen) == Histories(2, 2, 0, lost=0, stale=1, registers=1, broken=1)


def test_a_write_without_an_answer_is_no_loss_but_one_that_was_read_has_been_done() -> None:
    unanswered = at("a", 0.2, "2", is_write=True, answered=FOREVER)
    before = wrote("a", 0.0, "1")
    assert judge([before, unanswered, saw("b", 1.0, "1")]) == Histories(1, 1, 1, 0, 0, 1, 0)
    seen = [before, unanswered, saw("b", 1.0, "2"), saw("b", 1.1, "1")]
    assert judge(seen).broken == 1


def test_a_line_of_the_log_of_operations_is_read_as_it_was_written() -> None:
    for one in (saw("10.0.0.1", 0.5, ""), at("10.0.0.1", 0.5, "ca.7", is_write=True, answered=FOREVER)):
        assert Seen.parse(one.line()) == one
