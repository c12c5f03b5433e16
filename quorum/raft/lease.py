"""Computes how long a leader may act without hearing from a majority again (Raft section 6.4.1, leases).

An acknowledgement counts from when the acknowledged message was *sent*: the follower promised to stick to
this leader from some later moment on. Invariant: while the lease is valid no other leader can be elected,
as long as clocks drift less than ``election_min_s / lease_s``. Each acknowledgement says how much it grants,
because each voter makes its own promise.
"""

from __future__ import annotations

from quorum.membership import Membership
from quorum.votes import majority


class Lease:
    """``longest_s`` is the most that one acknowledgement can grant."""

    def __init__(self, members: Membership, self_id: str, longest_s: float) -> None:
        self._members = members
        self._self_id = self_id
        self._longest_s = longest_s
        self._until: dict[str, float] = {}
        self._peers = members.everybody - {self_id}
        self._sent_at: dict[int, float] = {}

    def sent(self, round_: int, now: float) -> None:
        """A broadcast went out. Rounds older than the lease are forgotten: an ack of one is worth nothing."""
        self._sent_at[round_] = now
        for old in [r for r, at in self._sent_at.items() if at + self._longest_s < now]:
            del self._sent_at[old]

    def acknowledged(self, peer: str, round_: int, lease_s: float) -> None:
        sent_at = self._sent_at.get(round_)
        if sent_at is not None and peer in self._peers:
            until = sent_at + min(lease_s, self._longest_s)
            self._until[peer] = max(until, self._until.get(peer, until))

    def valid_until(self, now: float) -> float:
        """The end of the lease unless more is heard. This sentinel itself acknowledges at any time."""
        until = self._until | {self._self_id: now + self._longest_s}
        return min(_kept_until(names, until) for names in self._members.sets)


def _kept_until(names: tuple[str, ...], until: dict[str, float]) -> float:
    """The time until which a majority of ``names`` keeps its promise."""
    times = sorted((until[name] for name in names if name in until), reverse=True)
    needed = majority(len(names))
    return times[needed - 1] if len(times) >= needed else float("-inf")
