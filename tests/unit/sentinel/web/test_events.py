"""The event log: in order, bounded, and honest about what it has forgotten."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.web.event_log import EventLog

pytestmark = pytest.mark.unit


def told(log: EventLog, seq: int) -> list[tuple[int, str, str]] | None:
    found = log.since(seq)
    return None if found is None else [(event.seq, event.type, event.group) for event in found]


def test_what_came_after_is_told_in_order() -> None:
    log = EventLog("s1.7")
    log.add("primary.down", "g", "{}")
    log.mark("g")
    log.add("primary.up", "h", "{}")
    assert told(log, 0) == [(1, "primary.down", "g"), (2, "group", "g"), (3, "primary.up", "h")]
    assert told(log, 2) == [(3, "primary.up", "h")]
    assert told(log, 3) == []


def test_only_the_newest_mark_of_a_group_is_kept() -> None:
    log = EventLog("s1.7")
    for group in ("g", "h", "g"):
        log.mark(group)
    assert told(log, 0) == [(2, "group", "h"), (3, "group", "g")]
    marks = log.since(0)
    assert marks is not None
    assert json.loads(marks[-1].data) == {"group": "g"}


def test_marks_push_no_event_out() -> None:
    log = EventLog("s1.7", most=2)
    log.add("primary.down", "g", "{}")
    for _ in range(10):
        log.mark("g")
    assert told(log, 0) == [(1, "primary.down", "g"), (11, "group", "g")]


def test_what_is_forgotten_is_not_skipped_silently() -> None:
    log = EventLog("s1.7", most=2)
    for _ in range(3):
        log.add("primary.down", "g", "{}")
    assert told(log, 0) is None
    assert told(log, 1) == [(2, "primary.down", "g"), (3, "primary.down", "g")]
    assert told(log, 4) is None, "that number was never given out"


def test_an_id_is_this_logs_own_or_unknown() -> None:
    log = EventLog("s1.7")
    assert log.seq(log.id(12)) == 12
    for other in (EventLog("s2.7"), EventLog("s1.8")):
        assert log.seq(other.id(12)) is None


@given(st.text())
def test_any_text_may_be_asked_for(text: str) -> None:
    assert EventLog("s1.7").seq(text) is None
    assert EventLog("").seq("." + text) is None or text.isdecimal()


@given(st.lists(st.sampled_from(["add", "mark g", "mark h"]), max_size=60), st.integers(1, 8), st.data())
def test_the_log_says_what_a_full_one_would_or_that_it_does_not_know(
    calls: list[str], most: int, data: st.DataObject
) -> None:
    log, full = EventLog("x", most), EventLog("x", 1000)
    for call in calls:
        for each in (log, full):
            if call == "add":
                each.add("t", "g", "{}")
            else:
                each.mark(call[-1])
    seq = data.draw(st.integers(0, len(calls)))
    found = told(log, seq)
    assert found is None or found == told(full, seq)
    assert found is not None or seq < len(calls)
