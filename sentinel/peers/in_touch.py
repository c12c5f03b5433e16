"""The members that this sentinel is in touch with, and whether they can elect: one answer for all readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quorum.membership import Membership


@dataclass(frozen=True, slots=True)
class InTouch:
    """``membership`` says who votes; ``peers`` gives those in touch now, as ``presence`` has them."""

    self_id: str
    membership: Membership
    peers: Callable[[], frozenset[str]]

    def members(self) -> frozenset[str]:
        """The members in touch, this sentinel included."""
        return (self.peers() & self.membership.everybody) | {self.self_id}

    def elects(self) -> bool:
        """Whether a change can be agreed on among them."""
        return self.would_elect(self.peers())

    def would_elect(self, peers: frozenset[str]) -> bool:
        """Whether it could be if these were in touch."""
        return self.membership.elects(peers | {self.self_id})
