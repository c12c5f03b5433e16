"""When a sentinel stands for election: in line at first, at random later, never without work."""

from __future__ import annotations

import random

import pytest

from quorum.crowd import ALONE
from quorum.raft.campaign import Campaign
from quorum.standing import Standing
from quorum.timing import Timing

TIMING = Timing()
START, AWAKE, NOBODY = 100.0, 100.5, 0.0
WORK = frozenset({"odown"})


class Others:
    """A crowd of ``size`` groups, that lets this one stand or not."""

    def __init__(self, size: int, *, admit: bool = True) -> None:
        self.size = size
        self.admit = admit
        self.lost = 0

    late_s = unread_s = 0.0

    def admits(self) -> bool:
        return self.admit

    def lost_lease(self) -> None:
        self.lost += 1


def crowded(crowd: Others, rank: int = 1) -> Campaign:
    return Campaign(rank, TIMING, random.Random(1), not_before=START, crowd=crowd)


def test_that_a_leader_lost_its_lease_is_told_to_the_line() -> None:
    crowd = Others(1)
    crowded(crowd).lost_lease("s1", START)
    assert crowd.lost == 1


def test_a_crowd_lengthens_the_head_start_of_who_is_first_in_line() -> None:
    for size, head_start_s in ((1, TIMING.stagger_s), (100, 100 * TIMING.crowd_s)):
        line = crowded(Others(size))
        line.set_reasons(WORK, 200.0, NOBODY)
        assert line.at == 200.0 + head_start_s


def test_who_is_not_admitted_waits_to_be_woken_and_is_due_once_admitted() -> None:
    crowd = Others(1, admit=False)
    line = crowded(crowd, rank=0)
    line.set_reasons(WORK, 200.0, NOBODY)
    assert line.at == 200.0
    assert not line.due(200.0) and line.at is None, "no deadline: it is woken"
    crowd.admit = True
    assert line.due(200.1)
    line.retry(200.1)
    assert line.at is not None


def campaign(rank: int = 0, seed: int = 1) -> Campaign:
    return Campaign(rank, TIMING, random.Random(seed), not_before=AWAKE, crowd=ALONE)


def test_no_work_no_attempt() -> None:
    line = campaign()
    line.restart(200.0, NOBODY)
    assert not line.due(1e9)
    line.set_reasons(WORK, 200.0, NOBODY)
    line.set_reasons(frozenset(), 200.0, NOBODY)
    assert line.at is None and not line.due(1e9)


@pytest.mark.parametrize("rank", [0, 1, 4])
def test_the_first_attempt_is_staggered_by_rank(rank: int) -> None:
    line = campaign(rank)
    line.set_reasons(WORK, 200.0, NOBODY)
    at = 200.0 + rank * TIMING.stagger_s
    assert line.at == at
    assert line.due(at) and not line.due(at - 0.001)


@pytest.mark.parametrize("rank", [0, 1])
def test_there_is_none_right_after_a_start(rank: int) -> None:
    line = campaign(rank)
    line.set_reasons(WORK, START, NOBODY)
    assert line.at == AWAKE + rank * TIMING.stagger_s


def test_later_attempts_are_drawn_anew_from_the_election_timeout() -> None:
    line = campaign()
    line.set_reasons(WORK, 200.0, NOBODY)
    waits = set()
    for _ in range(50):
        line.retry(200.0)
        assert line.at is not None
        waits.add(line.at - 200.0)
    assert all(TIMING.election_min_s <= wait + 1e-9 for wait in waits)
    assert all(wait <= TIMING.election_max_s + 1e-9 for wait in waits)
    assert len(waits) == 50


def test_sentinels_that_wait_for_a_leader_do_not_all_rise_at_once() -> None:
    at = []
    for seed in range(20):
        line = campaign(seed=seed)
        line.set_reasons(WORK, 200.0, leader_until=200.3)
        assert line.at is not None
        at.append(line.at)
    assert min(at) >= 200.3 and max(at) <= 200.3 + TIMING.election_max_s - TIMING.election_min_s
    assert len(set(at)) == 20


def test_a_new_reason_starts_the_line_anew_and_a_lost_one_does_not() -> None:
    line = campaign()
    line.set_reasons(WORK, 200.0, NOBODY)
    line.retry(200.0)
    retry_at = line.at
    line.set_reasons(WORK, 200.1, NOBODY)
    assert line.at == retry_at, "nothing is new"
    line.set_reasons(WORK | {"operator"}, 200.1, NOBODY)
    assert line.at == 200.1
    line.retry(200.1)
    retry_at = line.at
    line.set_reasons(WORK, 200.2, NOBODY)
    assert line.at == retry_at


def test_impossible_work_waits_and_the_last_word_counts() -> None:
    line = campaign()
    line.hold(210.0)
    line.set_reasons(WORK, 200.0, NOBODY)
    assert line.at == 210.0
    line.retry(200.0)
    assert line.at == 210.0
    line.hold(205.0)
    line.restart(200.0, NOBODY)
    assert line.at == 205.0


def test_the_hold_is_kept_even_if_the_work_goes_and_comes_back() -> None:
    line = campaign()
    line.hold(210.0)
    line.set_reasons(WORK, 200.0, NOBODY)
    line.set_reasons(frozenset(), 201.0, NOBODY)
    line.set_reasons(WORK, 202.0, NOBODY)
    assert line.at == 210.0


def behind(*others: str) -> Campaign:
    """Of s3, the last of three; ``others`` have given up."""
    standing = Standing("s3", ("s1", "s2", "s3"))
    for member in others:
        standing.gave_up(member, "cannot", 199.0)
    line = Campaign(2, TIMING, random.Random(1), not_before=START, crowd=Others(1), standing=standing)
    line.set_reasons(WORK, 200.0, NOBODY)
    return line


def test_who_comes_later_lets_whom_it_would_vote_for_try_once() -> None:
    line = behind()
    assert line.due(line.at or 0.0), "it is due"
    assert line.gives_way("s1", 201.0)
    assert line.at is not None and line.at >= 201.0 + TIMING.election_min_s
    assert not line.gives_way("s1", 201.1), "one that only talks does not hold it up for ever"
    assert line.gives_way("s2", 201.2)
    assert line.due(line.at) and line.gives_way("s1", 203.0), "since its own attempt"


def test_nobody_gives_way_to_who_comes_later_or_has_given_up_or_without_work() -> None:
    assert not behind("s1").gives_way("s1", 201.0)
    line = behind()
    line.stop()
    line.reasons = frozenset()
    assert not line.gives_way("s1", 201.0)
    first = Standing("s1", ("s1", "s2", "s3"))
    assert not first.is_before("s2", 200.0) and not first.is_before("s9", 200.0)


def test_who_leads_does_not_stand() -> None:
    line = campaign()
    line.set_reasons(WORK, 200.0, NOBODY)
    line.stop()
    assert not line.due(1e9) and line.reasons == WORK
