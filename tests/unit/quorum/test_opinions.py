"""Whose opinion counts, for how long, and how many it takes."""

from __future__ import annotations

import pytest

from quorum.messages import Grade, Opinion
from quorum.opinions import OpinionBoard, Report

NODE, OTHER = "redis-a:6379", "redis-b:6379"
TTL_S = 3.0
DOWN = Opinion(NODE, True, Grade.REFUSED)
UP = Opinion(NODE, False)


def board(quorum: int = 2) -> OpinionBoard:
    return OpinionBoard("s1", quorum, TTL_S)


def report(opinion: Opinion = DOWN, seq: int = 1, boot: int = 1) -> Report:
    return Report((boot, seq), (opinion,))


def test_a_quorum_must_agree_and_counts_this_sentinel_too() -> None:
    opinions = board(quorum=2)
    opinions.set_own(DOWN)
    assert not opinions.odown(NODE, 0.0)
    opinions.record("s2", report(), 0.0)
    assert opinions.odown(NODE, 0.0)
    assert opinions.down(NODE, 0.0) == {"s1": Grade.REFUSED, "s2": Grade.REFUSED}
    assert not opinions.odown(OTHER, 0.0)


def test_without_this_sentinel_no_number_of_others_is_enough() -> None:
    opinions = board(quorum=2)
    for peer in ("s2", "s3", "s4"):
        opinions.record(peer, report(), 0.0)
    assert not opinions.odown(NODE, 0.0)
    opinions.set_own(DOWN)
    assert opinions.odown(NODE, 0.0)
    opinions.set_own(UP)
    assert not opinions.odown(NODE, 0.0)


def test_an_opinion_goes_stale() -> None:
    opinions = board()
    opinions.set_own(DOWN)
    opinions.record("s2", report(), 10.0)
    assert opinions.next_expiry(10.0) == 10.0 + TTL_S
    assert opinions.odown(NODE, 10.0 + TTL_S - 0.001)
    assert not opinions.odown(NODE, 10.0 + TTL_S)
    assert opinions.next_expiry(10.0 + TTL_S) is None


def test_a_report_that_comes_twice_is_no_fresher_for_it() -> None:
    opinions = board()
    opinions.set_own(DOWN)
    for at in (10.0, 12.0):
        opinions.record("s2", report(seq=1), at)
    assert not opinions.odown(NODE, 10.0 + TTL_S)


def test_gossip_keeps_it_fresh() -> None:
    opinions = board()
    opinions.set_own(DOWN)
    opinions.record("s2", report(seq=1), 10.0)
    opinions.record("s2", report(seq=2), 12.0)
    assert opinions.odown(NODE, 14.0)


@pytest.mark.parametrize(("boot", "seq"), [(2, 4), (1, 9)])
def test_a_report_that_comes_late_changes_nothing(boot: int, seq: int) -> None:
    opinions = board()
    opinions.set_own(DOWN)
    opinions.record("s2", report(UP, boot=2, seq=5), 0.0)
    opinions.record("s2", report(DOWN, boot=boot, seq=seq), 0.1)
    assert not opinions.odown(NODE, 0.1)


def test_a_sentinel_that_restarted_counts_from_one_again() -> None:
    opinions = board()
    opinions.set_own(DOWN)
    opinions.record("s2", report(UP, boot=1, seq=500), 0.0)
    opinions.record("s2", report(DOWN, boot=2, seq=1), 0.1)
    assert opinions.odown(NODE, 0.1)


def test_a_later_report_replaces_all_of_an_earlier_one() -> None:
    opinions = board()
    opinions.record("s2", report(DOWN, seq=1), 0.0)
    opinions.record("s2", report(Opinion(OTHER, True, Grade.SILENT), seq=2), 0.1)
    assert opinions.down(NODE, 0.1) == {}
    assert opinions.down(OTHER, 0.1) == {"s2": Grade.SILENT}


def test_who_is_out_of_touch_no_longer_counts_and_its_late_report_stays_late() -> None:
    opinions = board()
    opinions.set_own(DOWN)
    opinions.record("s2", report(seq=7), 0.0)
    opinions.forget("s2")
    assert not opinions.odown(NODE, 0.0)
    for seq in (6, 7):
        opinions.record("s2", report(seq=seq), 0.1)
    assert not opinions.odown(NODE, 0.1)
    opinions.record("s2", report(seq=8), 0.2)
    assert opinions.odown(NODE, 0.2)
    opinions.forget("nobody")


def test_all_can_be_forgotten_at_once() -> None:
    opinions = board(quorum=1)
    opinions.set_own(DOWN)
    for peer in ("s2", "s3"):
        opinions.record(peer, report(), 0.0)
    opinions.forget_all()
    assert list(opinions.down(NODE, 0.0)) == ["s1"]


def test_a_change_of_mind_is_told_once() -> None:
    opinions = board()
    assert not opinions.set_own(UP), "not down is what everybody takes for granted"
    assert opinions.set_own(DOWN)
    assert not opinions.set_own(DOWN)
    assert opinions.set_own(Opinion(NODE, True, Grade.SILENT)), "another grade is another opinion"
    assert opinions.own() == (Opinion(NODE, True, Grade.SILENT),)
    opinions.forget_node(NODE)
    assert opinions.own() == ()
