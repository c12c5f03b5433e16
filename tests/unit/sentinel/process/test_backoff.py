"""Waits double up to a limit, and start again after a success."""

from __future__ import annotations

from sentinel.process.backoff import Backoff


def test_waits_double_up_to_the_limit() -> None:
    backoff = Backoff(first_s=1.0, last_s=5.0)
    assert [backoff.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_success_starts_it_anew() -> None:
    backoff = Backoff(first_s=1.0, last_s=5.0)
    for _ in range(3):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1.0


def test_the_limit_holds_for_the_first_wait_too() -> None:
    assert Backoff(first_s=10.0, last_s=3.0).next_s() == 3.0
