"""How many elections are begun at once: fewer after each that came to nothing, more after each success."""

from __future__ import annotations

from collections.abc import Callable

from sentinel.group.admission import AT_ONCE, SLOWEST, Admission
from sentinel.group.election_line import ElectionLine


def test_each_lost_leader_halves_what_is_begun_at_once_and_one_always_goes_on() -> None:
    admission, seen = Admission(), []
    for _ in range(6):
        admission.lost()
        seen.append(admission.at_once)
    assert seen == [6, 3, 1, 1, 1, 1]
    admission.succeeded()
    assert admission.at_once == 2, "each success adds one"
    for _ in range(2 * AT_ONCE):
        admission.succeeded()
    assert admission.at_once == AT_ONCE


def test_each_lost_leader_makes_promises_longer_up_to_a_limit_until_all_is_calm() -> None:
    admission = Admission()
    admission.lost()
    assert admission.slowness == 2
    for _ in range(6):
        admission.lost()
    assert admission.slowness == SLOWEST
    admission.calm()
    assert (admission.at_once, admission.slowness) == (AT_ONCE, 1)


async def test_the_line_admits_as_many_as_it_may_and_counts_them_for_more() -> None:
    line = ElectionLine()
    some = [line.place() for _ in range(4)]
    line.admission.lost()
    line.admission.lost()
    assert [place.admits() for place in some] == [True, True, True, False]


async def test_a_lease_lost_over_work_that_is_not_done_counts_and_no_other() -> None:
    line = ElectionLine()
    place = line.place()
    place.lost_lease()
    assert line.admission.at_once == AT_ONCE, "nothing was wanted of it"
    place.is_troubled = lambda now: True  # type: ignore[method-assign]
    place.lost_lease()
    assert line.admission.at_once == AT_ONCE // 2


def test_who_is_late_itself_begins_fewer_before_it_has_lost_any() -> None:
    admission = Admission()
    assert [admission.room(late_s) for late_s in (0.0, 0.5, 1.0, 2.0, 100.0)] == [12, 9, 8, 6, 1]
    for _ in range(3):
        admission.lost()
    assert admission.room(0.5) == 1, "what was lost counts as well"


async def test_the_line_admits_by_how_late_the_process_is() -> None:
    line = ElectionLine(LateLoop())
    assert [line.place().admits() for _ in range(7)] == [True] * 6 + [False]


class LateLoop:
    def now(self) -> float:
        return 0.0

    def late_s(self) -> float:
        return 2.0

    def unread_s(self) -> float:
        return 2.0

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Nobody gets a turn later."""
