"""Every notice reads as a sentence, and nothing that a node answers can forge a line."""

from __future__ import annotations

import json
import logging
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion import events
from promotion.candidates import Ranking, Verdict
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.notices.sentences import sentence
from sentinel.notices.story import MAX_LINE_CHARS, JsonFormatter, TextFormatter, clean, logger, tell
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info
from tests.unit.sentinel.notice_cases import notice

RANKING = Ranking(
    (
        Verdict(B, True, 1, "the best candidate", 100, 101, 0),
        Verdict(C, False, None, "priority 0: never to be promoted", 0, 100, 1),
    ),
    B,
)
ABORTED = {"term": 2, "primary": A, "reason": "no eligible replica", "operation": None}

EXAMPLES: list[tuple[type[NoticeEvent], dict[str, Any], str]] = [
    (
        nodes.NodeDown,
        {"node": A, "grade": "refused", "after_ms": 100, "detail": "connection refused", "primary": True},
        f"primary {A} is subjectively down (refused for 100 ms): connection refused",
    ),
    (
        nodes.NodeUnknown,
        {"node": B, "detail": "not seen since this sentinel was stalled"},
        f"{B} is neither known to be up nor to be down: not seen since this sentinel was stalled",
    ),
    (
        nodes.Blind,
        {"node": B, "detail": "cannot connect from here: Too many open files"},
        f"this sentinel cannot look at {B}: cannot connect from here: Too many open files",
    ),
    (nodes.NodeUp, {"node": B}, f"{B} is up again"),
    (
        nodes.QuorumDown,
        {"node": A, "agree": ["s1", "s2"], "primary": True},
        f"primary {A} is objectively down, say s1, s2",
    ),
    (
        nodes.QuorumUp,
        {"node": B, "agree": ["s1"], "primary": False},
        f"{B} is no longer objectively down, though s1 still calls it down",
    ),
    (
        nodes.Degraded,
        {"node": A, "refuses": "OOM", "detail": "refuses writes (-OOM): no room"},
        f"primary {A} lives, but refuses writes (-OOM): no room",
    ),
    (
        nodes.Recovered,
        {"node": A, "refuses": "OOM", "detail": ""},
        f"primary {A} no longer refuses its clients (-OOM)",
    ),
    (
        nodes.Misconfigured,
        {"node": A, "detail": "WRONGPASS"},
        f"{A} refuses us, so it lives: WRONGPASS",
    ),
    (
        nodes.Double,
        {"node": C, "reason": B},
        f"{C} and {B} are one server: {B} is used, and {C} is left out; list it once",
    ),
    (
        nodes.Balanced,
        {"node": C, "reason": "why"},
        f"{C} leads to several servers in turn, so it is no node and is left out: why; list the name of each "
        "server",
    ),
    (nodes.Clustered, {"node": C, "reason": "is so"}, f"nothing is changed at {C}: it is so"),
    (nodes.Contested, {"node": C, "reason": "why"}, f"nothing is changed at {C}: why"),
    (
        nodes.Unlisted,
        {"node": C},
        f"the primary {C} is not among the nodes of the configuration; it is watched all the same",
    ),
    (
        nodes.Unwatched,
        {"node": C},
        f"the primary {C} is not watched: this sentinel would not notice its loss",
    ),
    (nodes.Identified, {"node": C, "was": "double"}, f"{C} is no longer double"),
    (nodes.Discovered, {"node": C}, f"{C} is a replica that nobody configured; watching it too"),
    (
        nodes.NotWatched,
        {"node": C, "reason": "outside of discover_range"},
        f"{C} is a replica that is not watched: outside of discover_range",
    ),
    (
        nodes.Dropped,
        {"node": C, "reason": "no longer ours: why"},
        f"{C} is not watched any more, no longer ours: why",
    ),
    (
        nodes.Foreign,
        {"node": C, "reason": "why"},
        f"{C} is configured, and is neither demoted nor re-pointed: why",
    ),
    (nodes.Ambiguous, {"reason": "why"}, "it is not clear which node is primary: why"),
    (
        leaders.Elected,
        {"term": 2, "reasons": ["odown"], "evidence_age_ms": 100},
        "elected leader in term 2 because of odown",
    ),
    (leaders.SteppedDown, {"term": 2, "reason": "resigned"}, "no longer leader of term 2: resigned"),
    (
        leaders.FailoverStarted,
        {"term": 2, "primary": A, "cause": "refused", "down": True, "operation": None},
        f"failover from {A} begins, term 2: refused",
    ),
    (
        events.Held,
        {"witnesses": [B], "reason": f"still heard by {B}", "term": 2},
        f"waiting: still heard by {B}",
    ),
    (
        events.Sealing,
        {"nodes": [B, C], "term": 2},
        f"cutting off {B}, {C}, so that they acknowledge no more writes",
    ),
    (
        events.SafetyKept,
        {"node": B, "min_replicas": 1, "term": 2},
        f"{B} now takes writes only while 1 replicas acknowledge",
    ),
    (
        leaders.LossMeasured,
        {"primary": B, "previous": A, "lost_bytes": 140, "term": 2},
        f"at most 140 bytes of writes were lost when {B} replaced {A}",
    ),
    (
        nodes.DataLost,
        {"node": A, "may_have_lost": "restarted at offset 10, a replica is at 90"},
        f"{A} has lost data, and no node holds it any more: restarted at offset 10, a replica is at 90; "
        "only a backup may",
    ),
    (
        leaders.SelfFenced,
        {"node": A, "cut_off_ms": 312},
        f"out of touch with the majority for 312 ms: pausing the writes of {A}",
    ),
    (
        leaders.SelfFenceEnded,
        {"node": A, "reason": "a majority agrees that it is the primary"},
        f"the writes of {A} are no longer paused: a majority agrees that it is the primary",
    ),
    (
        events.CandidateChosen,
        {"node": B, "ranking": RANKING, "term": 2},
        f"chose {B} (not {C}: priority 0: never to be promoted)",
    ),
    (events.CandidateChosen, {"node": B, "ranking": None, "term": 2}, f"chose {B}"),
    (
        events.Regressed,
        {"node": A, "reason": f"{A} holds less of the newest history than {B}", "term": 2},
        f"{A} does not get its role back: {A} holds less of the newest history than {B}",
    ),
    (
        events.Overruled,
        {"node": B, "reason": "durability: 1 of 2 replicas count", "term": 2},
        f"an operator named {B}, which overrules durability: 1 of 2 replicas count",
    ),
    (
        leaders.IntentCommitted,
        {"node": B, "term": 2},
        f"a majority knows that {B} is about to be promoted",
    ),
    (events.IntentCancelled, {"node": B, "term": 2}, f"{B} need not be promoted any more"),
    (
        operators.Requested,
        {"kind": "switchover", "node": B, "operation": "op-1"},
        f"an operator asks for a switchover to {B}",
    ),
    (
        events.WritesPaused,
        {"node": A, "for_ms": 4000},
        f"the writes of {A} are paused, for 4000 ms at most",
    ),
    (events.WritesResumed, {"node": A}, f"{A} takes writes again"),
    (events.HandedOver, {"node": A}, f"{A} has handed over, and takes no writes any more"),
    (events.Promoted, {"node": B, "term": 2}, f"promoted {B}, fenced with term 2"),
    (
        leaders.TopologyCommitted,
        {"term": 2, "primary": B, "previous": A, "cause": "refused", "leader": "s1", "duration_ms": 250},
        f"{B} is primary since term 2, committed by s1 (was {A}, refused, took 250 ms)",
    ),
    (events.Repointed, {"node": C, "primary": B, "term": 2}, f"{C} now replicates from {B}"),
    (
        events.Demoted,
        {"node": A, "primary": B, "term": 3},
        f"{A} was a master too, and now replicates from {B}",
    ),
    (
        events.StepFailed,
        {"node": C, "step": "repoint", "reason": "no reply", "term": 2},
        f"repoint failed at {C}: no reply",
    ),
    (
        leaders.StepIncomplete,
        {"node": B, "step": "promote", "reason": "CLIENT KILL TYPE: missing permission: NOPERM no"},
        f"promote went without what {B} refused: CLIENT KILL TYPE: missing permission: NOPERM no",
    ),
    (leaders.Fenced, {"node": B, "found_term": 41}, f"{B} refused the command: it has seen term 41"),
    (
        leaders.FailoverAborted,
        ABORTED | {"ranking": RANKING, "retry_after_ms": 1000},
        f"failover given up in term 2: no eligible replica ({B}: the best candidate; "
        f"{C}: priority 0: never to be promoted); next try in 1000 ms",
    ),
    (leaders.RepairAborted, ABORTED, "re-pointing given up in term 2: no eligible replica"),
    (leaders.WorkDone, {"term": 2}, "nothing left to do in term 2"),
    (
        operators.Paused,
        {"since_ms": 0, "by": "s1", "reason": "kernel updates"},
        "paused (kernel updates), asked for at s1: detection goes on, and nothing is changed",
    ),
    (
        operators.Paused,
        {"since_ms": 0, "by": "s1", "reason": None},
        "paused, asked for at s1: detection goes on, and nothing is changed",
    ),
    (operators.Resumed, {}, "no longer paused: what is due is done now"),
    (
        operators.Scheduled,
        {"operation": "op-1", "at_ms": 1_700_000_000_007, "to": None},
        "a switchover to the best replica is scheduled for 2023-11-14T22:13:20.007Z, as op-1",
    ),
    (
        operators.ScheduleClosed,
        {"operation": "op-1", "outcome": "started", "reason": "", "primary": None, "term": None},
        "the scheduled switchover op-1 is started",
    ),
    (
        operators.ScheduleClosed,
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
        leaders.FenceIgnored,
        {"node": "b:1", "found": "4611686018427387903", "term": 7},
        "the fence at b:1 holds 4611686018427387903, which is more than 2^32 above term 7: "
        "no leader wrote it, so it counts as missing, and is written over; find out which client does",
    ),
    (
        leaders.Elected,
        {"term": 3, "reasons": ["odown"], "instead_of": {"s1": "b:1: WRONGPASS"}},
        "elected leader in term 3 because of odown; instead of s1: b:1: WRONGPASS",
    ),
    (
        leaders.StandsBack,
        {"reason": "b:1: WRONGPASS", "able": ["s2", "s3"]},
        "this sentinel could promote nobody, and lets s2, s3 lead, who could: b:1: WRONGPASS",
    ),
    (leaders.StandsAgain, {}, "this sentinel could promote a node again"),
    (operators.OrderDone, {"operation": "op-1", "term": 2}, "a majority agreed on order op-1 in term 2"),
    (
        operators.OrderRefused,
        {"operation": "op-1", "reason": "no majority could agree on it in time"},
        "order op-1 was not carried out: no majority could agree on it in time",
    ),
    (leaders.Stalled, {"gap_ms": 900}, "this process did not run for 900 ms: it distrusts what it saw"),
]


