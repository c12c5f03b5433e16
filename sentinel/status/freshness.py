"""Decides whether a majority's confirmation is fresh enough for an answer to clients. Pure.

It may be as old as ``peer_timeout``. After a stall of this process, in which another primary may have been
agreed on, it must come from a round that was asked after the stall. That is required only for a moment, and
not again at each of many stalls: a process that lags all the time may never have a round between two of them.
"""

from __future__ import annotations

import math

ANEW_S = 0.5
"""For this long after a stall, only answers to later questions count."""


class Freshness:
    def __init__(self, peer_timeout_s: float) -> None:
        self.peer_timeout_s = peer_timeout_s
        self._stalled_at = -math.inf
        self._anew_since = -math.inf

    def stalled(self, now: float, gap_s: float = 0.0) -> None:  # noqa: ARG002
        """This process did not run until ``now``."""
        if now - self._stalled_at > self.peer_timeout_s:
            self._anew_since = now
        self._stalled_at = now

    def suffices(self, confirmed_at: float, now: float) -> bool:
        if now - confirmed_at > self.peer_timeout_s:
            return False
        return confirmed_at >= self._anew_since or now - self._anew_since > ANEW_S

    def may_recover(self, now: float) -> bool:
        """Whether a stall, and nothing worse, may be why it does not."""
        return now - self._stalled_at <= self.peer_timeout_s
