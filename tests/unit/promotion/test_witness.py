"""The reports that prove that a replica still hears from a primary which is silent to us."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.view import NodeView
from promotion.witness import all_heard_the_end, hearing, still_hears

PRIMARY = "p:1"
LINKED = NodeView(
    "r:1", "r", 1, run_id="r", role="slave", keys=1, offset_bytes=100, follows=PRIMARY, link_up=True
)


def heard(last_io_s: float | None, **changes: object) -> NodeView:
    return replace(LINKED, last_io_s=last_io_s, **changes)  # type: ignore[arg-type]


def test_a_link_that_is_up_proves_nothing() -> None:
    """It is called up until repl-timeout (60 s), also when the primary hangs."""
    assert not still_hears(heard(None), None, 5.0)
    assert not still_hears(heard(5), None, 5.0)
    assert not still_hears(heard(30), heard(30), 31.0 - 1.0)


@pytest.mark.parametrize(("last_io_s", "silence_s"), [(0, 1.0), (0, 7.5), (4, 5.0), (4, 5.9)])
def test_something_received_within_the_silence_proves_it(last_io_s: int, silence_s: float) -> None:
    assert still_hears(heard(last_io_s), None, silence_s)


@pytest.mark.parametrize(("last_io_s", "silence_s"), [(0, 0.0), (0, 0.99), (1, 1.5), (5, 5.99), (6, 5.0)])
def test_whole_seconds_that_may_lie_before_the_silence_do_not(last_io_s: int, silence_s: float) -> None:
    assert not still_hears(heard(last_io_s), None, silence_s)


def test_progress_between_two_looks_proves_it() -> None:
    assert still_hears(heard(9, offset_bytes=101), heard(9), 2.0)
    assert still_hears(heard(3), heard(4), 2.0)
    assert not still_hears(heard(9), heard(9), 2.0)
    assert not still_hears(heard(9, offset_bytes=99), heard(8), 2.0)


def test_looks_at_another_process_or_at_another_primary_are_not_compared() -> None:
    now = heard(9, offset_bytes=200)
    assert not still_hears(now, heard(9, run_id="before the restart"), 2.0)
    assert not still_hears(now, heard(9, follows="other:1"), 2.0)


@pytest.mark.parametrize("changes", [{"reachable": False}, {"link_up": False}, {"role": "master"}])
def test_who_cannot_hear_is_no_witness(changes: dict[str, object]) -> None:
    assert not still_hears(heard(0, **changes), heard(5, offset_bytes=1), 9.0)


def test_only_replicas_of_the_primary_are_named() -> None:
    views = [
        heard(0),
        heard(0, name="second:1"),
        heard(0, name="elsewhere:1", follows="other:1"),
        heard(8, name="deaf:1"),
        heard(8, name="growing:1", offset_bytes=300),
    ]
    earlier = [heard(8, name="growing:1")]
    assert hearing(PRIMARY, views, earlier, 5.0) == ("r:1", "second:1", "growing:1")
    assert hearing(PRIMARY, [], earlier, 5.0) == ()


def test_a_primary_that_never_answered_us_is_heard_by_whoever_heard_it() -> None:
    assert still_hears(heard(9), None, math.inf)
    assert not still_hears(heard(None), None, math.inf)


@given(hung_at=st.floats(100, 101), silence_s=st.floats(0, 120), late_s=st.floats(0, 0.1))
def test_a_hung_primary_does_not_look_heard(hung_at: float, silence_s: float, late_s: float) -> None:
    """Its last byte to the replica left together with its last answer to us, and then nothing more came.

    The replica's clock counts whole seconds, and may be 100 ms late when it is asked: no longer than that
    can the hung primary look heard.
    """
    now_there = max(hung_at, hung_at + silence_s - late_s)
    last_io_s = math.floor(now_there) - math.floor(hung_at)
    if still_hears(heard(last_io_s), heard(last_io_s), silence_s):
        assert silence_s % 1 <= late_s + 1e-6


CUT_OFF = replace(LINKED, link_up=False, age_s=0.02)
OTHER = replace(CUT_OFF, name="q:1", run_id="q")
DEAD = NodeView(PRIMARY, "p", 1, reachable=False, down=True, age_s=9.0)


def test_replicas_that_lost_their_link_after_the_end_have_said_all() -> None:
    assert all_heard_the_end(PRIMARY, [DEAD, CUT_OFF, OTHER], 0.03)
    dead_too = replace(OTHER, down=True, age_s=9.0)
    assert all_heard_the_end(PRIMARY, [DEAD, CUT_OFF, dead_too], 0.03)


@pytest.mark.parametrize("said_s", [0.03, 0.5])
def test_what_was_said_before_the_end_is_not_the_last_word(said_s: float) -> None:
    assert not all_heard_the_end(PRIMARY, [DEAD, CUT_OFF, replace(OTHER, age_s=said_s)], 0.03)


@pytest.mark.parametrize(
    "other",
    [
        replace(OTHER, link_up=True),
        replace(OTHER, follows="x:1"),
        replace(OTHER, role="master", follows=None),
    ],
    ids=["may-still-receive", "follows-another", "is-a-master"],
)
def test_one_that_may_have_more_by_now_is_to_be_read(other: NodeView) -> None:
    assert not all_heard_the_end(PRIMARY, [DEAD, CUT_OFF, other], 0.03)


def test_nobody_says_nothing() -> None:
    assert not all_heard_the_end(PRIMARY, [DEAD], 0.03)
    assert not all_heard_the_end(PRIMARY, [DEAD, CUT_OFF], 0.0), "it is not known when it ended"
