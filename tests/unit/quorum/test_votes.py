"""Votes are counted as a naive count of all that may still come would."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.membership import Membership
from quorum.votes import Outcome, Tally, majority

NAMES = ("s1", "s2", "s3", "s4", "s5")


def naive(members: tuple[str, ...], answers: list[tuple[str, bool]]) -> Outcome:
    """Try every way in which those yet to answer could vote."""
    first = {name: granted for name, granted in reversed(answers) if name in members}
    silent = [name for name in members if name not in first]
    wins = [
        2 * (sum(first.values()) + sum(rest)) > len(members)
        for rest in product([False, True], repeat=len(silent))
    ]
    if all(wins):
        return Outcome.WON
    return Outcome.PENDING if any(wins) else Outcome.LOST


@given(
    size=st.integers(1, 5),
    answers=st.lists(st.tuples(st.sampled_from([*NAMES, "stranger"]), st.booleans()), max_size=12),
)
def test_the_outcome_is_what_a_naive_count_says(size: int, answers: list[tuple[str, bool]]) -> None:
    tally = Tally(Membership.of(NAMES[:size]))
    assert tally.outcome is naive(NAMES[:size], [])
    for count, (name, granted) in enumerate(answers, 1):
        tally.record(name, granted)
        assert tally.outcome is naive(NAMES[:size], answers[:count])


@pytest.mark.parametrize("size", range(1, 8))
def test_a_majority_is_the_least_number_of_which_any_two_groups_share_one(size: int) -> None:
    def always_meet(count: int) -> bool:
        groups = [set(group) for group in combinations(range(size), count)]
        return all(one & other for one in groups for other in groups)

    assert always_meet(majority(size))
    assert not always_meet(majority(size) - 1)


def test_the_first_answer_of_a_member_counts() -> None:
    tally = Tally(Membership.of(NAMES[:3]))
    tally.record("s1", granted=True)
    tally.record("s2", granted=False)
    tally.record("s2", granted=True)
    assert tally.outcome is Outcome.PENDING
