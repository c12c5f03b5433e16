"""What failed at this sentinel a moment ago, in whichever leadership: the next one does not begin with it.

A step may end after the leadership that took it. Where messages are lost, leaderships may be shorter than it
takes to find that a node does not answer. If such ends were forgotten, each leader would begin at that node
again, for ever.
"""

from __future__ import annotations

from promotion.step_types import Disarm, Promote, Step


class Tried:
    """``for_s`` is for how long another node goes before one whose promotion failed."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._not_promoted: dict[str, tuple[float, str]] = {}
        self._not_disarmed: dict[str, float] = {}

    def failed(self, step: Step, reason: str, now: float) -> None:
        match step:
            case Promote(node):
                self._not_promoted[node] = (now + self._for_s, reason)
            case Disarm(node):
                self._not_disarmed[node] = now + self._for_s
            case _:
                pass

    def not_promoted(self, now: float) -> dict[str, str]:
        """Nodes whose promotion failed, with the reason."""
        self._not_promoted = {node: kept for node, kept in self._not_promoted.items() if kept[0] > now}
        return {node: reason for node, (_, reason) in self._not_promoted.items()}

    def not_disarmed(self, now: float) -> frozenset[str]:
        """Nodes at which nobody could be cut off. The promotion itself cuts off all others."""
        self._not_disarmed = {node: until for node, until in self._not_disarmed.items() if until > now}
        return frozenset(self._not_disarmed)
