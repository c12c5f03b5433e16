"""What was confirmed may be told while it is fresh; after a stall what was asked since, for a moment."""

from __future__ import annotations

import pytest

from sentinel.status.freshness import ANEW_S, Freshness


@pytest.mark.parametrize(("age_s", "suffices"), [(0.0, True), (1.0, True), (1.1, False)])
def test_it_may_be_as_old_as_a_peer_may_be_silent(age_s: float, suffices: bool) -> None:
    assert Freshness(1.0).suffices(100.0 - age_s, 100.0) is suffices


def test_after_a_stall_it_must_have_been_asked_since() -> None:
    freshness = Freshness(1.0)
    freshness.stalled(100.0)
    assert not freshness.suffices(99.9, 100.1)
    assert freshness.suffices(100.0, 100.1)
    assert freshness.may_recover(100.5) and not freshness.may_recover(102.0)


def test_who_is_stalled_again_and_again_goes_by_what_is_no_older_than_allowed() -> None:
    freshness = Freshness(1.0)
    for stall in range(10):
        freshness.stalled(100.0 + stall * 0.6)
    assert freshness.suffices(105.0, 105.5)
    assert not freshness.suffices(104.4, 105.5)
    freshness.stalled(107.0)
    assert not freshness.suffices(106.9, 107.1), "this one is of its own"
    assert freshness.suffices(106.9, 107.1 + ANEW_S)
