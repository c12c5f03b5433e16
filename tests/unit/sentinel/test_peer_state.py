"""The small parts of a peer link that hold state: its queue, who is in touch, and what is logged."""

from __future__ import annotations

import logging

import pytest

from quorum.messages import GENESIS, Opinions, Resign
from sentinel.limited_log import MAX_KEYS, LimitedLog
from sentinel.notes import DeliveredNote
from sentinel.peer_presence import Presence
from sentinel.peer_queue import MAX_MESSAGES, MAX_NOTES, PeerQueue


def gossip(seq: int) -> Opinions:
    return Opinions(1, seq, (), GENESIS)


def test_a_queue_gives_everything_once_in_order() -> None:
    queue = PeerQueue()
    assert queue.put("g", Resign(1))
    assert queue.put("h", gossip(1))
    queue.put_note(DeliveredNote(("a",)))
    assert queue.take() == ([("g", Resign(1)), ("h", gossip(1))], [DeliveredNote(("a",))])
    assert queue.take() == ([], [])


def test_a_full_queue_drops_the_oldest_gossip_and_then_refuses() -> None:
    queue = PeerQueue()
    assert queue.put("g", gossip(1))
    assert queue.put("g", gossip(2))
    for term in range(MAX_MESSAGES):
        assert queue.put("g", Resign(term))
    assert not queue.put("g", Resign(MAX_MESSAGES))
    assert queue.put("g", gossip(3))
    messages, _ = queue.take()
    assert messages == [("g", Resign(term)) for term in range(MAX_MESSAGES)]


def test_a_full_queue_keeps_the_newest_notes() -> None:
    queue = PeerQueue()
    for number in range(MAX_NOTES + 3):
        queue.put_note(DeliveredNote((str(number),)))
    _, notes = queue.take()
    assert len(notes) == MAX_NOTES
    assert notes[0] == DeliveredNote(("3",))


def test_presence_follows_what_was_heard_and_tells_changes_once() -> None:
    told: list[tuple[str, bool]] = []
    presence = Presence(1.0, lambda peer, up: told.append((peer, up)))
    presence.lost("s2")
    presence.heard("s2", 10.0)
    presence.heard("s2", 10.5)
    presence.heard("s3", 10.0)
    assert presence.in_touch(11.0) == {"s2", "s3"}
    assert presence.in_touch(11.2) == {"s2"}
    assert told == [("s2", True), ("s3", True)]
    presence.expire(11.2)
    presence.expire(11.2)
    presence.lost("s2")
    presence.heard("s3", 12.0)
    assert told[2:] == [("s3", False), ("s2", False), ("s3", True)]


def test_repeated_warnings_are_counted_instead_of_logged(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    limited = LimitedLog(logging.getLogger("test"), interval_s=10.0, clock=lambda: now)
    for _ in range(5):
        limited.warning("a", "first")
    limited.warning("b", "100% other")
    now = 10.0
    limited.warning("a", "again")
    assert caplog.messages == ["first", "100% other", "again (and 4 more like it)"]


def test_warnings_of_many_keys_take_bounded_memory() -> None:
    limited = LimitedLog(logging.getLogger("test"))
    for number in range(MAX_KEYS * 2):
        limited.warning(str(number), "x")
    assert len(limited._seen) == MAX_KEYS
