"""A sentinel's seat in a group's agreement: its state on disk, the members it votes with, and whether it
votes.
"""

from __future__ import annotations

from dataclasses import replace

from quorum.effects import Effect
from quorum.membership import Membership
from quorum.messages import (
    FORGOTTEN,
    Append,
    HardState,
    Message,
    PreVoteReply,
    PreVoteRequest,
    VoteReply,
    VoteRequest,
)
from quorum.raft.campaign import Campaign
from quorum.raft.journal import Journal
from quorum.raft.progress import Progress
from quorum.raft.recovery import Told
from quorum.raft.voter import Voter
from quorum.role import Role
from quorum.terms import Believed
from quorum.timing import Timing
from quorum.votes import Tally

MAX_REASON_CHARS = 400


class Seat:
    """``listening`` is why it takes no part at present (``recovery``); empty if it does."""

    def __init__(
        self,
        self_id: str,
        members: frozenset[str],
        campaign: Campaign,
        timing: Timing,
        state: HardState,
        now: float,
        membership: Membership | None = None,
        ballot: int = 0,
    ) -> None:
        if self_id not in members:
            raise ValueError(f"{self_id!r} is not one of the members {sorted(members)}")
        self.self_id = self_id
        self.membership = membership or Membership.of(members)
        self.listening = ""
        self._ballot = ballot
        self._stood_until = state.term + 1
        """Up to which term a former process may have stood: its own vote may not have been written."""
        self._journal = Journal(state)
        self._peers = tuple(sorted(members - {self_id}))
        self._timing = timing
        self._voter = Voter(timing, now, state.promised_ms)
        self._campaign = campaign
        self._believed = Believed(members)
        self.role = Role.FOLLOWER
        self.leader: str | None = None
        self._tally = Tally(self.membership)
        self._progress = Progress(self.membership, self_id, timing, now, 0, vote_round=-1)

    @property
    def journal(self) -> Journal:
        return self._journal

    @property
    def state(self) -> HardState:
        return self._journal.state

    def take_effects(self) -> list[Effect]:
        return self._journal.take()

    def draw(self, cluster_id: str) -> None:
        """What the cluster is called if this sentinel is the first to lead it."""
        self._journal.drawn = cluster_id

    def begin_under(self, membership: Membership) -> None:
        """Begin at the start. The first state may be written lazily: nothing depends on it yet."""
        self._journal.begin(membership)

    def check_term(self, sender: str, term: int) -> None:
        """Raises AbsurdTermError for a term that is not to be believed."""
        self._believed.check(sender, term, self.state.term)

    def _take_part(self, told: Told) -> None:
        """Begin with the state that the others told. Its former promises are over by then (``recovery``)."""
        state = self.state
        term, voted_for = max(told.term, state.term), state.voted_for
        if term > state.term or voted_for is None:
            # It may have voted in that term before it lost its state.
            voted_for = None if told.founding else FORGOTTEN
        self.listening = ""
        self._stood_until = max(self._stood_until, term + 1)
        self.membership = told.membership
        now = replace(state, term=term, voted_for=voted_for, membership=told.membership, retired=False)
        self._journal.join(now, told)

    def _declines(self, sender: str, message: Message) -> bool:
        """Whether it takes no part in what ``message`` is about.

        Then nothing changes, not even its term, and the leader gets no acknowledgement.
        """
        why = self.listening
        if not why and isinstance(message, PreVoteRequest | VoteRequest | Append):
            why = self.membership.refusal(message.under)
        if not why:
            return False
        term, reason = self.state.term, why[:MAX_REASON_CHARS]
        if isinstance(message, PreVoteRequest):
            self._journal.send(sender, PreVoteReply(term, granted=False, reason=reason))
        elif isinstance(message, VoteRequest):
            self._journal.send(sender, VoteReply(term, False, reason, ballot=message.ballot))
        return True

    def _is_own(self, reply: VoteReply) -> bool:
        """Whether it answers this process. One that does not say, of an earlier release, does where no former
        process can have asked: what that was granted is older than it seems, and so is the promise.
        """
        return reply.ballot == self._ballot or (not reply.ballot and self.state.term > self._stood_until)
