"""The commands of each step in order, and its result if the node refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.conversation import FencedError, StepFailedError, StepUnknownError
from promotion.fence import MAX_JUMP, MAX_TERM
from promotion.step_types import (
    SEAL_HOST,
    SEAL_PORT,
    Demoted,
    Disarm,
    Freeze,
    Handover,
    KeepFence,
    KeepSafety,
    Rehearse,
    Repoint,
    Restore,
    Rewrite,
    Seal,
    Step,
    Taken,
    Thaw,
    WriteSafety,
)
from tests.unit.promotion.scripted_node import (
    KEY,
    MASTERDOWN,
    NOPERM,
    OOM,
    TERM,
    UNKNOWN,
    ScriptedNode,
    Words,
)
from tests.unit.promotion.step_cases import (
    ALL,
    CUT,
    DEMOTE,
    NEW,
    fails,
    kind,
    node_for,
    primary,
    raises_the_fence,
    replica,
    set_min,
)

# -- the fence, before anything else -----------------------------------------------------------


@pytest.mark.parametrize("step", ALL, ids=kind)
def test_a_newer_term_ends_it_before_anything_is_done(step: Step) -> None:
    node = node_for(step, fence=b"8")
    with pytest.raises(FencedError) as caught:
        node.take(step)
    assert caught.value.found_term == 8
    assert node.ran == []


@pytest.mark.parametrize("command", ["WATCH", "GET", "ROLE"])
@pytest.mark.parametrize("step", ALL, ids=kind)
def test_where_the_fence_may_not_be_read_nothing_is_done(step: Step, command: str) -> None:
    node = node_for(step, refuses={command: NOPERM, "INFO": NOPERM})
    said = fails(node, step)
    assert said.startswith(command) and said.endswith(f"missing permission: {NOPERM}")
    assert node.ran == []


@pytest.mark.parametrize("error", [NOPERM, "ERR unknown command 'ROLE', with args beginning with: "])
@pytest.mark.parametrize("step", [step for step in ALL if not isinstance(step, Handover)], ids=kind)
def test_what_a_node_is_is_asked_by_info_where_role_is_refused(step: Step, error: str) -> None:
    """So every step ends as it would with it."""
    node, other = node_for(step, refuses={"ROLE": error}), node_for(step)
    node.take(step)
    other.take(step)
    assert (node.follows, node.fence, node.ran) == (other.follows, other.fence, other.ran)


@pytest.mark.parametrize("found", [b"", b"six", b"-1", b"7.0", b" 6", b"007", b"0" * 20])
@pytest.mark.parametrize("step", [NEW, Seal("n:1")], ids=kind)
def test_what_is_no_term_is_told_and_left_alone_and_stops_nobody(step: Step, found: bytes) -> None:
    node = node_for(step, fence=found)
    told = f"a fence: the key {KEY} holds {found!r}, which is not a term, and is left alone"
    assert node.take(step).refused == (told,)
    assert node.fence == found
    assert node.follows == (None if step is NEW else ("127.0.0.1", 1))


def test_a_key_of_another_type_is_told_and_left_alone_too() -> None:
    node = replica(refuses={"GET": "WRONGTYPE Operation against a key holding the wrong kind of value"})
    told = f"a fence: the key {KEY} holds another type of value, which is not a term, and is left alone"
    assert node.take(NEW).refused == (told,)
    assert (node.follows, node.fence) == (None, b"6")


@pytest.mark.parametrize("found", [str(TERM + MAX_JUMP + 1), str(MAX_TERM), "9" * 5000])
def test_a_fence_that_no_leader_can_have_written_counts_as_missing_and_is_told(found: str) -> None:
    node = replica(fence=found.encode())
    assert node.take(NEW).absurd_fence == found[:40]
    assert (node.follows, node.fence) == (None, str(TERM).encode())


def test_one_that_a_leader_may_have_written_is_obeyed() -> None:
    """Wide enough for a node that was away for long."""
    node = replica(fence=str(TERM + MAX_JUMP).encode())
    with pytest.raises(FencedError) as caught:
        node.take(NEW)
    assert caught.value.found_term == TERM + MAX_JUMP


def test_without_a_fence_key_nothing_is_watched_or_written() -> None:
    node = replica()
    node.take(NEW, key=None)
    assert (node.follows, node.fence) == (None, b"6")
    assert not any(words[0] in ("WATCH", "GET", "EVAL", "SET") for write in node.writes for words in write)


@pytest.mark.parametrize("step", [NEW, DEMOTE, Seal("n:1"), Freeze("n:1", 4.0)], ids=kind)
def test_a_fence_that_rose_in_between_is_obeyed(step: Step) -> None:
    node = node_for(step, before_exec=raises_the_fence)
    with pytest.raises(FencedError) as caught:
        node.take(step)
    assert caught.value.found_term == 9
    assert node.done == []


def test_a_fence_that_vanished_in_between_is_a_failure_and_no_fencing() -> None:
    node = replica(before_exec=lambda node: setattr(node, "fence", None))
    assert fails(node, Seal("n:1")) == "the fence changed while it was being checked"


def test_a_lost_connection_is_told_apart_by_whether_it_can_have_been_done() -> None:
    with pytest.raises(StepFailedError):
        replica(lost_at=lambda words: words[0] == "WATCH").take(NEW)
    with pytest.raises(StepUnknownError):
        replica(lost_at=lambda words: words[0] == "REPLICAOF").take(NEW)


# -- following ---------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [b"6", b"7"])
def test_a_replica_is_pointed_elsewhere_without_writing_to_it(found: bytes) -> None:
    node = replica(fence=found)
    node.take(Repoint("n:1", "b", 1, "repoint"))
    assert node.ran == [("REPLICAOF", "b", 1), ("CONFIG", "REWRITE")]


def test_how_far_a_master_had_got_is_read_in_the_same_transaction() -> None:
    node = primary()
    assert node.take(DEMOTE).measured == Demoted("h1", 1234)
    assert node.writes[1][1:3] == (("INFO", "replication"), ("REPLICAOF", "b", 1))


def test_writes_that_wait_are_let_go_once_it_is_a_replica_and_before_clients_are_cut() -> None:
    node = primary()
    node.take(replace(DEMOTE, resume=True))
    assert node.ran == [("REPLICAOF", "b", 1), ("CONFIG", "REWRITE"), ("CLIENT", "UNPAUSE"), *CUT]


def test_of_what_was_no_master_nothing_is_measured() -> None:
    assert replica().take(DEMOTE).measured is None


@pytest.mark.parametrize("start", ["CONFIG", "CLIENT", "INFO"])
@pytest.mark.parametrize("error", [NOPERM, UNKNOWN, "ERR no"])
@pytest.mark.parametrize("when", ["queued", "run"])
def test_only_replicaof_is_essential_to_a_demotion(start: str, error: str, when: str) -> None:
    node = primary(refuses={start: error}) if when == "queued" else primary(fails={start: error})
    taken = node.take(DEMOTE)
    assert node.follows == ("b", 1)
    assert any(said.startswith(start) for said in taken.refused)


TURNING = (NEW, DEMOTE, Repoint("n:1", "b", 1, "repoint"), Seal("n:1"), Restore("n:1"))


@pytest.mark.parametrize("step", TURNING)
@pytest.mark.parametrize("error", [NOPERM, UNKNOWN])
@pytest.mark.parametrize("also", ["nothing", "MULTI"])
def test_where_replicaof_is_not_there_its_older_name_does_it(step: Step, error: str, also: str) -> None:
    usual = node_for(step)
    usual.take(step)
    node = node_for(step, refuses={"REPLICAOF": error, also: UNKNOWN})
    node.take(step)
    assert (node.follows, node.fence) == (usual.follows, usual.fence)
    assert any(words[0] == "SLAVEOF" for words in node.ran)


@pytest.mark.parametrize("step", [Rehearse("n:1", "primary"), Rehearse("n:1", "replica")])
def test_it_is_enough_for_a_switchover_too(step: Rehearse) -> None:
    node_for(step, refuses={"REPLICAOF": UNKNOWN}).take(step)


def test_without_multi_a_newer_term_is_obeyed_before_the_older_name_is_tried() -> None:
    def newer(words: Words) -> None:
        if words[0] == "INFO":
            node.fence = b"8"

    node = primary(refuses={"REPLICAOF": NOPERM, "MULTI": UNKNOWN}, before_each=newer)
    with pytest.raises(FencedError):
        node.take(replace(DEMOTE, primary_run_id="another"))
    assert node.follows is None


@pytest.mark.parametrize("when", ["queued", "run"])
def test_a_demotion_that_was_refused_is_named(when: str) -> None:
    refusal = {"REPLICAOF": "ERR no"}
    node = primary(refuses=refusal) if when == "queued" else primary(fails=refusal)
    assert fails(node, DEMOTE) == "REPLICAOF b 1: ERR no"


def test_a_replica_is_cut_off_without_a_trace_in_its_configuration() -> None:
    node = replica()
    node.take(Seal("n:1"))
    assert node.ran == [("REPLICAOF", SEAL_HOST, SEAL_PORT)]


@pytest.mark.parametrize(
    "step", [Seal("n:1"), KeepSafety("n:1", WriteSafety(1, 2)), KeepFence("n:1")], ids=kind
)
def test_nothing_is_done_to_a_node_of_another_role(step: Step) -> None:
    node = primary() if isinstance(step, Seal) else replica()
    assert "is not a" in fails(node, step)
    assert node.ran == []


# -- holding up writes, and undoing ------------------------------------------------------------


def test_the_pause_lasts_as_long_as_it_was_asked_for_and_ends_by_itself() -> None:
    node = primary()
    node.take(Freeze("n:1", 4.0))
    assert node.ran == [("CLIENT", "PAUSE", 4000, "WRITE")]


def test_a_pause_that_is_refused_was_not_made() -> None:
    assert (
        fails(primary(refuses={"CLIENT PAUSE": UNKNOWN}), Freeze("n:1", 4.0))
        == f"CLIENT PAUSE 4000: {UNKNOWN}"
    )


def test_writes_are_resumed_before_the_fence_is_raised() -> None:
    """The other way round, the transaction would wait for the end of the pause."""
    node = primary()
    node.take(Thaw("n:1"))
    assert node.ran == [("CLIENT", "UNPAUSE"), ("SET", KEY, TERM)]


@pytest.mark.parametrize("error", [NOPERM, OOM])
def test_a_thaw_resumes_writes_though_the_fence_cannot_be_raised(error: str) -> None:
    node = primary(refuses={"SET": error})
    assert any("the fence was not raised" in said for said in node.take(Thaw("n:1")).refused)
    assert node.ran == [("CLIENT", "UNPAUSE")]


def test_writes_that_may_not_be_resumed_are_a_failure() -> None:
    said = fails(primary(refuses={"CLIENT": NOPERM}), Thaw("n:1"))
    assert said == f"CLIENT UNPAUSE: missing permission: {NOPERM}"


def test_the_connections_of_a_leader_that_sleeps_are_cut() -> None:
    node = replica()
    node.take(Disarm("n:1"))
    assert node.ran == [CUT[0]]
    assert "ERR no" in fails(replica(refuses={"CLIENT": "ERR no"}), Disarm("n:1"))


@pytest.mark.parametrize(
    "refuses", [{}, {"EVAL": UNKNOWN}, {"CONFIG": UNKNOWN}, {"CLIENT": NOPERM}, {"SET": NOPERM}]
)
@pytest.mark.parametrize("follows", [None, ("b", 1)])
def test_an_old_primary_gets_its_role_back_whatever_else_it_refuses(
    refuses: dict[str, str], follows: tuple[str, int] | None
) -> None:
    node = ScriptedNode(follows=follows, refuses=refuses)
    taken = node.take(Restore("n:1"))
    assert node.follows is None
    assert node.fence == (b"6" if "SET" in refuses else b"7")
    assert ("SET" in refuses) == any("the fence was not raised" in said for said in taken.refused)


def test_an_old_primary_that_refuses_its_role_is_a_failure() -> None:
    assert "REPLICAOF NO ONE: ERR no" in fails(replica(refuses={"REPLICAOF": "ERR no"}), Restore("n:1"))


# -- keeping, and handing over -----------------------------------------------------------------


def test_the_demand_on_a_primary_is_set_and_written_down() -> None:
    step = KeepSafety("n:1", WriteSafety(1, 2))
    commands = [("CONFIG", "SET", "min-replicas-max-lag", 2), set_min(1), ("CONFIG", "REWRITE")]
    for fails_ in ({}, {"CONFIG REWRITE": "ERR The server is running without a config file"}):
        node = primary(fails=fails_)
        assert node.take(step) == Taken()
        assert node.ran == commands
    assert "ERR no" in fails(primary(fails={"CONFIG SET": "ERR no"}), step)


@pytest.mark.parametrize("found", [None, b"6", b"7"])
def test_a_fence_that_vanished_is_written_again(found: bytes | None) -> None:
    node = primary(fence=found)
    node.take(KeepFence("n:1"))
    assert node.fence == (b"7" if found is None else found)


def test_what_a_node_has_become_is_written_to_its_file_if_it_has_one() -> None:
    assert primary(fence=b"7").take(Rewrite("n:1")) == Taken()
    no_file = {"CONFIG REWRITE": "ERR The server is running without a config file"}
    assert primary(fails=no_file).take(Rewrite("n:1")) == Taken()
    assert (
        primary(fails={"CONFIG": "ERR Rewriting config file: Permission denied"}).take(Rewrite("n:1")).refused
    )


ORDER: Words = ("FAILOVER", "TO", "b", 1, "TIMEOUT", 10)


class HandsOver(ScriptedNode):
    """It has its new role as soon as the order arrives."""

    def _run(self, words: Words) -> object:
        if words == ORDER:
            self.follows = ("b", 1)
        return super()._run(words)


def test_a_handover_raises_the_fence_orders_it_and_cuts_the_clients_when_it_is_over() -> None:
    node = HandsOver()
    node.take(Handover("n:1", "b:1", "b", 1, 0.01))
    assert node.ran == [("SET", KEY, TERM), ORDER, *CUT]


def test_a_handover_that_is_refused_did_not_begin() -> None:
    no_replica = "ERR FAILOVER target HOST and PORT is not a replica."
    assert no_replica in fails(primary(fails={"FAILOVER": no_replica}), Handover("n:1", "b:1", "b", 1, 0.01))


def test_a_handover_without_a_fence_is_not_ordered() -> None:
    node = primary(refuses={"SET": NOPERM})
    assert fails(node, Handover("n:1", "b:1", "b", 1, 0.01)).startswith("SET fence: ")
    assert node.ran == []


def test_what_is_stale_on_a_primary_is_no_refusal() -> None:
    """Only a node that is cut off must not serve."""
    node = primary(stale=True, refuses={"GET": MASTERDOWN, "CONFIG": UNKNOWN})
    node.take(Freeze("n:1", 4.0))
    assert node.ran == [("CLIENT", "PAUSE", 4000, "WRITE")]


def test_a_right_that_is_taken_away_behind_the_step_is_named() -> None:
    """The node follows already: a missing report does not make it no replica."""
    node = replica()

    def deny(words: tuple[object, ...]) -> None:
        if words[0] == "REPLICAOF":
            node.fails |= {"ROLE": NOPERM}

    node.before_each = deny
    said = fails(node, Repoint("n:1", "127.0.0.1", 2, "repoint"))
    assert said == f"REPLICAOF was done, and then ROLE: missing permission: {NOPERM}"