@pytest.mark.parametrize(("kind", "fields", "says"), EXAMPLES)
def test_a_notice_reads(kind: type[NoticeEvent], fields: dict[str, Any], says: str) -> None:
    assert sentence(notice(kind, **fields)) == says


def test_every_event_has_its_example_and_a_name_of_its_own() -> None:
    kinds = get_args(NoticeEvent)
    assert set(kinds) == {kind for kind, _, _ in EXAMPLES}
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_all_that_a_coordinator_tells_can_be_told() -> None:
    world = World()
    world.fail_over()
    world.dead.clear()
    world.nodes[A] = info(A, "master")
    world.advance(0.3)
    world.look()
    world.advance(0.1)
    world.succeed()
    assert world.events(events.Demoted)
    for told in world.notices:
        assert clean(sentence(told))
        line = read(JsonFormatter().format(record(told)))
        assert line["event"] == told.event.name and line["group"] == "g"


def record(told: Notice | None = None, message: str = "message") -> logging.LogRecord:
    made = logging.LogRecord("sentinel.x", logging.INFO, "x.py", 1, message, None, None)
    made.created = 1_700_000_000.007
    if told is not None:
        made.notice = told
    return made


def read(line: str) -> dict[str, Any]:
    assert "\n" not in line
    read_back = json.loads(line)
    assert isinstance(read_back, dict)
    return read_back


def test_lines() -> None:
    chosen = Notice("g", events.CandidateChosen(B, RANKING), 2)
    assert TextFormatter().format(record(chosen)) == "2023-11-14T22:13:20.007Z INFO    g: message"
    assert TextFormatter().format(record()) == "2023-11-14T22:13:20.007Z INFO    x: message"
    assert read(JsonFormatter().format(record(chosen))) == {
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
    refused = Notice(text, nodes.Misconfigured(text, text))
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(record(refused, text))
        assert line.isprintable()
    assert read(JsonFormatter().format(record(refused, text)))["detail"] == text


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
    ("kind", "level"),
    [
        (leaders.FailoverAborted, logging.ERROR),
        (nodes.NodeDown, logging.WARNING),
        (events.Promoted, logging.INFO),
    ],
)
def test_what_needs_somebody_is_louder(
    kind: type[NoticeEvent], level: int, caplog: pytest.LogCaptureFixture
) -> None:
    fields, says = next((fields, says) for example, fields, says in EXAMPLES if example is kind)
    with caplog.at_level(logging.DEBUG, logger.name):
        tell(notice(kind, **fields))
    assert [(entry.levelno, entry.message) for entry in caplog.records] == [(level, says)]
