"""The replicas that vouch for writes acknowledged by WAIT, how many must, and which may be promoted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.durability import behind_newest, coverage
from promotion.view import SEALED, NodeView

GONE = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", reachable=False, down=True)
B = NodeView(
    "b:1", "b", 1, role="slave", follows="a:1", keys=9, offset_bytes=100, replid="h1", link_down_s=1.0
)
C = replace(B, name="c:1", host="c", offset_bytes=90)
LOST = replace(C, reachable=False, down=True)


@pytest.mark.parametrize(
    ("acknowledged_by", "needed"), [(1, 2), (2, 1), (3, 1)], ids=["wait-1", "wait-2", "more-than-there-are"]
)
def test_any_so_many_include_one_that_has_the_write(acknowledged_by: int, needed: int) -> None:
    seen = coverage("a:1", [GONE, B, C], acknowledged_by, sealed_only=False)
    assert (seen.seen, seen.needed) == (("b:1", "c:1"), needed)
    assert seen.refusal(acknowledged_by) is None


def test_with_too_few_nothing_is_promoted_and_the_reason_names_who_is_missing() -> None:
    refusal = coverage("a:1", [GONE, B, LOST], 1, sealed_only=False).refusal(1)
    assert refusal is not None
    assert "1 of 2 replicas count, 2 are needed (c:1: did not answer)" in refusal
    assert coverage("a:1", [GONE, B, LOST], 2, sealed_only=False).refusal(2) is None


def test_replicas_that_the_group_does_not_know_may_hold_the_write_too() -> None:
    refusal = coverage("a:1", [replace(GONE, strangers=1), B, C], 1, sealed_only=False).refusal(1)
    assert refusal is not None and "1 attached that this group does not know" in refusal


@pytest.mark.parametrize(
    ("doubtful", "reason"),
    [
        (replace(C, reachable=False), "did not answer"),
        (replace(C, role="master"), "does not replicate from a:1"),
        (replace(C, follows="x:9"), "does not replicate from a:1"),
        (replace(C, loading=True), "holds no complete data set now"),
        (replace(C, keys=0, sync_in_progress=True), "holds no complete data set now"),
        (replace(C, offset_bytes=None), "its replication offset is not known"),
        (replace(C, link_down_s=None), "was never connected since it started"),
        (replace(C, replid="h2"), "its history is not the primary's"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_who_may_have_lost_what_it_acknowledged_does_not_vouch(doubtful: NodeView, reason: str) -> None:
    assert dict(coverage("a:1", [GONE, B, doubtful], 1, sealed_only=False).missing) == {"c:1": reason}


def test_who_could_still_acknowledge_a_write_does_not_vouch_once_the_others_are_cut_off() -> None:
    cut_off = replace(B, follows=SEALED)
    seen = coverage("a:1", [GONE, cut_off, C], 1, sealed_only=True)
    assert seen.seen == ("b:1",)
    assert dict(seen.missing) == {"c:1": "could not be cut off from the primary"}


def test_of_a_wiped_primary_the_history_before_counts() -> None:
    wiped = replace(GONE, keys=0, replid="h9", reachable=True)
    assert coverage("a:1", [wiped, B, C], 1, history="h1", sealed_only=False).seen
    assert coverage("a:1", [wiped, B, C], 1, sealed_only=False).seen, "the replicas agree on one"
    divided = [wiped, B, replace(C, replid="h2")]
    assert not coverage("a:1", divided, 1, sealed_only=False).seen, "nobody knows which is its own"


def test_only_the_newest_of_those_seen_may_be_promoted() -> None:
    assert behind_newest(["b:1", "c:1"], [GONE, B, C]) == {
        "a:1": "durability: not known to hold what WAIT acknowledged",
        "c:1": "durability: 10 bytes behind, which WAIT may have acknowledged",
    }
    assert "c:1" not in behind_newest(["b:1", "c:1"], [B, replace(C, offset_bytes=100)])


BACK = replace(GONE, role="slave", replid="h9", offset_bytes=1, reachable=True, follows="b:1")
"""The primary as a replica, which no longer reports the offset of its data."""
RESTARTED = replace(C, link_down_s=None, replid="h0", offset_bytes=80)
NEWEST = replace(B, replid2="h0", second_offset=90)


def test_where_all_came_back_as_replicas_one_that_holds_all_is_enough() -> None:
    seen = coverage("a:1", [BACK, NEWEST, RESTARTED], 1, sealed_only=False)
    assert (seen.seen, seen.needed, seen.refusal(1)) == (("b:1",), 1, None)
    by_hand = replace(RESTARTED, role="master", replid="h5", replid2="h0", second_offset=81, offset_bytes=200)
    assert coverage("a:1", [BACK, NEWEST, by_hand], 1, sealed_only=False).seen == ("b:1",)
    sealed = [BACK, replace(NEWEST, follows=SEALED), replace(RESTARTED, follows="b:1")]
    assert coverage("a:1", sealed, 1, sealed_only=True).seen == ("b:1",)


@pytest.mark.parametrize(
    "views",
    [
        [replace(BACK, reachable=False), NEWEST, RESTARTED],
        [replace(BACK, role="master"), NEWEST, RESTARTED],
        [replace(BACK, loading=True), NEWEST, RESTARTED],
        [replace(BACK, strangers=1), NEWEST, RESTARTED],
        [BACK, NEWEST, replace(RESTARTED, down=True)],
        [BACK, NEWEST, replace(RESTARTED, offset_bytes=90)],
        [BACK, NEWEST, replace(RESTARTED, replid="h7")],
        [BACK, NEWEST, replace(RESTARTED, link_up=False, offset_bytes=1)],
        [BACK, NEWEST, replace(RESTARTED, role="master")],
        [BACK, replace(NEWEST, role="master"), replace(RESTARTED, replid="h1")],
    ],
    ids=[
        "the-primary-is-away",
        "it-takes-writes",
        "it-is-loading",
        "somebody-else-followed-it",
        "a-replica-is-away",
        "it-holds-more",
        "it-holds-something-else",
        "it-does-not-tell-how-much",
        "nobody-knows-what-it-left",
        "it-followed-one-that-is-not-agreed-on",
    ],
)
def test_not_where_anybody_could_hold_more(views: list[NodeView]) -> None:
    assert coverage("a:1", views, 1, sealed_only=False).refusal(1) is not None


def test_not_while_one_could_still_acknowledge_a_write_nor_of_a_wiped_primary() -> None:
    assert coverage("a:1", [BACK, NEWEST, RESTARTED], 1, sealed_only=True).refusal(1) is not None
    wiped = coverage("a:1", [BACK, NEWEST, RESTARTED], 1, history="h1", sealed_only=False)
    assert wiped.refusal(1) is not None
