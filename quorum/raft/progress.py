"""The leader's side: the entry that each follower has on disk, and the time until which the leader may act.

Invariant: ``stored`` never exceeds what a follower acknowledged in this leader's own term.
"""

from __future__ import annotations

from quorum.membership import Membership
from quorum.messages import EntryId
from quorum.raft.lease import Lease
from quorum.timing import Timing

NO_ROUND = 2**62 - 1
"""The round of no leader: a refusal of an older term's late heartbeat acknowledges nothing sent since."""


class Progress:
    """Made anew for each candidacy, at the moment its vote requests are sent.

    ``hold_ms`` is the time for which they ask each voter to stick to this sentinel. A voter that promised
    less must hear from it sooner.

    ``vote_round`` is the broadcast of those requests; heartbeats count on from it. A granted vote extends the
    lease as an acknowledged heartbeat does, because the voter sticks to the candidate that it voted for. No
    two candidacies share a round, so an answer to an earlier one grants nothing to this one.
    """

    def __init__(
        self,
        members: Membership,
        self_id: str,
        timing: Timing,
        now: float,
        hold_ms: int,
        vote_round: int = 0,
    ) -> None:
        self._members = members
        self._self_id = self_id
        self._timing = timing
        self._pace_s = timing.heartbeat_s * timing.stretch(hold_ms)
        self._lease = Lease(members, self_id, timing.lease_s * timing.stretch(hold_ms))
        self._lease.sent(vote_round, now)
        self._stored: dict[str, EntryId] = {}
        self._vote_round = vote_round
        self.round = vote_round
        self.heartbeat_at = now

    def voted(self, peer: str, promised_ms: int) -> None:
        self._lease.acknowledged(peer, self._vote_round, self._timing.granted_s(promised_ms))
        self._pace_s = min(self._pace_s, self._timing.pace_s(promised_ms))

    def next_round(self, now: float) -> int:
        self.round += 1
        self.heartbeat_at = now + self._pace_s
        self._lease.sent(self.round, now)
        return self.round

    def acknowledged(self, peer: str, round_: int, entry_id: EntryId, promised_ms: int) -> None:
        self._lease.acknowledged(peer, round_, self._timing.granted_s(promised_ms))
        self._stored[peer] = max(entry_id, self._stored.get(peer, entry_id))

    def lease_until(self, now: float) -> float:
        return self._lease.valid_until(now)

    def majority_stores(self, entry_id: EntryId) -> bool:
        """Counting this leader, which persisted the entry before it sent it."""
        have = {peer for peer, stored in self._stored.items() if stored >= entry_id}
        return self._members.elects(have | {self._self_id})
