"""Errors by their cause: an illegal call is this program's fault, an impossible message is the peer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quorum.membership import Membership


class QuorumError(Exception):
    """Base of everything that this package raises."""


class NotLeaderError(QuorumError):
    """Only a leader with a valid lease may propose. A bug or a race of the caller's; nothing was changed."""


class PeerViolationError(QuorumError):
    """A peer said what no correct peer can say. Its message was dropped; nothing was changed."""

    def __init__(self, peer: str, problem: str) -> None:
        super().__init__(f"peer {peer}: {problem}")
        self.peer = peer
        self.problem = problem


class AbsurdTermError(PeerViolationError):
    """A peer shows a term so high that its disk or its message must be corrupt."""

    def __init__(self, peer: str, term: int, ours: int) -> None:
        super().__init__(
            peer,
            f"is in term {term}, which is more than 2^32 above ours ({ours}): it is not believed, and cannot "
            "take part; `vedette repair-terms` mends a state directory that holds such a term",
        )
        self.term = term


class MembershipError(QuorumError):
    """The configured members are more than one step away from those that this sentinel voted with."""

    def __init__(self, kept: Membership, asked: Membership) -> None:
        super().__init__(
            f"this sentinel has voted with the members {' '.join(kept.voters)}, and its configuration says "
            f"{' '.join(asked.voters)}"
        )
        self.kept = kept
        self.asked = asked


class InvariantError(QuorumError):
    """The core contradicts itself. A bug of ours: the sentinel must stop rather than go on."""
