"""A replica's age by its offset: never younger than it is, and 0 while nothing is known that it lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.offset_trail import MAX_LOOKS, OffsetTrail
from tests.unit.sentinel.coordinator_cases import A, B, info

pytestmark = pytest.mark.unit


def trail(*looks: tuple[float, int]) -> OffsetTrail:
    made = OffsetTrail()
    for at, offset_bytes in looks:
        made.add("a", offset_bytes, at)
    return made


@pytest.mark.parametrize(
    ("offset_bytes", "at", "expected"),
    [
        (300, 4.5, 0.0),  # has all
        (250, 3.9, 0.0),  # looked at shortly before the primary: had all that was known then
        (250, 4.1, 2.1),  # had what the primary had at 2.0
        (100, 4.1, 4.1),  # stopped at 0.0
        (50, 4.1, 4.1),  # older than all that is remembered: at least so old
        (50, -1.0, 0.0),  # looked at before the primary was
    ],
)
def test_a_replica_is_as_old_as_the_newest_look_that_it_matches(
    offset_bytes: int, at: float, expected: float
) -> None:
    looks = trail((0.0, 100), (2.0, 200), (4.0, 300))
    assert looks.behind_s("a", offset_bytes, at) == pytest.approx(expected)


def test_nothing_is_known_before_the_first_look() -> None:
    assert OffsetTrail().behind_s("a", 1, 1.0) is None


def test_a_primary_that_writes_nothing_makes_nobody_older_than_its_last_write() -> None:
    looks = trail((0.0, 100), *((float(at), 200) for at in range(10, 1000)))
    assert looks.behind_s("a", 200, 999.5) == 0.0
    assert looks.behind_s("a", 150, 999.5) == 999.5


@pytest.mark.parametrize(("replid", "offset_bytes"), [("b", 500), ("a", 50)])
def test_a_new_history_or_one_that_fell_back_begins_anew(replid: str, offset_bytes: int) -> None:
    looks = trail((0.0, 100), (2.0, 200))
    looks.add(replid, offset_bytes, 4.0)
    assert looks.behind_s(replid, 10, 5.0) == 1.0
    assert looks.behind_s("x", 10, 5.0) is None, "an offset of another history"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=400), st.data())
def test_what_is_thinned_out_makes_it_only_older(steps: list[int], data: st.DataObject) -> None:
    offsets = [sum(steps[: n + 1]) for n in range(len(steps))]
    looks = trail(*((float(at), offset) for at, offset in enumerate(offsets)))
    assert len(looks._looks) <= MAX_LOOKS
    asked = data.draw(st.integers(0, offsets[-1]))
    at = len(offsets) - 0.5
    newest = [moment for moment, offset in enumerate(offsets) if offset <= asked]
    exact = 0.0 if asked >= offsets[-1] else at - (newest[-1] if newest else 0)
    found = looks.behind_s("a", asked, at)
    assert found is not None and exact <= found <= at


def test_the_book_remembers_who_is_primary_only() -> None:
    book = NodeBook([NodeSpec(A, "a", 6379), NodeSpec(B, "b", 6379)], discover=False)
    assert book.behind_s(B, A) is None
    for at, offset_bytes in ((0.0, 100), (2.0, 200), (4.0, 300)):
        book.update(A, replace(info(A, "master"), master_offset_bytes=offset_bytes), None, at)
    book.update(B, replace(info(B), master_offset_bytes=200, replica_offset_bytes=200), None, 4.5)
    assert book.behind_s(B, A) == 2.5
    book.update(A, info(A), None, 6.0)
    assert book.behind_s(B, A) is None


@pytest.mark.parametrize(
    ("replid", "offset_bytes", "missed_s"),
    [
        ("a", 300, 0.0),
        ("a", 250, 2.0),
        ("a", 100, 4.0),
        ("a", 50, None),  # it never had so little: nothing tells when
        ("b", 250, None),  # of another history
    ],
)
def test_for_how_long_the_primary_wrote_what_a_replica_lacks(
    replid: str, offset_bytes: int, missed_s: float | None
) -> None:
    assert trail((0.0, 100), (2.0, 200), (4.0, 300)).missed_s(replid, offset_bytes) == missed_s


def test_how_far_the_primary_was_by_a_moment() -> None:
    looks = trail((0.0, 100), (2.0, 200))
    assert (looks.by(-1.0), looks.by(1.9), looks.by(7.0)) == (None, ("a", 100), ("a", 200))
