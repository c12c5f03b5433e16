"""The histories that count as the primary's, and unseen replicas that are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.durability import Coverage, coverage
from promotion.view import SEALED, NodeView

A = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1")
B = NodeView("b:1", "b", 1, role="slave", follows="a:1", keys=9, offset_bytes=100, replid="h1", link_up=True)
C = replace(B, name="c:1", host="c")
OTHERS = "its history is not the primary's"


def seen(*views: NodeView, history: str | None = None, acknowledged_by: int = 1) -> Coverage:
    return coverage("a:1", views, acknowledged_by, history=history, sealed_only=False)


def test_what_a_primary_with_data_says_itself_counts_even_against_all_its_replicas() -> None:
    stale_b, stale_c = replace(B, replid="h0"), replace(C, replid="h0")
    assert dict(seen(A, stale_b, stale_c).missing) == {"b:1": OTHERS, "c:1": OTHERS}


@pytest.mark.parametrize(
    "primary",
    [
        (replace(A, keys=0, replid="h9"),),
        (replace(A, role="slave", replid="h9"),),
        (replace(A, role="", keys=0, replid=""),),
        (),
    ],
    ids=["wiped", "a-replica-now", "never-seen", "not-there"],
)
def test_of_one_that_cannot_say_what_its_replicas_agree_on_counts(primary: tuple[NodeView, ...]) -> None:
    assert seen(*primary, B, replace(C, follows=SEALED)).seen == ("b:1", "c:1")
    assert seen(*primary, B, replace(C, replid="h2")).seen == ()


def test_a_node_that_follows_another_has_no_say_in_it() -> None:
    wiped = replace(A, keys=0, replid="h9")
    counted = seen(wiped, B, replace(C, follows="x:9", replid="h2"))
    assert counted.seen == ("b:1",)
    assert dict(counted.missing) == {"c:1": "does not replicate from a:1"}


def test_of_a_wiped_primary_those_that_copied_its_emptiness_do_not_count() -> None:
    wiped = replace(A, keys=0, replid="h9")
    copied = replace(C, keys=0, replid="h9")
    counted = seen(wiped, B, copied, history="h1")
    assert (counted.seen, dict(counted.missing)) == (("b:1",), {"c:1": OTHERS})
    former = seen(wiped, B, replace(C, replid="h0", offset_bytes=900), history="h1")
    assert former.seen == ("b:1",), "offsets of two histories are never compared"


@pytest.mark.parametrize(
    ("link_up", "link_down_s", "counts"),
    [(True, None, True), (False, 3.0, True), (False, 0, True), (False, None, False)],
    ids=["linked", "was-linked", "just-lost-it", "never-since-its-start"],
)
def test_a_restarted_replica_counts_once_it_was_connected_again(
    link_up: bool, link_down_s: float | None, counts: bool
) -> None:
    restarted = replace(C, link_up=link_up, link_down_s=link_down_s)
    assert ("c:1" in seen(A, B, restarted).seen) is counts


def test_one_that_receives_a_new_copy_has_the_old_one_until_then() -> None:
    assert "c:1" in seen(A, B, replace(C, sync_in_progress=True)).seen


@pytest.mark.parametrize(
    ("strangers", "acknowledged_by", "needed", "refused"),
    [(0, 2, 1, False), (1, 2, 2, False), (2, 2, 3, True), (1, 1, 3, True), (9, 20, 1, False)],
)
def test_those_that_the_group_does_not_know_are_counted_but_never_seen(
    strangers: int, acknowledged_by: int, needed: int, refused: bool
) -> None:
    counted = seen(replace(A, strangers=strangers), B, C, acknowledged_by=acknowledged_by)
    assert counted.needed == needed
    assert (counted.refusal(acknowledged_by) is not None) is refused


def test_without_any_replica_there_is_always_one_too_few() -> None:
    counted = seen(A, acknowledged_by=3)
    assert (counted.seen, counted.needed) == ((), 1)
    assert "0 of 0 replicas count, 1 are needed" in (counted.refusal(3) or "")


def test_every_reason_is_in_the_refusal() -> None:
    refusal = seen(replace(A, strangers=1), replace(B, loading=True), replace(C, reachable=False)).refusal(1)
    assert refusal == (
        "durability: WAIT 1 may have acknowledged writes that no replica seen holds: 0 of 3 replicas count, "
        "3 are needed (b:1: holds no complete data set now; c:1: did not answer; "
        "others: 1 attached that this group does not know)"
    )
