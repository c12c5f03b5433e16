"""What each step says to a node and in which order, and what it concludes from each answer."""

from __future__ import annotations

from typing import Any

import pytest

from promotion.conversation import (
    Call,
    Calls,
    FencedError,
    Pause,
    ReplyError,
    Request,
    StepFailedError,
    Transact,
    Word,
)
from promotion.step_types import (
    SEAL_HOST,
    SEAL_PORT,
    Demoted,
    Disarm,
    Freeze,
    Handover,
    KeepSafety,
    Known,
    Promote,
    Repoint,
    Rewrite,
    Seal,
    Step,
    Thaw,
    WriteSafety,
)
from promotion.steps import MAX_TERM, conversation
from tests.unit.promotion.step_script import (
    CUT,
    KEY,
    NOPERM,
    OK,
    RAISE,
    REWRITE,
    TERM,
    Script,
    done,
    fence,
    hold,
    role,
)

PROMOTE, ROLE = ("REPLICAOF", "NO", "ONE"), ("ROLE",)
FOLLOW = ("REPLICAOF", "b", 1)
ASK_MIN = ("CONFIG", "GET", "min-replicas-to-write")
CHECKED: tuple[Step, ...] = (
    Repoint("a:1", "b", 1, "repoint"),
    Repoint("a:1", "b", 1, "demote", resume=True),
    Seal("a:1"),
    Handover("a:1", "b:1", "b", 1, 2.0),
    Freeze("a:1", 4.0),
    Thaw("a:1"),
    Disarm("a:1"),
    KeepSafety("a:1", WriteSafety(1, 2)),
    Rewrite("a:1"),
)
"""Every step but ``Promote``, which reads a setting, too."""
MASTER, REPLICA = [b"master", 0, []], [b"slave", b"a", 1, b"connected", 0]


def opening(
    step: Step, found: object = b"6", kept: object = (b"min-replicas-to-write", b"0"), **more: object
) -> Script:
    """The check of the fence, as ``step`` makes it."""
    answer = list(kept) if isinstance(kept, tuple) else kept
    return fence(found, *([(ASK_MIN, answer)] if isinstance(step, Promote) else []), **more)


def kept(value: bytes) -> tuple[bytes, bytes]:
    return b"min-replicas-to-write", value


def promoted(*commands: tuple[Word, ...], role: object = MASTER) -> tuple[Request, object]:
    """The transaction that promotes: ``commands`` come between change of role and cutting of clients."""
    said = (PROMOTE, ROLE, *commands, *CUT)
    return Transact(said), (OK, role, *(OK for _ in said[2:]))


def set_min(value: int) -> tuple[Word, ...]:
    return ("CONFIG", "SET", "min-replicas-to-write", value)


def set_lag(value: int) -> tuple[Word, ...]:
    return ("CONFIG", "SET", "min-replicas-max-lag", value)


def take(step: Step, *script: tuple[Request, object], key: str | None = KEY) -> Demoted | None:
    return hold(conversation(step, TERM, key), *script)


def fails(step: Step, *script: tuple[Request, object], key: str | None = KEY) -> str:
    """The reason, where the step must fail after the last answer of ``script``."""
    with pytest.raises(StepFailedError) as caught:
        take(step, *script, key=key)
    assert caught.value.node == step.node
    return caught.value.reason


# -- the fence, before anything else -----------------------------------------------------------

ALL = (Promote("a:1"), *CHECKED)
NAMES = [type(step).__name__.lower() for step in ALL]


@pytest.mark.parametrize("step", ALL, ids=NAMES)
def test_a_newer_term_ends_it_before_anything_is_done(step: Step) -> None:
    with pytest.raises(FencedError) as caught:
        take(step, *opening(step, b"8"))
    assert caught.value.found_term == 8


@pytest.mark.parametrize("step", ALL, ids=NAMES)
def test_where_the_fence_may_not_be_watched_nothing_is_done(step: Step) -> None:
    assert fails(step, *opening(step, watched=ReplyError(NOPERM))) == f"missing permission: {NOPERM}"


@pytest.mark.parametrize("step", ALL, ids=NAMES)
def test_where_the_fence_cannot_be_read_nothing_is_done(step: Step) -> None:
    wrong = ReplyError("WRONGTYPE Operation against a key")
    said = fails(step, *opening(step, wrong))
    assert said == "key fence: WRONGTYPE Operation against a key"


