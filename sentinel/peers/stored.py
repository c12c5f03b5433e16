"""The entries that each sentinel has stored of each group, as reported in the answers to pings. Pure.

By them a majority confirms a committed entry (``quorum.raft.confirmation``). Only an answer can do that: how
long an unrequested message was on its way is unknown, and after a stall of this process it is old.

Only changes since the last answer are sent, so that hundreds of groups cost an answer next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from quorum.messages import EntryId

MOST_TOLD = 40
"""The limit of one answer; the rest is asked for at once."""


@dataclass(frozen=True, slots=True)
class Stored:
    """``entries`` are ``(group, term, seq)`` of all groups that changed after the version that was asked for,
    up to ``version``. ``whole``: there is none newer.
    """

    version: int
    entries: tuple[tuple[str, int, int], ...]
    whole: bool


class Ledger:
    """The entries that this sentinel has stored, or is about to: each is noted before it is written."""

    def __init__(self) -> None:
        self._version = 0
        self._entries: dict[str, tuple[int, EntryId]] = {}
        """Sorted by the version in which each changed."""

    def note(self, group: str, id_: EntryId) -> None:
        known = self._entries.get(group)
        if known is None or known[1] != id_:
            self._entries.pop(group, None)
            self._version += 1
            self._entries[group] = (self._version, id_)

    def since(self, version: int) -> Stored:
        newer = []
        for group, (changed, id_) in reversed(self._entries.items()):
            if changed <= version:
                break
            newer.append((changed, (group, *id_)))
        newer.reverse()
        told = newer[:MOST_TOLD]
        whole = len(told) == len(newer)
        return Stored(self._version if whole else told[-1][0], tuple(entry for _, entry in told), whole)


@dataclass(slots=True)
class _Entry:
    """``before`` was stored until ``before_at`` at least."""

    id: EntryId
    before: EntryId | None = None
    before_at: float = -math.inf


class _Peer:
    def __init__(self) -> None:
        self.version = 0
        self.asked_at = -math.inf
        self.entries: dict[str, _Entry] = {}
        self.mute_at: float | None = None

    def told(self, stored: Stored, asked_at: float) -> None:
        for group, term, seq in stored.entries:
            known = self.entries.get(group)
            if known is None:
                self.entries[group] = _Entry((term, seq))
            else:
                self.entries[group] = _Entry((term, seq), known.id, self.asked_at)
        self.version, self.mute_at = stored.version, None
        if stored.whole:
            self.asked_at = asked_at

    def at(self, group: str, newest: EntryId) -> float:
        if self.mute_at is not None:
            return self.mute_at
        entry = self.entries.get(group)
        if entry is None:
            return -math.inf
        if entry.id <= newest:
            return self.asked_at
        return entry.before_at if entry.before is not None and entry.before <= newest else -math.inf


class PeersStored:
    """The entries that the peers have reported."""

    def __init__(self) -> None:
        self._peers: dict[str, _Peer] = {}

    def linked(self, peer: str) -> None:
        """A new connection, perhaps to a new process: it has reported nothing yet."""
        self._peers[peer] = _Peer()

    def version(self, peer: str) -> int:
        """The version up to which the peer need not report again."""
        known = self._peers.get(peer)
        return known.version if known is not None else 0

    def told(self, peer: str, stored: Stored, asked_at: float) -> None:
        """Take in an answer to the question of ``asked_at``; one that arrives after a later is ignored."""
        known = self._peers.setdefault(peer, _Peer())
        if stored.version >= known.version and asked_at >= known.asked_at:
            known.told(stored, asked_at)

    def mute(self, peer: str, asked_at: float) -> None:
        """It answered, and is of a release that reports no entries: it is assumed to know nothing newer."""
        self._peers.setdefault(peer, _Peer()).mute_at = asked_at

    def at(self, peer: str, group: str, newest: EntryId) -> float:
        """The time until which ``peer`` reports to have stored nothing newer than ``newest``; -inf: none."""
        known = self._peers.get(peer)
        return known.at(group, newest) if known is not None else -math.inf
