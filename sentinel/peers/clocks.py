"""Measures how far the peers' wall clocks are from this sentinel's. Pure.

No safety depends on wall clocks. But they decide when a schedule is due, and people compare logs and
histories by them. So clocks that differ are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_APART_MS = 1000
"""Clocks that are kept by NTP are within a few milliseconds."""
MAX_BLUR_MS = 200
"""An answer that took longer shows too little about a clock to replace an earlier measurement."""


@dataclass(frozen=True, slots=True)
class Offset:
    """A peer's clock is ``ahead_ms`` of this one, give or take ``blur_ms``."""

    ahead_ms: float
    blur_ms: float

    @property
    def is_apart(self) -> bool:
        return abs(self.ahead_ms) - self.blur_ms > MAX_APART_MS

    def __str__(self) -> str:
        side = "ahead of" if self.ahead_ms > 0 else "behind"
        return f"{abs(self.ahead_ms) / 1000:.1f} s {side} this sentinel's"


class PeerClocks:
    def __init__(self) -> None:
        self._offsets: dict[str, Offset] = {}

    @property
    def offsets(self) -> Mapping[str, Offset]:
        """As last seen, of the peers that told their time."""
        return self._offsets

    @property
    def apart(self) -> Mapping[str, Offset]:
        return {peer: offset for peer, offset in sorted(self._offsets.items()) if offset.is_apart}

    def told_apart(self) -> Mapping[str, str]:
        """In words."""
        return {peer: str(offset) for peer, offset in self.apart.items()}

    def told(self, peer: str, wall_ms: int, own_ms: int, rtt_s: float) -> Offset | None:
        """``peer`` said its time in an answer that took ``rtt_s`` and came at ``own_ms`` by the clock here.

        Returns the offset if from now on, or no longer, the two are apart.
        """
        # It was read about half way between asking and answer.
        half_ms = rtt_s * 500
        before, now = self._offsets.get(peer), Offset(wall_ms + half_ms - own_ms, half_ms)
        if before is not None and half_ms > MAX_BLUR_MS:
            return None
        self._offsets[peer] = now
        was_apart = before is not None and before.is_apart
        return now if now.is_apart is not was_apart else None
