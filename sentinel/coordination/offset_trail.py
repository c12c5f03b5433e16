"""Remembers a primary's offsets over time, to turn a replica's lag in bytes into seconds.

Redis reports no such time: ``master_last_io_seconds_ago``, and the ``lag`` of a replica's acknowledgement,
are small even for a replica that is minutes behind and busy receiving. So the primary's offset is kept at
each look, and a replica is as old as the newest look at which the primary had no more than it.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LOOKS = 64
"""Beyond, every other one of the older half goes: the further back the coarser, and never too young."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """The offset was the same at every look in this time, monotonic seconds."""

    first_at: float
    last_at: float
    offset_bytes: int


class OffsetTrail:
    """Of one node, in one history (``replid``): a new one, or an offset that fell back, starts it anew."""

    def __init__(self) -> None:
        self._replid: str | None = None
        self._looks: list[_Looks] = []

    def add(self, replid: str, offset_bytes: int, at: float) -> None:
        looks = self._looks
        if replid != self._replid or (looks and offset_bytes < looks[-1].offset_bytes):
            looks.clear()
            self._replid = replid
        if looks and looks[-1].offset_bytes == offset_bytes:
            looks[-1] = _Looks(looks[-1].first_at, at, offset_bytes)
            return
        looks.append(_Looks(at, at, offset_bytes))
        if len(looks) > MAX_LOOKS:
            # The first stays: what is older than all that is remembered is at least so old.
            del looks[1 : MAX_LOOKS // 2 : 2]

    def behind_s(self, replid: str, offset_bytes: int, at: float) -> float | None:
        """How old the data of a node is that had ``offset_bytes`` at ``at``; None before the first look.

        None too for an offset of another history: the two numbers cannot be compared.

        0 where it had all that was known of the primary by then: a healthy replica, which is looked at a
        little earlier or later than the primary, would else seem to lag by the time between two looks.
        """
        if replid != self._replid:
            return None
        known = [looks for looks in self._looks if looks.first_at <= at]
        if not known:
            return 0.0 if self._looks else None
        if offset_bytes >= known[-1].offset_bytes:
            return 0.0
        had = [looks.last_at for looks in known if looks.offset_bytes <= offset_bytes]
        return at - (had[-1] if had else known[0].first_at)

    def by(self, at: float) -> tuple[str, int] | None:
        """The history, and the most that the node was seen to have by then."""
        known = [looks.offset_bytes for looks in self._looks if looks.first_at <= at]
        return (self._replid, known[-1]) if known and self._replid is not None else None

    def missed_s(self, replid: str, offset_bytes: int) -> float | None:
        """For how long the node was seen to write what lies beyond ``offset_bytes``; at least so long.

        None for another history, and where it never had so little.
        """
        had = [looks.last_at for looks in self._looks if looks.offset_bytes <= offset_bytes]
        if replid != self._replid or not had:
            return None
        return self._looks[-1].last_at - had[-1]
