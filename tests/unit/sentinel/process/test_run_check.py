"""A stall of this process is told to everybody, in turn, before anything else is believed."""

from __future__ import annotations

from sentinel.process.clock import STALL_S
from sentinel.process.run_check import RunCheck


def test_each_is_told_once_of_a_stall_in_the_order_in_which_they_came() -> None:
    told: list[tuple[str, float, float]] = []
    check = RunCheck()
    check.tell(lambda now, gap_s: told.append(("first", now, gap_s)))
    check.tell(lambda now, gap_s: told.append(("second", now, gap_s)))
    check(0.0)
    assert not told, "nothing was seen before"
    check(STALL_S)
    assert not told
    late = 4 * STALL_S
    check(late)
    assert told == [("first", late, late - STALL_S), ("second", late, late - STALL_S)]
    check(late)
    assert len(told) == 2


def test_who_comes_later_is_told_of_the_next_stall() -> None:
    told: list[float] = []
    check = RunCheck()
    check(0.0)
    check.tell(lambda _now, gap_s: told.append(gap_s))
    check(2 * STALL_S)
    assert told == [2 * STALL_S]
