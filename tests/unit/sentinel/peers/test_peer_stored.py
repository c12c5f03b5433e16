"""What the sentinels have stored is told in answers, a change at a time, until when it was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from quorum.messages import EntryId
from sentinel.peers.stored import MOST_TOLD, Ledger, PeersStored, Stored

NEVER = -math.inf


def noted(entries: Mapping[str, EntryId]) -> Ledger:
    ledger = Ledger()
    for group, id_ in entries.items():
        ledger.note(group, id_)
    return ledger


def test_what_changed_since_the_last_answer_is_told_and_nothing_else() -> None:
    ledger = noted({"a": (1, 1), "b": (2, 1)})
    first = ledger.since(0)
    assert first == Stored(2, (("a", 1, 1), ("b", 2, 1)), True)
    assert ledger.since(first.version) == Stored(2, (), True)
    ledger.note("b", (2, 1))
    assert ledger.since(first.version).entries == ()
    ledger.note("a", (3, 1))
    assert ledger.since(first.version) == Stored(3, (("a", 3, 1),), True)
    assert ledger.since(0) == Stored(3, (("b", 2, 1), ("a", 3, 1)), True)


def test_many_groups_are_told_in_parts_and_count_once_all_are_told() -> None:
    ledger = noted({f"g{number}": (number, 1) for number in range(2 * MOST_TOLD + 1)})
    peers, answers = PeersStored(), 0
    while True:
        stored = ledger.since(peers.version("s2"))
        peers.told("s2", stored, 10.0 + answers)
        answers += 1
        if stored.whole:
            break
        assert peers.at("s2", "g0", (9, 9)) == NEVER, "what has changed meanwhile may not be told yet"
    assert answers == 3
    assert peers.at("s2", "g0", (0, 1)) == 12.0


def test_a_peer_confirms_until_it_has_stored_something_newer() -> None:
    ledger, peers = noted({"g": (1, 2)}), PeersStored()
    assert peers.at("s2", "g", (1, 2)) == NEVER
    peers.told("s2", ledger.since(0), 10.0)
    assert peers.at("s2", "g", (1, 2)) == peers.at("s2", "g", (1, 3)) == 10.0
    assert peers.at("s2", "g", (1, 1)) == peers.at("s2", "other", (1, 2)) == NEVER
    peers.told("s2", ledger.since(peers.version("s2")), 11.0)
    ledger.note("g", (2, 1))
    peers.told("s2", ledger.since(peers.version("s2")), 12.0)
    assert peers.at("s2", "g", (1, 2)) == 11.0
    assert peers.at("s2", "g", (2, 1)) == 12.0
    peers.told("s2", ledger.since(peers.version("s2")), 13.0)
    assert peers.at("s2", "g", (1, 2)) == 11.0


def test_an_answer_that_comes_behind_a_later_one_is_passed_over() -> None:
    peers = PeersStored()
    peers.told("s2", Stored(5, (("g", 2, 1),), True), 11.0)
    peers.told("s2", Stored(4, (("g", 1, 1),), True), 10.0)
    assert peers.at("s2", "g", (1, 1)) == NEVER and peers.at("s2", "g", (2, 1)) == 11.0


def test_a_new_connection_has_told_nothing_yet() -> None:
    """The process at its other end may be another one, whose versions count anew."""
    peers = PeersStored()
    peers.told("s2", Stored(5, (("g", 2, 1),), True), 11.0)
    peers.linked("s2")
    assert peers.version("s2") == 0 and peers.at("s2", "g", (2, 1)) == NEVER


def test_a_peer_of_a_release_that_does_not_tell_is_taken_to_know_nothing_newer() -> None:
    peers = PeersStored()
    peers.mute("s2", 11.0)
    assert peers.at("s2", "g", (2, 1)) == 11.0
    peers.told("s2", Stored(1, (("g", 3, 1),), True), 12.0)
    assert peers.at("s2", "g", (2, 1)) == NEVER
