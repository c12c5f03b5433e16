"""The order in which sentinels stand: the same at each of them, different from group to group."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

from quorum.rank import ranking

MEMBERS = ("s1", "s2", "s3")


def test_every_sentinel_computes_the_same_order() -> None:
    assert {ranking("g", order) for order in permutations(MEMBERS)} == {ranking("g", MEMBERS)}
    assert sorted(ranking("g", MEMBERS)) == list(MEMBERS)


def test_the_order_is_the_same_in_every_version_and_process() -> None:
    """Sentinels of different versions must agree on it during an upgrade."""
    assert ranking("g", MEMBERS) == ("s1", "s2", "s3")
    assert ranking("cache", MEMBERS) == ("s2", "s1", "s3")


def test_groups_spread_their_leaders_over_the_sentinels() -> None:
    first = Counter(ranking(f"group-{number}", MEMBERS)[0] for number in range(300))
    assert all(first[member] > 60 for member in MEMBERS)


def test_when_a_member_leaves_the_others_keep_their_order() -> None:
    for number in range(50):
        order = ranking(f"group-{number}", MEMBERS)
        left = [member for member in order if member != "s2"]
        assert list(ranking(f"group-{number}", left)) == left
