"""A server's replication history: its two ids, how many bytes it has counted, and the last of them.

Bytes are counted only where there is a backlog, which a primary gets with its first replica.
"""

from __future__ import annotations

import random
from collections import deque

from tests.simulation.model_redis.messages import Entry, Words

NO_REPLID = "0" * 40
SELECT: Words = ("SELECT", "0")


def new_id(rng: random.Random) -> str:
    return f"{rng.getrandbits(160):040x}"


def wire_bytes(words: Words) -> int:
    """How long a command is in the protocol."""
    lengths = [len(word.encode()) for word in words]
    return 3 + len(str(len(words))) + sum(5 + len(str(length)) + length for length in lengths)


class Stream:
    """Replication history; a byte's offset counts from 1, so ``offset`` is that of the newest byte."""

    def __init__(self, rng: random.Random, backlog_bytes: int) -> None:
        self._rng = rng
        self._backlog_bytes = backlog_bytes
        self.replid = new_id(rng)
        self.replid2 = NO_REPLID
        self.second_offset = -1
        self.offset = 0
        self.selected = False
        """Whether the stream's reader knows its database; otherwise a SELECT goes before the next command."""
        self.backlog: deque[Entry] | None = None
        self.backlog_bytes = 0

    @property
    def first_offset(self) -> int:
        """Of the oldest byte in the backlog; 0 without one."""
        return 0 if self.backlog is None else self.offset - self.backlog_bytes + 1

    def renew_id(self) -> None:
        """A history that shares nothing with what was before."""
        self.replid = new_id(self._rng)
        self.replid2 = NO_REPLID
        self.second_offset = -1

    def shift_id(self) -> None:
        """From here on another history: who was on the old one up to here may continue."""
        self.continue_as(new_id(self._rng))

    def continue_as(self, replid: str) -> None:
        self.replid2, self.second_offset = self.replid, self.offset + 1
        self.replid = replid

    def adopt(self, replid: str, offset: int) -> None:
        """After a full sync."""
        self.replid, self.offset = replid, offset
        self.replid2, self.second_offset = NO_REPLID, -1

    def ensure_backlog(self) -> None:
        if self.backlog is None:
            self.backlog, self.backlog_bytes = deque(), 0

    def free_backlog(self) -> None:
        self.backlog, self.backlog_bytes = None, 0

    def append(self, entry: Entry) -> None:
        assert self.backlog is not None
        self.backlog.append(entry)
        self.backlog_bytes += entry.size_bytes
        self.offset += entry.size_bytes
        # Redis trims whole blocks, and so never below the configured size.
        while self.backlog_bytes - self.backlog[0].size_bytes >= self._backlog_bytes:
            self.backlog_bytes -= self.backlog.popleft().size_bytes

    def can_continue(self, replid: str, offset: int) -> bool:
        same = replid == self.replid or (replid == self.replid2 and offset <= self.second_offset)
        if not same or self.backlog is None:
            return False
        return self.first_offset <= offset <= self.offset + 1

    def since(self, offset: int) -> list[Entry]:
        """The entries from the byte at ``offset`` on, for which ``can_continue`` holds."""
        assert self.backlog is not None
        position, found = self.offset + 1, []
        for entry in reversed(self.backlog):
            if position <= offset:
                break
            position -= entry.size_bytes
            found.append(entry)
        assert position == offset, "a replica is always at the end of an entry"
        return found[::-1]
