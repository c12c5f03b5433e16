"""Every notice reads as a sentence, and nothing that a node answers can forge a line."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.candidates import Ranking, Verdict
from sentinel.notices import Notice, NoticeName
from sentinel.story import MAX_LINE_CHARS, SENTENCES, JsonFormatter, TextFormatter, clean, logger, tell
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info

RANKING = Ranking(
    (
        Verdict(B, True, 1, "the best candidate", 100, 101, 0),
        Verdict(C, False, None, "priority 0: never to be promoted", 0, 100, 1),
    ),
    B,
)
ABORTED = {"term": 2, "primary": A, "reason": "no eligible replica", "operation": None}

EXAMPLES: list[tuple[NoticeName, dict[str, object], str]] = [
    (
        NoticeName.NODE_DOWN,
        {"node": A, "grade": "refused", "after_ms": 100, "detail": "connection refused", "primary": True},
        f"primary {A} is subjectively down (refused for 100 ms): connection refused",
    ),
    (
        NoticeName.NODE_UNKNOWN,
        {"node": B, "detail": "not seen since this sentinel was stalled"},
        f"{B} is neither known to be up nor to be down: not seen since this sentinel was stalled",
    ),
    (
        NoticeName.BLIND,
        {"node": B, "detail": "cannot connect from here: Too many open files"},
        f"this sentinel cannot look at {B}: cannot connect from here: Too many open files",
    ),
    (NoticeName.NODE_UP, {"node": B}, f"{B} is up again"),
    (
        NoticeName.QUORUM_DOWN,
        {"node": A, "agree": ["s1", "s2"], "primary": True},
        f"primary {A} is objectively down, say s1, s2",
    ),
    (
        NoticeName.QUORUM_UP,
        {"node": B, "agree": ["s1"], "primary": False},
        f"{B} is no longer objectively down, though s1 cannot reach it",
    ),
    (
        NoticeName.DEGRADED,
        {"node": A, "refuses": "OOM", "detail": "refuses writes (-OOM): no room"},
        f"primary {A} lives, but refuses writes (-OOM): no room",
    ),
    (
        NoticeName.RECOVERED,
        {"node": A, "refuses": "OOM", "detail": ""},
        f"primary {A} no longer refuses its clients (-OOM)",
    ),
    (
        NoticeName.MISCONFIGURED,
        {"node": A, "detail": "WRONGPASS"},
        f"{A} refuses us, so it lives: WRONGPASS",
    ),
    (
        NoticeName.DOUBLE,
        {"node": C, "reason": B},
        f"{C} and {B} are one server: {B} is used, and {C} is left out; list it once",
    ),
    (
        NoticeName.BALANCED,
        {"node": C, "reason": "why"},
        f"{C} leads to several servers in turn, so it is no node and is left out: why; list the name of each "
        "server",
    ),
    (NoticeName.CLUSTERED, {"node": C, "reason": "is so"}, f"nothing is changed at {C}: it is so"),
    (NoticeName.CONTESTED, {"node": C, "reason": "why"}, f"nothing is changed at {C}: why"),
    (
        NoticeName.UNLISTED,
        {"node": C, "reason": ""},
        f"the primary {C} is not among the nodes of the configuration; it is watched all the same",
    ),
    (
        NoticeName.UNWATCHED,
        {"node": C, "reason": ""},
        f"the primary {C} is not watched: nobody here would see it go",
    ),
    (NoticeName.IDENTIFIED, {"node": C, "was": "double"}, f"{C} is no longer double"),
    (NoticeName.DISCOVERED, {"node": C}, f"{C} is a replica that nobody configured; watching it too"),
    (
        NoticeName.NOT_WATCHED,
        {"node": C, "reason": "outside of discover_range"},
        f"{C} is a replica that is not watched: outside of discover_range",
    ),
    (
        NoticeName.DROPPED,
        {"node": C, "reason": "no longer ours: why"},
        f"{C} is not watched any more, no longer ours: why",
    ),
    (
        NoticeName.FOREIGN,
        {"node": C, "reason": "why"},
        f"{C} is configured, and is neither demoted nor re-pointed: why",
    ),
    (NoticeName.AMBIGUOUS, {"reason": "why"}, "it is not clear which node is primary: why"),
    (
        NoticeName.ELECTED,
        {"term": 2, "reasons": ["odown"], "evidence_age_ms": 100},
        "elected leader in term 2 because of odown",
    ),
    (NoticeName.STEPPED_DOWN, {"term": 2, "reason": "resigned"}, "no longer leader of term 2: resigned"),
    (
        NoticeName.FAILOVER_STARTED,
        {"term": 2, "primary": A, "cause": "refused", "down": True, "operation": None},
        f"failover from {A} begins, term 2: refused",
    ),
    (
        NoticeName.HELD,
        {"witnesses": [B], "reason": f"still heard by {B}", "term": 2},
        f"waiting: still heard by {B}",
    ),
    (
        NoticeName.SEALING,
        {"nodes": [B, C], "term": 2},
        f"cutting off {B}, {C}, so that they acknowledge no more writes",
    ),
    (
        NoticeName.SAFETY_KEPT,
        {"node": B, "min_replicas": 1, "term": 2},
        f"{B} now takes writes only while 1 replicas acknowledge",
    ),
    (
        NoticeName.LOSS_MEASURED,
        {"primary": B, "previous": A, "lost_bytes": 140, "term": 2},
        f"at most 140 bytes of writes were lost when {B} replaced {A}",
    ),
    (
        NoticeName.DATA_LOST,
        {"node": A, "may_have_lost": "restarted at offset 10, a replica is at 90"},
        f"{A} has lost data, and no node holds it any more: restarted at offset 10, a replica is at 90; "
        "only a backup may",
    ),
    (
        NoticeName.SELF_FENCED,
        {"node": A, "cut_off_ms": 312},
        f"out of touch with the majority for 312 ms: pausing the writes of {A}",
    ),
    (
        NoticeName.SELF_FENCE_ENDED,
        {"node": A, "reason": "a majority agrees that it is the primary"},
        f"the writes of {A} are no longer paused: a majority agrees that it is the primary",
    ),
    (
        NoticeName.CANDIDATE_CHOSEN,
        {"node": B, "ranking": RANKING, "term": 2},
        f"chose {B} (not {C}: priority 0: never to be promoted)",
    ),
    (NoticeName.CANDIDATE_CHOSEN, {"node": B, "ranking": None, "term": 2}, f"chose {B}"),
    (
        NoticeName.REGRESSED,
        {"node": A, "reason": f"{A} holds less of the newest history than {B}", "term": 2},
        f"{A} does not get its role back: {A} holds less of the newest history than {B}",
    ),
    (
        NoticeName.OVERRULED,
        {"node": B, "reason": "durability: 1 of 2 replicas count", "term": 2},
        f"an operator named {B}, which overrules durability: 1 of 2 replicas count",
    ),
    (
        NoticeName.INTENT_COMMITTED,
        {"node": B, "term": 2},
        f"a majority knows that {B} is about to be promoted",
    ),
    (NoticeName.INTENT_CANCELLED, {"node": B, "term": 2}, f"{B} need not be promoted any more"),
    (
        NoticeName.REQUESTED,
        {"kind": "switchover", "node": B, "operation": "op-1"},
        f"an operator asks for a switchover to {B}",
    ),
    (
        NoticeName.WRITES_PAUSED,
        {"node": A, "for_ms": 4000},
        f"the writes of {A} are paused, for 4000 ms at most",
    ),
    (NoticeName.WRITES_RESUMED, {"node": A}, f"{A} takes writes again"),
    (NoticeName.HANDED_OVER, {"node": A}, f"{A} has handed over, and takes no writes any more"),
    (NoticeName.PROMOTED, {"node": B, "term": 2}, f"promoted {B}, fenced with term 2"),
    (
        NoticeName.TOPOLOGY,
        {"term": 2, "primary": B, "previous": A, "cause": "refused", "leader": "s1", "duration_ms": 250},
        f"{B} is primary since term 2, committed by s1 (was {A}, refused, took 250 ms)",
    ),
    (NoticeName.REPOINTED, {"node": C, "primary": B, "term": 2}, f"{C} now replicates from {B}"),
    (
        NoticeName.DEMOTED,
        {"node": A, "primary": B, "term": 3},
        f"{A} was a master too, and now replicates from {B}",
    ),
    (
        NoticeName.STEP_FAILED,
        {"node": C, "step": "repoint", "reason": "no reply", "term": 2},
        f"repoint failed at {C}: no reply",
    ),
    (
        NoticeName.STEP_INCOMPLETE,
        {"node": B, "step": "promote", "reason": "CLIENT KILL TYPE: missing permission: NOPERM no"},
        f"promote went without what {B} refused: CLIENT KILL TYPE: missing permission: NOPERM no",
    ),
    (NoticeName.FENCED, {"node": B, "found_term": 41}, f"{B} refused the command: it has seen term 41"),
    (
        NoticeName.FAILOVER_ABORTED,
        ABORTED | {"ranking": RANKING, "retry_after_ms": 1000},
        f"failover given up in term 2: no eligible replica ({B}: the best candidate; "
        f"{C}: priority 0: never to be promoted); next try in 1000 ms",
    ),
    (NoticeName.REPAIR_ABORTED, ABORTED, "re-pointing given up in term 2: no eligible replica"),
    (NoticeName.WORK_DONE, {"term": 2}, "nothing left to do in term 2"),
    (
        NoticeName.PAUSED,
        {"since_ms": 0, "by": "s1", "reason": "kernel updates"},
        "paused (kernel updates), asked for at s1: detection goes on, and nothing is changed",
    ),
    (
        NoticeName.PAUSED,
        {"since_ms": 0, "by": "s1", "reason": None},
        "paused, asked for at s1: detection goes on, and nothing is changed",
    ),
    (NoticeName.RESUMED, {}, "no longer paused: what is due is done now"),
    (
        NoticeName.SCHEDULED,
        {"operation": "op-1", "at_ms": 1_700_000_000_007, "to": None},
        "a switchover to the best replica is scheduled for 2023-11-14T22:13:20.007Z, as op-1",
    ),
    (
        NoticeName.SCHEDULE_CLOSED,
        {"operation": "op-1", "outcome": "started", "reason": "", "primary": None, "term": None},
        "the scheduled switchover op-1 is started",
    ),
    (
        NoticeName.SCHEDULE_CLOSED,
        {
            "operation": "op-1",
            "outcome": "dropped",
            "reason": "the group was paused at its time",
            "primary": None,
            "term": None,
        },
        "the scheduled switchover op-1 is dropped: the group was paused at its time",
    ),
    (
        NoticeName.FENCE_IGNORED,
        {"node": "b:1", "found": "4611686018427387903", "term": 7},
        "the fence at b:1 holds 4611686018427387903, which is more than 2^32 above term 7: "
        "no leader wrote it, so it counts as missing, and is written over; find out which client does",
    ),
    (
        NoticeName.ELECTED,
        {"term": 3, "reasons": ["odown"], "instead_of": {"s1": "b:1: WRONGPASS"}},
        "elected leader in term 3 because of odown; instead of s1: b:1: WRONGPASS",
    ),
    (
        NoticeName.STANDS_BACK,
        {"reason": "b:1: WRONGPASS", "able": ["s2", "s3"]},
        "this sentinel could promote nobody, and lets s2, s3 lead, who could: b:1: WRONGPASS",
    ),
    (NoticeName.STANDS_AGAIN, {}, "this sentinel could promote a node again"),
    (NoticeName.ORDER_DONE, {"operation": "op-1", "term": 2}, "a majority agreed on order op-1 in term 2"),
    (
        NoticeName.ORDER_REFUSED,
        {"operation": "op-1", "reason": "no majority could agree on it in time"},
        "order op-1 was not carried out: no majority could agree on it in time",
    ),
    (NoticeName.STALLED, {"gap_ms": 900}, "this process did not run for 900 ms: it distrusts what it saw"),
]


@pytest.mark.parametrize(("name", "fields", "sentence"), EXAMPLES)
def test_a_notice_reads(name: NoticeName, fields: dict[str, object], sentence: str) -> None:
    assert SENTENCES[name](fields) == sentence


def test_every_notice_has_its_sentence_and_its_example() -> None:
    assert set(SENTENCES) == set(NoticeName) == {name for name, _, _ in EXAMPLES}


def test_all_that_a_coordinator_tells_can_be_told() -> None:
    world = World()
    world.fail_over()
    world.dead.clear()
    world.nodes[A] = info(A, "master")
    world.advance(0.3)
    world.look()
    world.advance(0.1)
    world.succeed()
    assert NoticeName.DEMOTED in [notice.name for notice in world.notices]
    for notice in world.notices:
        assert clean(SENTENCES[notice.name](notice.fields))
        event = read(JsonFormatter().format(record(notice)))
        assert event["event"] == notice.name.value and event["group"] == "g"


def record(notice: Notice | None = None, message: str = "message") -> logging.LogRecord:
    made = logging.LogRecord("sentinel.x", logging.INFO, "x.py", 1, message, None, None)
    made.created = 1_700_000_000.007
    if notice is not None:
        made.notice = notice
    return made


def read(line: str) -> dict[str, Any]:
    assert "\n" not in line
    read_back = json.loads(line)
    assert isinstance(read_back, dict)
    return read_back


def test_lines() -> None:
    notice = Notice(NoticeName.CANDIDATE_CHOSEN, "g", {"node": B, "ranking": RANKING, "term": 2})
    assert TextFormatter().format(record(notice)) == "2023-11-14T22:13:20.007Z INFO    g: message"
    assert TextFormatter().format(record()) == "2023-11-14T22:13:20.007Z INFO    x: message"
    assert read(JsonFormatter().format(record(notice))) == {
        "at_ms": 1_700_000_000_007.0,
        "time": "2023-11-14T22:13:20.007Z",
        "level": "info",
        "message": "message",
        "event": "candidate_chosen",
        "group": "g",
        "node": B,
        "term": 2,
    }
    assert read(JsonFormatter().format(record()))["logger"] == "sentinel.x"


@given(st.text())
def test_nothing_can_forge_a_line_or_drive_a_terminal(text: str) -> None:
    notice = Notice(NoticeName.MISCONFIGURED, text, {"node": text, "detail": text})
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(record(notice, text))
        assert line.isprintable()
    assert read(JsonFormatter().format(record(notice, text)))["detail"] == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u2028\u202e", "\\u2028\\u202e"),
        ("grün 火", "grün 火"),
    ],
)
def test_what_is_not_printable_is_escaped(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_line_is_not_endless() -> None:
    line = clean("x" * 1_000_000)
    assert line.startswith("x" * MAX_LINE_CHARS) and line.endswith("... (1000000 characters)")
    assert len(line) < MAX_LINE_CHARS + 50


@pytest.mark.parametrize(
    ("name", "level"),
    [
        (NoticeName.FAILOVER_ABORTED, logging.ERROR),
        (NoticeName.NODE_DOWN, logging.WARNING),
        (NoticeName.PROMOTED, logging.INFO),
    ],
)
def test_what_needs_somebody_is_louder(
    name: NoticeName, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    fields = next(fields for example, fields, _ in EXAMPLES if example is name)
    with caplog.at_level(logging.DEBUG, logger.name):
        tell(Notice(name, "g", fields))
    assert [(entry.levelno, entry.message) for entry in caplog.records] == [(level, SENTENCES[name](fields))]
