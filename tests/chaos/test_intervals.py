"""What is said of times is said on the safe side."""

from __future__ import annotations

import pytest

from tests.chaos.intervals import Look, Span, longest_gap_s, overlaps, spans, total_s


def looks(node: str, *moments: float, taking_s: float = 0.01) -> list[Look]:
    return [Look(node, moment, moment + taking_s) for moment in moments]


def test_a_span_begins_with_the_first_answer_and_ends_with_the_last_question() -> None:
    assert spans(looks("a", 1.0, 1.1, 1.2), pause_s=0.25) == [Span("a", 1.01, 1.2)]


def test_a_pause_ends_a_span() -> None:
    found = spans(looks("a", 1.0, 1.1, 2.0, 2.1), pause_s=0.25)
    assert found == [Span("a", 1.01, 1.1), Span("a", 2.01, 2.1)]


def test_a_single_look_says_nothing_of_a_time() -> None:
    assert spans(looks("a", 1.0), pause_s=0.25) == []


def test_an_answer_that_was_long_on_its_way_does_not_make_two_primaries() -> None:
    """The old one was asked before the new one answered, however late its own answer was read."""
    old = [*looks("old", 1.0, 1.1, 1.2), Look("old", 1.3, 2.0)]
    new = looks("new", 1.35, 1.45, 1.55)
    assert overlaps(spans([*old, *new], pause_s=0.25)) == []


def test_answers_that_interleave_make_two_primaries() -> None:
    old, new = looks("old", 1.0, 1.1, 1.2, 1.3, 1.4), looks("new", 1.25, 1.35, 1.45)
    (found,) = overlaps(spans([*old, *new], pause_s=0.25))
    assert list(found) == pytest.approx([1.26, 1.4])


def test_the_same_node_twice_is_no_overlap() -> None:
    assert overlaps([Span("a", 1, 3), Span("a", 2, 4)]) == []


def test_overlaps_of_three_nodes_are_counted_once() -> None:
    found = overlaps([Span("a", 0, 10), Span("b", 1, 3), Span("c", 2, 4), Span("d", 6, 7)])
    assert found == [(1, 4), (6, 7)]
    assert total_s(found) == 4


def test_the_longest_gap_reaches_from_border_to_border() -> None:
    assert longest_gap_s([0.5, 2.0, 9.5], start_s=1.0, end_s=5.0) == 3.0
    assert longest_gap_s([], start_s=1.0, end_s=5.0) == 4.0