@pytest.mark.parametrize("found", [b"", b"six", b"-1", b"7.0", b" 6", str(MAX_TERM).encode(), b"0" * 20])
def test_what_is_no_term_is_named_and_nothing_is_done(found: bytes) -> None:
    assert "which is not a term" in fails(Seal("a:1"), *fence(found))


def test_without_a_fence_key_nothing_is_watched_or_written() -> None:
    assert take(Freeze("a:1", 4.0), done(("CLIENT", "PAUSE", 4000, "WRITE")), key=None) is None
    take(Thaw("a:1"), (Call(("CLIENT", "UNPAUSE")), OK), key=None)
    take(Promote("a:1"), promoted(), key=None)


# -- the transaction ---------------------------------------------------------------------------


def test_a_fence_that_rose_in_between_is_obeyed() -> None:
    with pytest.raises(FencedError) as caught:
        take(Seal("a:1"), *fence(), role(b"slave"), (cut_off(), None), (Call(("GET", KEY)), b"9"))
    assert caught.value.found_term == 9


def test_a_fence_that_vanished_in_between_is_a_failure_and_no_fencing() -> None:
    said = fails(Seal("a:1"), *fence(), role(b"slave"), (cut_off(), None), (Call(("GET", KEY)), None))
    assert said == "the fence changed while it was being checked"


@pytest.mark.parametrize(
    "answer",
    [ReplyError(NOPERM), (ReplyError(NOPERM),)],
    ids=["when-it-was-queued", "when-it-ran"],
)
def test_a_missing_permission_is_named(answer: object) -> None:
    said = fails(Seal("a:1"), *fence(), role(b"slave"), (cut_off(), answer))
    assert said == f"missing permission: {NOPERM}"


def cut_off() -> Transact:
    return Transact((("REPLICAOF", SEAL_HOST, SEAL_PORT),))


# -- promoting ---------------------------------------------------------------------------------

NEW = Promote("b:1")


@pytest.mark.parametrize("found", [None, b"6"])
def test_a_promotion_raises_the_fence_and_then_cuts_the_clients(found: bytes | None) -> None:
    take(NEW, *opening(NEW, found), promoted(RAISE))


def test_what_was_demanded_of_writes_is_lifted_for_the_fence_and_kept() -> None:
    take(NEW, *opening(NEW, kept=kept(b"2")), promoted(set_min(0), RAISE, set_min(2)))


@pytest.mark.parametrize("before", [b"0", b"2"])
def test_what_shall_be_demanded_of_writes_is_set_after_the_fence(before: bytes) -> None:
    lifted = (set_min(0),) if before == b"2" else ()
    step = Promote("b:1", WriteSafety(1, 5))
    take(step, *opening(step, kept=kept(before)), promoted(*lifted, RAISE, set_lag(5), set_min(1)))


def test_without_a_fence_the_demand_is_set_all_the_same() -> None:
    take(Promote("b:1", WriteSafety(1, 5)), promoted(set_lag(5), set_min(1)), key=None)


@pytest.mark.parametrize("answer", [ReplyError(NOPERM), [], [b"min-replicas-to-write", b"x"]])
def test_a_demand_that_may_not_be_read_is_left_alone(answer: object) -> None:
    take(NEW, *opening(NEW, kept=answer), promoted(RAISE))


@pytest.mark.parametrize("answer", [OK, ReplyError("ERR No failover in progress.")])
def test_one_that_is_put_back_is_first_freed_of_what_held_it(answer: object) -> None:
    freed = Calls((("FAILOVER", "ABORT"), ("CLIENT", "UNPAUSE"))), (answer, answer)
    step = Promote("a:1", reinstate=True)
    take(step, *opening(step), freed, promoted(RAISE))


def test_a_promotion_that_was_done_by_this_term_is_not_done_again() -> None:
    take(NEW, *opening(NEW, b"7"), role(b"master"))


def test_a_replica_with_the_fence_of_this_term_follows_whom_it_promoted() -> None:
    with pytest.raises(FencedError):
        take(NEW, *opening(NEW, b"7"), role(b"slave"))


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4])
def test_each_part_of_the_promotion_must_succeed(index: int) -> None:
    step = Promote("b:1", WriteSafety(1, 2))
    asked, answers = promoted(RAISE, set_lag(2), set_min(1))
    assert isinstance(answers, tuple)
    failed = (*answers[:index], ReplyError("ERR no"), *answers[index + 1 :])
    assert fails(step, *opening(step), (asked, failed)) == "ERR no"


