"""Two processes of one id are told from one that was restarted."""

from __future__ import annotations

from sentinel.peers.twins import LASTS_S, MAX_PROCESSES, Twins

OLD, NEW = 11, 12


def test_a_restart_is_no_twin_however_often() -> None:
    twins = Twins()
    for process in range(1, 3 * MAX_PROCESSES):
        for second in range(3):
            now = 10.0 * process + second
            assert not twins.heard("s2", process, now - 0.1, now)
    assert twins.twice(100.0) == frozenset()


def test_one_that_lives_before_and_after_another_is_there_beside_it() -> None:
    twins = Twins()
    twins.heard("s2", OLD, 1.0, 1.1)
    assert not twins.heard("s2", NEW, 2.0, 2.1), "it may be the next one"
    assert twins.heard("s2", OLD, 2.2, 2.3)
    assert not twins.heard("s2", NEW, 2.4, 2.5), "that is known"
    assert twins.twice(2.5) == {"s2"}


def test_what_a_process_said_before_the_next_one_came_and_was_read_after_it_shows_nothing() -> None:
    twins = Twins()
    twins.heard("s2", OLD, 1.0, 1.1)
    twins.heard("s2", NEW, 2.0, 2.1)
    assert not twins.heard("s2", OLD, 1.9, 2.2), "asked before the new one had come"
    assert not twins.heard("s2", OLD, 2.05, 2.3), "asked before that was known"
    assert twins.twice(2.3) == frozenset()


def test_it_is_over_once_one_alone_is_heard() -> None:
    twins = Twins()
    for process, at in ((OLD, 1.0), (NEW, 2.0), (OLD, 3.0)):
        twins.heard("s2", process, at, at)
    twins.heard("s2", NEW, 4.0, 4.0)
    assert twins.is_twice("s2", 3.0 + LASTS_S)
    twins.heard("s2", NEW, 4.0 + LASTS_S, 4.0 + LASTS_S)
    assert not twins.is_twice("s2", 4.0 + LASTS_S)
    assert twins.heard("s2", OLD, 10.0, 10.0), "and back at once if it was only out of touch"


def test_a_release_that_does_not_say_is_never_two() -> None:
    twins = Twins()
    for at, process in enumerate((0, OLD, 0, 0)):
        assert not twins.heard("s2", process, at, at)


def test_who_is_told_knows_for_as_long_as_it_is_told() -> None:
    twins = Twins()
    assert twins.tellers(1.0) == ()
    twins.told("s3", 1.0)
    twins.told("s2", 1.5)
    assert twins.tellers(1.0 + LASTS_S) == ("s2", "s3")
    assert twins.tellers(1.4 + LASTS_S) == ("s2",)
