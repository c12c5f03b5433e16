"""How long a leader may act without hearing from a majority again (Raft section 6.4.1, leases).

An acknowledgement counts from when the acknowledged message was *sent*: the follower promised to stick to
this leader from some later moment on. Invariant: while the lease is valid no other leader can be elected,
as long as clocks drift less than ``election_min_s / lease_s``.
"""

from __future__ import annotations

from quorum.votes import majority


class Lease:
    def __init__(self, members: frozenset[str], self_id: str, lease_s: float) -> None:
        self._needed = majority(len(members))
        self._lease_s = lease_s
        self._acked_at: dict[str, float] = {}
        self._peers = members - {self_id}
        self._sent_at: dict[int, float] = {}

    def sent(self, round_: int, now: float) -> None:
        """A broadcast went out. Rounds older than the lease are forgotten: an ack of one is worth nothing."""
        self._sent_at[round_] = now
        for old in [r for r, at in self._sent_at.items() if at + self._lease_s < now]:
            del self._sent_at[old]

    def acknowledged(self, peer: str, round_: int) -> None:
        sent_at = self._sent_at.get(round_)
        if sent_at is not None and peer in self._peers:
            self._acked_at[peer] = max(sent_at, self._acked_at.get(peer, sent_at))

    def valid_until(self, now: float) -> float:
        """When the lease ends unless more is heard. This sentinel itself acknowledges at any time."""
        times = sorted([now, *self._acked_at.values()], reverse=True)
        if len(times) < self._needed:
            return float("-inf")
        return times[self._needed - 1] + self._lease_s