def test_one_that_is_a_replica_still_was_not_promoted() -> None:
    assert "is not a primary" in fails(NEW, *opening(NEW), promoted(RAISE, role=REPLICA))


@pytest.mark.parametrize("answer", [OK, ReplyError("ERR The server is running without a config file")])
def test_what_a_node_has_become_is_written_to_its_file_if_it_has_one(answer: object) -> None:
    take(Rewrite("b:1"), *fence(b"7"), (Transact((REWRITE,)), (answer,)))


# -- following ---------------------------------------------------------------------------------

FOLLOWS = role(b"slave", b"b", 1, b"connect", -1)
DEMOTE = Repoint("a:1", "b", 1, "demote")
INFO = b"# Replication\r\nrole:master\r\nmaster_replid:h1\r\nmaster_repl_offset:1234\r\n"


def demotion(info: object, *extra: tuple[Word, ...]) -> tuple[Request, object]:
    commands: tuple[tuple[Word, ...], ...] = (("INFO", "replication"), FOLLOW, REWRITE, *extra, *CUT)
    return Transact(commands), (info, *(OK for _ in commands[1:]))


@pytest.mark.parametrize("found", [b"6", b"7"])
def test_a_replica_is_pointed_elsewhere_without_writing_to_it(found: bytes) -> None:
    take(Repoint("c:1", "b", 1, "repoint"), *fence(found), done(FOLLOW, REWRITE), FOLLOWS)


KNOWN = Known("r1", "slave", "h1")
LOOK = Calls((("INFO", "server"), ("INFO", "replication")))


@pytest.mark.parametrize("step", [Repoint("a:1", "b", 1, "repoint", known=KNOWN), Seal("a:1", KNOWN)])
@pytest.mark.parametrize(
    "said",
    [
        (b"run_id:r2\r\n", b"role:slave\r\nmaster_replid:h1\r\n"),
        (b"run_id:r1\r\n", b"role:master\r\nmaster_replid:h1\r\n"),
        (b"run_id:r1\r\n", b"role:slave\r\nmaster_replid:h2\r\n"),
        (ReplyError(NOPERM), b"role:slave\r\nmaster_replid:h1\r\n"),
    ],
)
def test_a_discovered_node_is_left_alone_if_it_is_not_what_was_seen(step: Step, said: Any) -> None:
    with pytest.raises(StepFailedError, match=r"is not what was seen there|NOPERM"):
        hold(conversation(step, TERM, KEY), *opening(step), (LOOK, said))


def test_a_discovered_node_is_re_pointed_if_it_is_what_was_seen() -> None:
    step = Repoint("a:1", "b", 1, "repoint", known=KNOWN)
    same = (b"run_id:r1\r\n", b"role:slave\r\nmaster_replid:h1\r\n")
    moved = role(b"slave", b"b", 1, b"connect", 0)
    hold(conversation(step, TERM, KEY), *opening(step), (LOOK, same), done(FOLLOW, REWRITE), moved)


def test_how_far_a_master_had_got_is_read_in_the_same_transaction() -> None:
    assert take(DEMOTE, *fence(), demotion(INFO), FOLLOWS) == Demoted("h1", 1234)


def test_writes_that_wait_are_let_go_once_it_is_a_replica_and_before_clients_are_cut() -> None:
    step = Repoint("a:1", "b", 1, "demote", resume=True)
    assert take(step, *fence(), demotion(INFO, ("CLIENT", "UNPAUSE")), FOLLOWS) == Demoted("h1", 1234)


@pytest.mark.parametrize(
    "info", [INFO.replace(b"role:master", b"role:slave"), INFO.replace(b"1234", b"?"), b"role:master\r\n"]
)
def test_of_what_was_no_master_or_said_no_offset_nothing_is_measured(info: bytes) -> None:
    assert take(DEMOTE, *fence(), demotion(info), FOLLOWS) is None


