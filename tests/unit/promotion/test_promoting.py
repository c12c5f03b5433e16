"""A node is promoted with its fence, or not at all; and the settings that are overridden for it."""

from __future__ import annotations

import pytest

from promotion.conversation import FencedError, StepUnknownError
from promotion.promoting import RESUME
from promotion.step_types import (
    Freeze,
    Handover,
    Promote,
    Restore,
    Step,
    Taken,
    WriteSafety,
)
from tests.unit.promotion.scripted_node import (
    KEY,
    NOPERM,
    TERM,
    UNKNOWN,
    ScriptedNode,
)
from tests.unit.promotion.step_cases import (
    ALL,
    CUT,
    DEMOTE,
    NEW,
    OLD_PRIMARY,
    ON_A_REPLICA,
    RAISE,
    TURN,
    fails,
    kind,
    node_for,
    primary,
    raises_the_fence,
    replica,
    set_min,
)

# -- promoting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [None, b"6"])
def test_the_fence_is_watched_then_read_then_raised_in_the_transaction_that_promotes(
    found: bytes | None,
) -> None:
    node = replica(fence=found)
    assert node.take(NEW) == Taken()
    first, second = node.writes
    assert first.index(("WATCH", KEY)) < first.index(("GET", KEY))
    assert second == (RESUME, ("MULTI",), TURN, ("ROLE",), RAISE, *CUT, ("EXEC",))


def test_what_was_demanded_of_writes_is_lifted_for_the_fence_and_kept() -> None:
    node = replica()
    node.settings["min-replicas-to-write"] = "2"
    node.take(NEW)
    assert node.done == [TURN, set_min(0), RAISE, set_min(2), *CUT]


@pytest.mark.parametrize("before", ["0", "2"])
def test_what_shall_be_demanded_of_writes_is_set_before_anybody_can_write_to_it(before: str) -> None:
    node = replica()
    node.settings["min-replicas-to-write"] = before
    node.take(Promote("n:1", WriteSafety(1, 5)))
    lifted = [set_min(0)] if before == "2" else []
    assert node.done == [TURN, *lifted, RAISE, ("CONFIG", "SET", "min-replicas-max-lag", 5), set_min(1), *CUT]


@pytest.mark.parametrize("way", ["EVAL", "SET"])
def test_a_failed_snapshot_does_not_keep_the_fence_out(way: str) -> None:
    node = replica(snapshot_failed=True, refuses={} if way == "EVAL" else {"EVAL": UNKNOWN})
    node.take(NEW)
    assert (node.follows, node.fence) == (None, b"7")
    assert node.settings["stop-writes-on-bgsave-error"] == "yes", "as the administrator left it"


def test_that_writes_may_not_be_resumed_keeps_nobody_from_being_promoted() -> None:
    node = replica(refuses={"CLIENT UNPAUSE": NOPERM})
    assert node.take(NEW) == Taken()
    assert (node.follows, node.fence) == (None, b"7")


def test_one_that_is_put_back_is_first_freed_of_what_held_it() -> None:
    node = replica(fails={"FAILOVER": "ERR No failover in progress."})
    node.take(Promote("n:1", reinstate=True))
    assert node.ran[:3] == [("FAILOVER", "ABORT"), RESUME, TURN]


def test_a_promotion_that_was_done_by_this_term_is_not_done_again() -> None:
    node = primary(fence=b"7")
    node.take(NEW)
    assert node.ran == []


def test_a_replica_with_the_fence_of_this_term_follows_whom_it_promoted() -> None:
    with pytest.raises(FencedError):
        replica(fence=b"7").take(NEW)


def test_where_the_fence_is_refused_the_node_follows_as_before() -> None:
    node = replica(snapshot_failed=True, refuses={"CONFIG": UNKNOWN})
    said = fails(node, NEW)
    assert said.startswith("EVAL: MISCONF")
    assert (node.follows, node.fence) == (OLD_PRIMARY, b"6")


@pytest.mark.parametrize("error", [NOPERM, "ERR no"])
def test_a_role_that_is_refused_is_named_and_nothing_is_done(error: str) -> None:
    node = replica(refuses={"REPLICAOF": error, "SLAVEOF": error})
    assert fails(node, NEW).startswith("REPLICAOF NO ONE: ")
    assert node.done == []


def test_a_user_who_may_not_discard_can_promote() -> None:
    node = replica(refuses={"DISCARD": NOPERM})
    node.take(NEW)
    assert (node.follows, node.fence) == (None, b"7")


def test_one_that_cannot_be_taken_back_is_unknown_and_says_so() -> None:
    node = replica(snapshot_failed=True, refuses={"CONFIG": UNKNOWN}, fails={"REPLICAOF a": "ERR no"})
    with pytest.raises(
        StepUnknownError, match=r"MISCONF.*may be a primary without a fence.*REPLICAOF a 1: ERR no"
    ):
        node.take(NEW)


