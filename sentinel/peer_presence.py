"""Which peers this sentinel is in touch with: something authenticated came from them lately.

Majorities are judged by this, so it is decided from when a peer was last heard, at the moment of asking,
and never from a connection merely being open.
"""

from __future__ import annotations

from collections.abc import Callable


class Presence:
    """``on_touch(peer, in_touch)`` is called on changes; ``now`` is monotonic seconds."""

    def __init__(self, peer_timeout_s: float, on_touch: Callable[[str, bool], None]) -> None:
        self._peer_timeout_s = peer_timeout_s
        self._on_touch = on_touch
        self._heard_at: dict[str, float] = {}

    def heard(self, peer: str, now: float) -> None:
        """Something that only ``peer`` can have said arrived."""
        is_new = peer not in self._heard_at
        self._heard_at[peer] = now
        if is_new:
            self._on_touch(peer, True)

    def lost(self, peer: str) -> None:
        """No link to or from ``peer`` is left."""
        if self._heard_at.pop(peer, None) is not None:
            self._on_touch(peer, False)

    def expire(self, now: float) -> None:
        """Report those that have been silent for too long."""
        for peer in self._heard_at.keys() - self.in_touch(now):
            self.lost(peer)

    def in_touch(self, now: float) -> frozenset[str]:
        return frozenset(peer for peer, at in self._heard_at.items() if now - at <= self._peer_timeout_s)