def test_a_demotion_that_was_refused_did_not_happen() -> None:
    asked, _ = demotion(INFO)
    assert fails(DEMOTE, *fence(), (asked, (INFO, ReplyError("ERR no"), OK, OK, OK))) == "ERR no"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([b"master", 0, []], "is not a replica"),
        (ReplyError("ERR no"), "is not a replica"),
        ([b"slave", b"x", 1, b"connect", -1], "does not follow b:1"),
        ([b"slave", b"b", 2, b"connect", -1], "does not follow b:1"),
    ],
)
def test_it_must_follow_the_primary_afterwards(answer: object, why: str) -> None:
    step = Repoint("c:1", "b", 1, "repoint")
    assert why in fails(step, *fence(), done(FOLLOW, REWRITE), (Call(("ROLE",)), answer))


def test_a_replica_is_cut_off_without_a_trace_in_its_configuration() -> None:
    take(Seal("b:1"), *fence(), role(b"slave"), done(("REPLICAOF", "127.0.0.1", 1)))


@pytest.mark.parametrize("step", [Seal("b:1"), KeepSafety("b:1", WriteSafety(1, 2))])
def test_nothing_is_done_to_a_node_of_another_role(step: Step) -> None:
    other = b"master" if isinstance(step, Seal) else b"slave"
    assert "is not a" in fails(step, *fence(), role(other))
    assert fails(step, *fence(), (Call(("ROLE",)), ReplyError("LOADING data"))) == "LOADING data"


# -- holding up writes, and handing over -------------------------------------------------------

RESUME = Call(("CLIENT", "UNPAUSE"))
ORDER = ("FAILOVER", "TO", "b", 1, "TIMEOUT", 2000)
HANDOVER = Handover("a:1", "b:1", "b", 1, 2.0)


def test_a_pause_that_is_refused_was_not_made() -> None:
    asked = Transact((("CLIENT", "PAUSE", 4000, "WRITE"),))
    unknown = "ERR unknown subcommand 'PAUSE'"
    assert fails(Freeze("a:1", 4.0), *fence(), (asked, (ReplyError(unknown),))) == unknown


def test_writes_are_resumed_before_the_fence_is_raised() -> None:
    """The other way round, the transaction would wait for the end of the pause."""
    take(Thaw("a:1"), *fence(), (RESUME, OK), done(RAISE))


def test_writes_that_may_not_be_resumed_are_a_failure() -> None:
    assert fails(Thaw("a:1"), *fence(), (RESUME, ReplyError(NOPERM))) == f"missing permission: {NOPERM}"


def test_the_connections_of_a_leader_that_sleeps_are_cut() -> None:
    take(Disarm("b:1"), *fence(), (Call(CUT[0]), 1))
    assert fails(Disarm("b:1"), *fence(), (Call(CUT[0]), ReplyError("ERR no"))) == "ERR no"


def test_the_demand_on_a_primary_is_set_and_written_down() -> None:
    step = KeepSafety("a:1", WriteSafety(1, 2))
    commands = (set_lag(2), set_min(1), REWRITE)
    take(step, *fence(), role(), done(*commands))
    no_file = (OK, OK, ReplyError("ERR The server is running without a config file"))
    take(step, *fence(), role(), (Transact(commands), no_file))
    refused = (OK, ReplyError("ERR no"), OK)
    assert fails(step, *fence(), role(), (Transact(commands), refused)) == "ERR no"


def test_a_handover_raises_the_fence_orders_it_and_cuts_the_clients_when_it_is_over() -> None:
    over = b"role:slave\r\nmaster_failover_state:no-failover\r\n"
    waited = (Pause(0.01), None), (Call(("INFO", "replication")), over)
    take(HANDOVER, *fence(), done(RAISE, ORDER), *waited, *((Call(words), 1) for words in CUT))


def test_a_handover_that_is_refused_did_not_begin() -> None:
    no_replica = "ERR FAILOVER target HOST and PORT is not a replica."
    answers = (None, ReplyError(no_replica))
    assert fails(HANDOVER, *fence(), (Transact((RAISE, ORDER)), answers)) == no_replica


def test_a_handover_has_a_limit_however_short() -> None:
    order = Transact((("FAILOVER", "TO", "b", 1, "TIMEOUT", 1),))
    step = Handover("a:1", "b:1", "b", 1, 0.0001)
    assert fails(step, (order, (ReplyError("ERR no"),)), key=None) == "ERR no"
