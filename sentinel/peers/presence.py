"""Decides which peers this sentinel is in touch with: it reaches them and they reach it, as both report.
Pure.

A peer counts while three things are so, each lately: it answered a ping of ours, so our messages arrive;
something came on the link that it dialled, so its messages arrive; and its newest answer reports that it,
too, gets answers from us. Each of them alone also holds for a sentinel that hears and is not heard, or the
other way round, with which no leader can be elected. A peer of a release that does not report the last is
judged by the first two.

Majorities are judged by this, so it is decided at the moment of asking from the times of messages, and never
from a connection merely being open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

BUFFERED = 2
"""An answer that was under way for so many timeouts lay in a buffer while this process, or its peer, did not
run: it is no sign of life."""


@dataclass(slots=True)
class _Peer:
    asked_at: float = -math.inf
    answered_at: float = -math.inf
    heard_at: float = -math.inf
    hears: bool = True
    is_in_touch: bool = False
    is_twice: bool = False


class Presence:
    """``on_touch(peer, in_touch)`` is called on changes; ``now`` is monotonic seconds."""

    def __init__(self, peer_timeout_s: float, on_touch: Callable[[str, bool], None]) -> None:
        self._peer_timeout_s = peer_timeout_s
        self._on_touch = on_touch
        self._peers: dict[str, _Peer] = {}
        self._looked_at = -math.inf

    def heard(self, peer: str, now: float) -> None:
        """Something came on the link that ``peer`` dialled, that only it can have sent."""
        self._peer(peer).heard_at = now
        self._judge(peer, now)

    def says(self, peer: str, hears: bool | None, now: float) -> None:
        """``peer`` says whether it gets answers from us; None: it does not say."""
        if hears is not None:
            self._peer(peer).hears = hears
            self._judge(peer, now)

    def answered(self, peer: str, asked_at: float, hears: bool | None, now: float) -> None:
        """``peer`` answered a ping that was sent at ``asked_at``. ``hears``: whether it gets answers from us;
        None: it does not say.
        """
        known = self._peer(peer)
        if asked_at >= known.asked_at:
            known.asked_at, known.answered_at, known.hears = asked_at, now, hears is not False
        self._judge(peer, now)

    def doubt(self, peer: str, *, is_twice: bool, now: float) -> None:
        """Whether there are two processes of that id: then it is in touch with neither."""
        known = self._peer(peer)
        known.is_twice = is_twice
        if is_twice and known.is_in_touch:
            known.is_in_touch = False
            self._on_touch(peer, False)
        self._judge(peer, now)

    def lost(self, peer: str) -> None:
        """No link to or from ``peer`` is left."""
        known = self._peers.pop(peer, None)
        if known is not None and known.is_in_touch:
            self._on_touch(peer, False)

    def expire(self, now: float) -> None:
        """Report those that have been silent for too long. To be called several times in a timeout.

        After a stall of this process what they said meanwhile may still be unread: they are judged next time.
        """
        looked_at, self._looked_at = self._looked_at, now
        if now - looked_at > self._peer_timeout_s / 2:
            return
        for peer, known in list(self._peers.items()):
            if known.is_in_touch and not self._counts(known, now):
                known.is_in_touch = False
                self._on_touch(peer, False)

    def in_touch(self, now: float) -> frozenset[str]:
        return frozenset(peer for peer, known in self._peers.items() if self._counts(known, now))

    def hears(self, peer: str, now: float) -> bool:
        """Whether ``peer`` answers us: we report it to the peer, as it does to us."""
        known = self._peers.get(peer)
        return known is not None and self._answers(known, now)

    def _peer(self, peer: str) -> _Peer:
        return self._peers.setdefault(peer, _Peer())

    def _judge(self, peer: str, now: float) -> None:
        known = self._peers[peer]
        if not known.is_in_touch and self._counts(known, now):
            known.is_in_touch = True
            self._on_touch(peer, True)

    def _answers(self, known: _Peer, now: float) -> bool:
        fresh = now - known.answered_at <= self._peer_timeout_s
        return fresh and now - known.asked_at <= BUFFERED * self._peer_timeout_s

    def _counts(self, known: _Peer, now: float) -> bool:
        if known.is_twice:
            return False
        return known.hears and self._answers(known, now) and now - known.heard_at <= self._peer_timeout_s
