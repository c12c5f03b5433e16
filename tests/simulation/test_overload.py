"""Many primaries are lost at once, and each sentinel has one event loop for all of them."""

from __future__ import annotations

import statistics
from functools import partial

import pytest

from sentinel.process.event_loop import A_TURN
from tests.simulation.crowd import Crowd
from tests.simulation.loops import PERIOD_S, Loop, Quota
from tests.simulation.schedule import Schedule


def test_some_groups_at_half_the_speed_each_get_a_primary_by_one_election() -> None:
    result = Crowd(8, factor=2.0).run(10.0)
    assert len(result.recovered) == result.settled == 8, str(result)
    assert result.elections_each <= 1.2, str(result)


def test_sentinels_with_a_sixth_of_a_processor_do_not_elect_one_another_away() -> None:
    """Each loop is late when 25 groups want a leader at once. As many elections as usual ended none:
    leaders lost their leases to their own lateness, some 25 times in each group.
    """
    result = Crowd(25, share=0.166).run(20.0)
    assert len(result.recovered) == 25, str(result)
    assert result.elections_each <= 1.2, str(result)


def test_more_groups_than_there_is_time_for_each_get_a_primary() -> None:
    """What watching and gossip take was more than there is: everything stood in one line, seconds long,
    and votes, entries and steps came too late at its end.
    """
    result = Crowd(40, share=0.1).run(30.0)
    assert len(result.recovered) == 40, str(result)
    assert result.elections_each <= 2.0, str(result)


def test_where_all_costs_five_times_as_much_it_takes_about_five_times_as_long() -> None:
    """Ten times it was, for what was asked of the nodes again and again grew with the time that it took."""
    quick, slow = Crowd(25).run(10.0), Crowd(25, factor=5.0).run(10.0)
    assert len(slow.recovered) == 25 and slow.elections_each <= 1.2, str(slow)
    assert statistics.median(slow.recovered) <= 6 * statistics.median(quick.recovered), str(slow)


def test_sentinels_that_are_seconds_late_call_no_node_down_that_answers() -> None:
    """Watching alone is more than they have time for, so each answer lies about until its turn comes."""
    result = Crowd(30, share=0.05).run(8.0)
    assert result.latest_s > 0.5, str(result)
    assert result.notices["node_down"] == 3 * 30, "the lost primaries, once for each sentinel"
    assert "node_up" not in result.notices


def test_a_run_can_be_repeated() -> None:
    first, second = (Crowd(2, factor=3.0, share=0.5).run(10.0) for _ in range(2))
    assert first == second
    assert len(first.recovered) == 2, str(first)


def test_a_process_that_has_used_up_its_quota_waits_for_the_next_period() -> None:
    quota, now = Quota(0.2), 10 * PERIOD_S + 0.001
    assert quota.end_of(0.5 * 0.2 * PERIOD_S, now) == pytest.approx(now + 0.1 * PERIOD_S)
    assert quota.end_of(0.2 * PERIOD_S, now) == pytest.approx(11 * PERIOD_S + 0.1 * PERIOD_S)
    assert Quota().end_of(1.0, now) == now + 1.0


def test_what_comes_while_a_callback_runs_stands_behind_it() -> None:
    schedule, seen = Schedule(), list[tuple[str, float]]()
    loop = Loop(schedule, on_stall=lambda gap_s: seen.append(("stall", gap_s)), factor=2.0)

    def work(name: str, cost_s: float) -> None:
        seen.append((name, round(schedule.now - 1000.0, 3)))
        loop.spend(cost_s)

    loop.submit(lambda: work("first", 0.1))
    loop.submit(lambda: work("second", 0.2))
    loop.call_later(0.25, lambda: work("timer", 0.0))
    schedule.run(2.0)
    assert [name for name, _ in seen] == ["first", "second", "stall", "timer"]
    assert seen[0] == ("first", 0.0) and seen[1] == ("second", 0.2) and seen[3] == ("timer", 0.6)
    assert loop.busy_s == pytest.approx(0.6) and loop.latest_s == pytest.approx(0.35)


def test_what_elects_goes_before_what_nodes_say_and_each_node_has_its_turn() -> None:
    schedule, seen = Schedule(), list[str]()
    loop = Loop(schedule, on_stall=lambda _: None)

    def work(name: str) -> None:
        seen.append(name)
        loop.spend(0.01)

    def vote(number: int) -> None:
        work("vote")
        if number:
            loop.submit(lambda: vote(number - 1))

    loop.submit(lambda: vote(2))
    for number in range(2 * A_TURN):
        loop.submit(partial(work, f"node {number}"), number)
    schedule.run(2.0)
    nodes = [f"node {number}" for number in range(2 * A_TURN)]
    assert seen == ["vote", *nodes[:A_TURN], "vote", *nodes[A_TURN:], "vote"]


def test_one_callback_that_does_many_things_is_no_stall() -> None:
    """As in the daemon, where each group looks at the clock before it takes anything in."""
    schedule, gaps = Schedule(), list[float]()
    loop = Loop(schedule, gaps.append)

    def work(pieces: int) -> None:
        for _ in range(pieces):
            loop.look()
            loop.spend(0.6 / pieces)

    loop.submit(lambda: work(10))
    loop.submit(lambda: work(1))
    loop.submit(lambda: work(1))
    schedule.run(3.0)
    assert gaps == [pytest.approx(0.6)]
