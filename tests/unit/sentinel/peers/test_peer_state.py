"""The small parts of a peer link that hold state: its queue, who is in touch, and what is logged."""

from __future__ import annotations

import logging

import pytest

from quorum.messages import GENESIS, Opinions, Resign
from sentinel.peers.notes import DeliveredNote
from sentinel.peers.presence import Presence
from sentinel.peers.queue import MAX_MESSAGES, MAX_NEWEST, MAX_NOTES, PeerQueue
from sentinel.process.limited_log import MAX_KEYS, LimitedLog


def gossip(seq: int) -> Opinions:
    return Opinions(1, seq, (), GENESIS)


def test_a_queue_gives_everything_once_in_order() -> None:
    queue = PeerQueue()
    assert queue.put("g", Resign(1))
    assert queue.put("h", gossip(1))
    queue.put_note(DeliveredNote(("a",)))
    assert queue.take() == ([("g", Resign(1)), ("h", gossip(1))], [DeliveredNote(("a",))])
    assert queue.take() == ([], [])


def test_a_full_queue_keeps_the_newest_of_each_kind() -> None:
    queue = PeerQueue()
    assert queue.put("g", gossip(1))
    assert queue.put("g", gossip(2))
    for term in range(MAX_MESSAGES - 1):
        assert queue.put("g", Resign(term))
    assert queue.put("h", Resign(7))
    messages, _ = queue.take()
    assert messages == [("g", gossip(2)), ("g", Resign(MAX_MESSAGES - 2)), ("h", Resign(7))]


def test_what_no_later_message_makes_worthless_is_kept_up_to_a_limit() -> None:
    queue = PeerQueue()
    assert all(queue.put(f"g{number}", Resign(1)) for number in range(MAX_NEWEST))
    assert not queue.put("one more", Resign(1))


def test_a_full_queue_keeps_the_newest_notes() -> None:
    queue = PeerQueue()
    for number in range(MAX_NOTES + 3):
        queue.put_note(DeliveredNote((str(number),)))
    _, notes = queue.take()
    assert len(notes) == MAX_NOTES
    assert notes[0] == DeliveredNote(("3",))


@pytest.fixture
def told() -> list[tuple[str, bool]]:
    return []


@pytest.fixture
def presence(told: list[tuple[str, bool]]) -> Presence:
    return Presence(1.0, lambda peer, up: told.append((peer, up)))


def test_a_peer_is_in_touch_once_each_of_the_two_hears_the_other(
    presence: Presence, told: list[tuple[str, bool]]
) -> None:
    presence.lost("s2")
    presence.heard("s2", 10.0)
    assert presence.in_touch(10.0) == frozenset(), "it reaches us, and we do not know whether we reach it"
    presence.answered("s2", 10.0, False, 10.1)
    assert presence.in_touch(10.1) == frozenset(), "it does not hear us, by its own word"
    presence.answered("s2", 10.2, True, 10.3)
    presence.answered("s3", 10.2, True, 10.3)
    assert presence.in_touch(10.3) == {"s2"}, "s3 answers, and never reached us itself"
    presence.heard("s3", 10.4)
    assert told == [("s2", True), ("s3", True)]


@pytest.mark.parametrize(("heard_at", "answered_at"), [(10.0, 10.5), (10.5, 10.0)])
def test_either_way_has_to_be_recent(
    presence: Presence, told: list[tuple[str, bool]], heard_at: float, answered_at: float
) -> None:
    presence.heard("s2", heard_at)
    presence.answered("s2", answered_at, True, answered_at)
    assert presence.in_touch(11.0) == {"s2"}
    assert presence.in_touch(11.1) == frozenset()
    presence.expire(11.1)
    assert told == [("s2", True)], "nobody looked for so long that its words may be unread"
    presence.expire(11.2)
    presence.expire(11.3)
    presence.lost("s2")
    assert told == [("s2", True), ("s2", False)]


def test_a_peer_that_does_not_say_whether_it_hears_us_is_judged_by_the_links(presence: Presence) -> None:
    presence.heard("s2", 10.0)
    presence.answered("s2", 10.0, None, 10.0)
    assert presence.in_touch(10.0) == {"s2"}


def test_an_answer_that_lay_in_a_buffer_is_no_sign_of_life(presence: Presence) -> None:
    presence.heard("s2", 13.0)
    presence.answered("s2", 10.0, True, 13.0)
    assert presence.in_touch(13.0) == frozenset() and not presence.hears("s2", 13.0)
    presence.answered("s2", 12.9, True, 13.0)
    presence.answered("s2", 10.1, False, 13.0)
    assert presence.in_touch(13.0) == {"s2"}, "what was asked first does not count against it"


def test_it_is_told_that_it_is_heard_while_it_answers(presence: Presence) -> None:
    assert not presence.hears("s2", 10.0)
    presence.answered("s2", 10.0, False, 10.0)
    assert presence.hears("s2", 11.0) and not presence.hears("s2", 11.1)


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


def test_a_peer_of_which_there_are_two_is_in_touch_with_neither() -> None:
    touches: list[tuple[str, bool]] = []
    presence = Presence(1.0, lambda peer, up: touches.append((peer, up)))
    presence.heard("s2", 1.0)
    presence.answered("s2", 1.0, True, 1.0)
    assert presence.in_touch(1.1) == {"s2"}
    presence.doubt("s2", is_twice=True, now=1.1)
    presence.answered("s2", 1.1, True, 1.1)
    assert presence.in_touch(1.1) == frozenset()
    presence.doubt("s2", is_twice=False, now=1.2)
    assert presence.in_touch(1.2) == {"s2"}
    assert touches == [("s2", True), ("s2", False), ("s2", True)]
