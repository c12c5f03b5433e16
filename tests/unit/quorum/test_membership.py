"""Sets that differ by one share a member in any two majorities; further ones go together with nobody."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import MembershipError
from quorum.membership import Membership
from quorum.votes import Outcome, Tally, majority

THREE = Membership.of(["s3", "s1", "s2"])
ADDED = THREE.moved_to(["s1", "s2", "s3", "s4"])
FOUR = ADDED.alone()
REPLACED = Membership.of(["s1", "s2", "s4"])


def test_equal_sets_are_equal_in_whatever_order() -> None:
    assert Membership.of(["s2", "s1"]) == Membership.of(("s1", "s2"))
    assert THREE.digest() == Membership.of(["s1", "s2", "s3"]).digest() != ADDED.digest()


@given(st.sets(st.sampled_from("abcdef"), min_size=2))
def test_majorities_of_neighbours_share_a_member(names: set[str]) -> None:
    fewer = sorted(names)[1:]
    for one in combinations(sorted(names), majority(len(names))):
        for other in combinations(fewer, majority(len(fewer))):
            assert set(one) & set(other)


def test_while_the_former_set_may_still_elect_a_majority_of_both_is_needed() -> None:
    assert ADDED.is_joint and not FOUR.is_joint
    assert not ADDED.elects({"s1", "s2"}), "two of three, and two of four"
    assert not ADDED.elects({"s1", "s4"})
    assert ADDED.elects({"s1", "s2", "s4"})
    removed = FOUR.moved_to(["s1", "s2", "s3"])
    assert not removed.elects({"s1", "s2"}), "two of three, and not three of four"
    assert removed.alone().elects({"s1", "s2"})


def test_an_election_is_lost_when_either_set_can_no_longer_be_won() -> None:
    tally = Tally(ADDED, own="s4")
    tally.record("s1", granted=True)
    tally.record("s2", granted=False)
    before = tally.outcome
    tally.record("s3", granted=False)
    assert (before, tally.outcome) == (Outcome.PENDING, Outcome.LOST)


def test_a_set_that_differs_by_more_than_one_is_refused_and_both_are_named() -> None:
    with pytest.raises(MembershipError, match=r"s1 s2 s3.*s1 s2 s4"):
        THREE.moved_to(["s1", "s2", "s4"])


def test_a_step_that_nobody_counts_on_yet_can_be_taken_back_or_made_another() -> None:
    assert ADDED.moved_to(["s1", "s2", "s3"]) == THREE
    assert ADDED.moved_to(["s1", "s2"]) == THREE.moved_to(["s1", "s2"])
    with pytest.raises(MembershipError):
        ADDED.moved_to(["s1", "s2", "s3", "s4", "s5"])


def test_nobody_goes_with_the_set_before_once_it_has_the_next() -> None:
    assert THREE.refusal(ADDED) == ""
    assert THREE.refusal(FOUR) == "", "one that was away goes with those who have moved on"
    assert "s1 s2 s3 s4" in ADDED.refusal(THREE) or "votes with the members" in ADDED.refusal(THREE)
    assert FOUR.refusal(THREE)
    assert ADDED.refusal(FOUR) == "" and FOUR.refusal(ADDED) == ""


def test_two_changes_of_one_set_exclude_each_other() -> None:
    """Each leaves out another one: two and two of four could else elect a leader each."""
    left, right = FOUR.moved_to(["s1", "s2", "s3"]), FOUR.moved_to(["s2", "s3", "s4"])
    assert left.refusal(right) and right.refusal(left)
    assert left.refusal(right.alone()) and right.refusal(left.alone())
    for one in combinations(FOUR.voters, 2):
        assert not left.elects(set(one)) and not right.elects(set(one))


def test_a_release_that_does_not_tell_is_taken_as_before() -> None:
    assert THREE.refusal(None) == "" and ADDED.refusal(None) == ""


def test_sets_further_apart_go_together_with_nobody() -> None:
    assert THREE.refusal(REPLACED) and REPLACED.refusal(THREE)
