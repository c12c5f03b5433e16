"""The newest events of this sentinel, numbered, so that a listener that comes back gets those it missed.
Pure.

There are two kinds. An *event* reports something that happened; a limited number of the newest are kept. A
*mark* reports only that a group looks different now, so the newest mark replaces the earlier ones: marks
never push events out. A listener that was away for longer than the log reaches back learns that, and reads
everything again.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

MAX_KEPT = 1000
GROUP_CHANGED = "group"
RESET = "reset"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """``data`` is one JSON object on one line."""

    seq: int
    type: str
    group: str
    data: str


class EventLog:
    """``name`` keeps the ids of different sentinels, and of one before and after a restart, apart."""

    def __init__(self, name: str, most: int = MAX_KEPT) -> None:
        self._name = name
        self._events: deque[StreamEvent] = deque(maxlen=most)
        self._marks: dict[str, StreamEvent] = {}
        """By group, the newest last."""
        self._forgotten = 0
        self.newest = 0
        """The number of the newest one; they count from 1."""

    def add(self, type_: str, group: str, data: str) -> None:
        """Something happened; ``data`` as in ``StreamEvent``."""
        if len(self._events) == self._events.maxlen:
            self._forgotten = self._events[0].seq
        self.newest += 1
        self._events.append(StreamEvent(self.newest, type_, group, data))

    def mark(self, group: str) -> None:
        """The group looks different now."""
        self.newest += 1
        self._marks.pop(group, None)
        self._marks[group] = StreamEvent(
            self.newest, GROUP_CHANGED, group, json.dumps({"group": group}, separators=(",", ":"))
        )

    def since(self, seq: int) -> list[StreamEvent] | None:
        """The entries after ``seq``, in order; None if some of them are forgotten."""
        if not self._forgotten <= seq <= self.newest:
            return None
        found = [*_after(seq, reversed(self._events)), *_after(seq, reversed(self._marks.values()))]
        return sorted(found, key=lambda event: event.seq)

    def id(self, seq: int) -> str:
        """What the outside knows a number by."""
        return f"{self._name}.{seq}"

    def seq(self, id_: str) -> int | None:
        """The number of an id; None for one that this log has not given out."""
        name, _, digits = id_.rpartition(".")
        if name != self._name or not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            return None
        return int(digits)


def _after(seq: int, newest_first: Iterable[StreamEvent]) -> Iterable[StreamEvent]:
    for event in newest_first:
        if event.seq <= seq:
            return
        yield event
