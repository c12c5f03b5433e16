"""Remembers what failed at this sentinel a moment ago, under any leader, so that the next one does not begin
with it.

A step may end after the leadership that took it. When messages are lost, leaderships may be shorter than the
time to find out that a node does not answer. If such results were forgotten, each leader would begin at that
node again, for ever.
"""

from __future__ import annotations

from promotion.recent_failures import RecentFailures
from promotion.step_types import Disarm, Promote, Repoint, Seal, Step


class Tried:
    """``for_s`` is for how long another node goes before one at which a step failed."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._failed: dict[tuple[type[Step], str], tuple[float, str]] = {}

    def failed(self, step: Step, reason: str, now: float) -> None:
        if isinstance(step, Promote | Disarm | Seal | Repoint):
            self._failed[type(step), step.node] = (now + self._for_s, reason)

    def not_promoted(self, now: float) -> dict[str, str]:
        """Nodes whose promotion failed, with the reason."""
        return self._at(Promote, now)

    def lately(self, now: float) -> RecentFailures:
        """Where something else failed. If nobody could be cut off there, the promotion itself does that."""
        return RecentFailures(
            not_disarmed=frozenset(self._at(Disarm, now)),
            not_sealed=self._at(Seal, now),
            not_repointed=frozenset(self._at(Repoint, now)),
        )

    def _at(self, kind: type[Step], now: float) -> dict[str, str]:
        self._failed = {key: kept for key, kept in self._failed.items() if kept[0] > now}
        return {node: reason for (what, node), (_, reason) in self._failed.items() if what is kind}