@pytest.mark.parametrize("error", [NOPERM, UNKNOWN])
def test_without_eval_the_fence_is_set_behind_the_promotion(error: str) -> None:
    node = replica(refuses={"EVAL": error})
    assert node.take(NEW) == Taken()
    assert node.done == [TURN, ("SET", KEY, TERM), *CUT]


def test_without_eval_a_newer_fence_that_comes_in_between_is_obeyed_and_the_change_taken_back() -> None:
    seen: list[ScriptedNode] = []

    def rises_behind_the_promotion(node: ScriptedNode) -> None:
        seen.append(node)
        if node.follows is None:
            node.fence = b"9"

    node = replica(refuses={"EVAL": UNKNOWN}, before_exec=rises_behind_the_promotion)
    with pytest.raises(FencedError):
        node.take(NEW)
    assert (node.follows, node.fence) == (OLD_PRIMARY, b"9")


@pytest.mark.parametrize("error", [NOPERM, UNKNOWN])
def test_without_eval_and_set_nothing_is_done(error: str) -> None:
    node = replica(refuses={"EVAL": error, "SET": error})
    assert fails(node, NEW).startswith("SET fence: ")
    assert node.done == []


@pytest.mark.parametrize("start", ["CONFIG", "CLIENT", "CLIENT KILL"])
def test_what_is_not_essential_to_a_promotion_is_missed_with_a_note(start: str) -> None:
    node = replica(refuses={start: UNKNOWN})
    taken = node.take(Promote("n:1", WriteSafety(1, 5)))
    assert (node.follows, node.fence) == (None, b"7")
    assert taken.refused and all(said.startswith(start) and UNKNOWN in said for said in taken.refused)


# -- nodes that may not serve, or are full -----------------------------------------------------


@pytest.mark.parametrize("old_version", [False, True])
@pytest.mark.parametrize("step", ON_A_REPLICA, ids=kind)
def test_a_cut_off_replica_that_must_not_serve_tells_the_fence_for_a_moment(
    step: Step, old_version: bool
) -> None:
    node = replica(stale=True, old_version=old_version)
    node.settings["replica-serve-stale-data"] = "no"
    node.take(step)
    assert node.settings["replica-serve-stale-data"] == "no"
    newer = replica(stale=True, fence=b"8")
    newer.settings["replica-serve-stale-data"] = "no"
    with pytest.raises(FencedError):
        newer.take(step)


@pytest.mark.parametrize("old_version", [False, True])
def test_where_it_may_not_be_told_to_serve_a_newer_fence_takes_the_promotion_back(old_version: bool) -> None:
    def node(fence: bytes) -> ScriptedNode:
        made = replica(stale=True, fence=fence, old_version=old_version, refuses={"CONFIG": UNKNOWN})
        made.settings["replica-serve-stale-data"] = "no"
        return made

    obeying, newer = node(b"6"), node(b"8")
    obeying.take(NEW)
    assert (obeying.follows, obeying.fence) == (None, b"7")
    with pytest.raises(FencedError) as caught:
        newer.take(NEW)
    assert caught.value.found_term == 8
    assert (newer.follows, newer.fence) == (OLD_PRIMARY, b"8")


@pytest.mark.parametrize("step", ALL, ids=kind)
def test_a_full_node_is_given_room_for_one_write(step: Step) -> None:
    node = node_for(step, full=True)
    node.settings["maxmemory"] = "100"
    if isinstance(step, Handover):
        node.lost_at = lambda words: words == ("INFO", "replication")
        with pytest.raises(StepUnknownError):
            node.take(step)
    else:
        node.take(step)
    assert node.settings["maxmemory"] == "100"


@pytest.mark.parametrize("multi", ["MULTI", "EXEC", "CONFIG"])
@pytest.mark.parametrize("step", [NEW, DEMOTE, Freeze("n:1", 4.0), Restore("n:1")], ids=kind)
def test_where_nothing_can_be_queued_it_is_done_in_one_write(step: Step, multi: str) -> None:
    """Of a full node CONFIG alone could make room."""
    node = node_for(step, full=multi == "CONFIG", refuses={multi: UNKNOWN})
    node.settings["maxmemory"] = "100" if multi == "CONFIG" else "0"
    node.take(step)
    assert node.ran


@pytest.mark.parametrize("step", [NEW, DEMOTE], ids=kind)
def test_without_a_transaction_a_newer_fence_is_found_out_at_least(step: Step) -> None:
    node = node_for(step, refuses={"MULTI": UNKNOWN})
    node.before_each = lambda words: (
        raises_the_fence(node) if words[0] == "GET" and len(node.writes) > 1 else None
    )
    with pytest.raises(FencedError):
        node.take(step)
    assert node.follows is not None, "whoever was about to be promoted follows as before"
