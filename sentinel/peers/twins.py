"""Detects two live processes with one id: by a copied configuration, or an old pod beside the new one. Pure.

Each process draws a number at its start (``this_process``) and names it in all pings and answers. Another
number of an id may just be its next process; then the former is never heard again. So there are two only if
one was alive before the other and again after it, as shown by messages that each can only have sent at that
time: an answer was given since its question, and a link was made since its challenge was sent.

Each may vote, and neither knows of the other's promises. So both are informed, and neither counts, until only
one is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

LASTS_S = 5.0
"""Two that dial the same peer take the link from each other, so each is heard about once a second."""
MAX_PROCESSES = 8
"""The processes of one id that are remembered; of more, those not heard for longest are forgotten."""


@dataclass(slots=True)
class _Sighting:
    """It was alive at some time from ``since`` to ``until``."""

    since: float
    until: float


@dataclass(slots=True)
class _Process:
    first: _Sighting
    last: _Sighting
    is_twin: bool = False

    def covers(self, other: _Process) -> bool:
        """Whether it was alive before a moment at which the other was, and after it."""
        return any(
            self.first.until <= seen.since and seen.until <= self.last.since
            for seen in (other.first, other.last)
        )


class Twins:
    """All times are monotonic, of this process."""

    def __init__(self) -> None:
        self._peers: dict[str, dict[int, _Process]] = {}
        self._told_at: dict[str, float] = {}

    def heard(self, peer: str, process: int, since: float, now: float) -> bool:
        """Process ``process`` of ``peer`` was alive at some time from ``since`` to ``now``. 0: it is of a
        release that does not say. True if that is what shows two of them.
        """
        if not process:
            return False
        was_twice = self.is_twice(peer, now)
        seen = _Sighting(since, now)
        known = self._peers.setdefault(peer, {})
        mine = known.pop(process, None) or _Process(seen, seen)
        if since >= mine.last.since:
            mine.last = seen
        known[process] = mine  # The one heard last comes last.
        if len(known) > MAX_PROCESSES:
            del known[next(iter(known))]
        for other in known.values():
            if other is not mine and (mine.covers(other) or other.covers(mine)):
                mine.is_twin = other.is_twin = True
        return self.is_twice(peer, now) and not was_twice

    def is_twice(self, peer: str, now: float) -> bool:
        processes = self._peers.get(peer, {}).values()
        return sum(each.is_twin and now - each.last.until <= LASTS_S for each in processes) > 1

    def twice(self, now: float) -> frozenset[str]:
        """The peers of which there are two."""
        return frozenset(peer for peer in self._peers if self.is_twice(peer, now))

    def told(self, peer: str, now: float) -> None:
        """``peer`` says that there are two of this sentinel's id."""
        self._told_at[peer] = now

    def tellers(self, now: float) -> tuple[str, ...]:
        """The peers that have reported it lately."""
        return tuple(sorted(peer for peer, at in self._told_at.items() if now - at <= LASTS_S))
