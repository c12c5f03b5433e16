"""Decides whether this sentinel, cut off from the majority, stops the writes of the primary beside it.

Beyond a partition a majority may promote another node at any time, and what this primary then accepts will be
thrown away. A sentinel that is out of touch with a majority for longer than the lease cannot know, so it
pauses the writes of the primary that it can still reach, and renews the pause while it is cut off. The pause
ends by itself if this sentinel dies. A server that may not be the group's (``hands_off``) is left alone:
others' clients may write to it. It does no I/O: ``tick`` gets the facts and returns what to send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PAUSE_S = 3.0
RENEW_S = 1.0
START_GRACE_S = 3.0
"""A sentinel that has just started has to find its peers first."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """Pause the writes of ``node`` for ``for_s``, or resume them at once if that is 0."""

    node: str
    for_s: float


class SelfFence:
    """``node`` is whose writes this sentinel holds paused, or None."""

    def __init__(self, lease_s: float, now: float) -> None:
        self.node: str | None = None
        self._lease_s = lease_s
        self._started_at = now
        self._contact_at = now + START_GRACE_S - lease_s
        self._grace = True
        self._regained_at: float | None = None
        self._renew_at = now

    def heard(self, at: float) -> None:
        """A majority, this sentinel included, has confirmed until ``at`` what is known here."""
        if self._grace and at > self._started_at:
            # The peers are found: from here on their silence counts.
            self._grace, self._contact_at = False, at
        self._contact_at = max(self._contact_at, at)

    def stalled(self, now: float) -> None:
        """This process did not run: it must find out again whether it is cut off."""
        self._contact_at = max(self._contact_at, now)

    def cut_off_s(self, now: float) -> float:
        return now - self._contact_at

    def tick(
        self,
        now: float,
        *,
        primary: str | None,
        local: Callable[[str], str],
        answers: Callable[[str], bool],
        is_replica: Callable[[str], bool],
        hands_off: Callable[[str], str],
        agree: Callable[[str, float], bool],
    ) -> tuple[Pausing | None, str]:
        """The requests to send now, and the reason why a pause begins or ends (empty if it does neither).

        ``agree(node, since)``: a majority reported, heard after ``since``, that ``node`` is the primary and
        up, and confirmed it since then: a report may have been on its way for long.
        ``local(node)``: the name that is used for the node now, which may change while its writes are paused.
        ``hands_off(node)``: the reason why the node must not be changed; empty if it may be.
        """
        cut_off = self.cut_off_s(now) > self._lease_s
        if self.node is None:
            if not cut_off or primary is None or not answers(primary) or is_replica(primary):
                return None, ""
            if hands_off(primary):
                return None, ""
            self.node = primary
            self._regained_at = None
            return self._renew(now), "cut off"
        node = self.node = local(self.node)
        if is_replica(node):
            self.node = None
            return None, "it is a replica now"
        if why := hands_off(node):
            # Nor are they resumed at once: whoever has it now may have paused them too.
            self.node = None
            return None, f"nothing is changed at it: {why}"
        if cut_off:
            self._regained_at = None
        elif self._regained_at is None:
            self._regained_at = now
        elif node == primary and agree(node, self._regained_at):
            self.node = None
            return Pausing(node, 0.0), "a majority agrees that it is the primary"
        if now >= self._renew_at and answers(node):
            return self._renew(now), ""
        return None, ""

    def _renew(self, now: float) -> Pausing:
        assert self.node is not None
        self._renew_at = now + RENEW_S
        return Pausing(self.node, PAUSE_S)
