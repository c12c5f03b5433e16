"""A primary's demand of each write: lowered when replicas are gone, raised once enough are linked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.step_types import KeepFence, KeepSafety, WriteSafety
from promotion.view import SEALED, NodeView
from promotion.write_safety import at_promotion, correction, keep_fence

ASKED = WriteSafety(2, 2)
A = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", safety=ASKED)
B = NodeView("b:1", "b", 1, role="slave", follows="a:1", link_up=True, keys=9, replid="h1")
C = replace(B, name="c:1", host="c")
D = replace(B, name="d:1", host="d")


def demands(min_replicas: int, max_lag_s: int = 2) -> NodeView:
    return replace(A, safety=WriteSafety(min_replicas, max_lag_s))


def told(min_replicas: int, max_lag_s: int = 2) -> KeepSafety:
    return KeepSafety("a:1", WriteSafety(min_replicas, max_lag_s))


# -- at a promotion ----------------------------------------------------------------------------


def test_a_new_primary_demands_what_was_asked_if_enough_will_follow_it_at_once() -> None:
    assert at_promotion(ASKED, "b:1", [A, B, C, D]) == WriteSafety(2, 2)
    assert at_promotion(WriteSafety(1, 5), "b:1", [A, B, C, D]) == WriteSafety(1, 5)


@pytest.mark.parametrize(
    "other",
    [
        replace(D, reachable=False),
        replace(D, down=True),
        replace(D, role="master"),
        replace(D, replid="h2"),
    ],
    ids=["unreachable", "down", "a-master", "of-another-history"],
)
def test_who_cannot_follow_it_without_a_full_copy_does_not_count(other: NodeView) -> None:
    assert at_promotion(ASKED, "b:1", [A, B, C, other]) == WriteSafety(1, 2)


def test_the_last_replica_demands_nothing_and_keeps_the_lag() -> None:
    assert at_promotion(ASKED, "b:1", [A, B]) == WriteSafety(0, 2)


def test_those_cut_off_follow_it_as_well_as_those_linked() -> None:
    cut_off = [replace(view, follows=SEALED, link_up=False) for view in (B, C, D)]
    assert at_promotion(ASKED, "b:1", [A, *cut_off]) == WriteSafety(2, 2)


def test_of_a_node_that_was_not_seen_nothing_is_demanded() -> None:
    assert at_promotion(ASKED, "x:1", [A, B, C]) == WriteSafety(0, 2)


# -- later on ----------------------------------------------------------------------------------


def test_what_is_as_it_should_be_is_left_alone() -> None:
    assert correction(ASKED, "a:1", [A, B, C], ()) is None


def test_it_is_lowered_to_as_many_as_a_quorum_does_not_call_down() -> None:
    lost_b, lost_c = (replace(view, reachable=False, down=True, link_up=False) for view in (B, C))
    assert correction(ASKED, "a:1", [A, B, lost_c], {"c:1"}) == told(1)
    assert correction(ASKED, "a:1", [A, lost_b, lost_c], {"b:1", "c:1"}) == told(0)


def test_one_that_is_called_down_but_linked_still_counts() -> None:
    assert correction(ASKED, "a:1", [A, B, C], {"c:1"}) is None


def test_it_is_not_lowered_for_what_one_sentinel_alone_calls_down() -> None:
    mute = replace(C, reachable=False, down=True, link_up=False)
    assert correction(ASKED, "a:1", [A, B, mute], ()) is None


def test_the_primary_itself_being_called_down_lowers_nothing() -> None:
    assert correction(ASKED, "a:1", [A, B, C], {"a:1"}) is None


def test_it_is_raised_once_as_many_are_linked() -> None:
    assert correction(ASKED, "a:1", [demands(0), B, C], ()) == told(2)
    assert correction(ASKED, "a:1", [demands(0), B, replace(C, link_up=False)], ()) == told(1)


@pytest.mark.parametrize(
    "other",
    [
        replace(C, link_up=False),
        replace(C, follows="x:9"),
        replace(C, reachable=False),
        replace(C, down=True),
    ],
    ids=["syncing", "astray", "unreachable", "down"],
)
def test_it_is_not_raised_for_who_is_not_linked_yet(other: NodeView) -> None:
    """Else the writes would be refused until a first synchronisation is over."""
    assert correction(ASKED, "a:1", [demands(1), B, other], ()) is None


def test_more_linked_than_asked_for_raise_it_no_further() -> None:
    assert correction(ASKED, "a:1", [demands(1), B, C, D], ()) == told(2)


def test_a_demand_above_what_is_asked_is_lowered_to_it() -> None:
    assert correction(ASKED, "a:1", [demands(3), B, C, D], ()) == told(2)


def test_another_lag_is_set_right_and_the_number_kept() -> None:
    assert correction(ASKED, "a:1", [demands(1, 10), B, replace(C, link_up=False)], ()) == told(1)


@pytest.mark.parametrize(
    "primary",
    [
        replace(A, safety=None),
        replace(demands(0), role="slave"),
        replace(demands(0), reachable=False),
        replace(demands(0), down=True),
    ],
    ids=["its-demand-not-read", "a-replica", "unreachable", "down"],
)
def test_nothing_is_said_to_a_primary_of_which_too_little_is_known(primary: NodeView) -> None:
    assert correction(ASKED, "a:1", [demands(0), B, C], ()) is not None
    assert correction(ASKED, "a:1", [primary, B, C], ()) is None


def test_nothing_is_said_to_a_primary_that_was_not_seen() -> None:
    assert correction(ASKED, "x:1", [demands(0), B, C], ()) is None


@pytest.mark.parametrize("more", [{}, {"fence_missing": True}])
def test_a_fence_that_the_primary_has_evicted_is_written_again(more: dict[str, bool]) -> None:
    primary = NodeView("a:1", "a", 1, role="master", **more)  # type: ignore[arg-type]
    assert keep_fence("a:1", [primary]) == (KeepFence("a:1") if more else None)
    assert keep_fence("a:1", [replace(primary, role="slave")]) is None
    assert keep_fence("a:1", [replace(primary, reachable=False)]) is None
