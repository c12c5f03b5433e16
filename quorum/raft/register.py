"""The replicated register: Raft with a log of one entry, elected on demand.

Safety rests on five rules, each with its place below:

* a vote for another and an entry are on disk before any message about them, and one's own before they count
  (``journal``);
* a voter refuses a candidate whose entry is older than its own (Raft section 5.4.1, ``voter``);
* a leader sends only entries of its own term, so the entry on each disk only grows in ``(term, seq)``, and an
  entry that a majority stores in the leader's term is committed (Raft section 5.4.2, ``_advance_commit``);
* a majority is one of the members that this sentinel has on disk, and a member that has forgotten something
  takes no part (``membership``, ``recovery``): so two majorities share a member that knows;
* a voter sticks to a leader that it hears from, or has just voted for; a restarted one, which has forgotten
  the leader, waits (Raft sections 4.2.3 and 6.4.1, ``voter``): so the leader's lease holds.

The term is handled once, at the top of ``receive``. Roles change only in ``_become_*``.
"""

from __future__ import annotations

from quorum.directives import Directives
from quorum.effects import LOST_TOUCH, Elected, SteppedDown
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.membership import Membership
from quorum.messages import (
    Append,
    AppendReply,
    Entry,
    Intent,
    Message,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    Topology,
    VoteReply,
    VoteRequest,
)
from quorum.raft.invariants import check_one_primary
from quorum.raft.progress import NO_ROUND, Progress
from quorum.raft.recovery import Told
from quorum.raft.seat import Seat
from quorum.role import Role
from quorum.terms import MAX_TERM, is_absurd
from quorum.votes import Outcome, Tally


class Register(Seat):
    """One sentinel's part in one group's agreement. Effects gather until ``take_effects``."""

    # -- what the layer above asks -------------------------------------------------------------

    def lease_valid(self, now: float) -> bool:
        """Whether this sentinel leads and may act: the check before each command to Redis (rule S4)."""
        return self.role is Role.LEADER and now < self._progress.lease_until(now)

    def hears_leader(self, now: float) -> bool:
        return self.leader_until(now) > now

    def next_deadline(self, now: float) -> float | None:
        if self.role is Role.LEADER:
            return min(self._progress.heartbeat_at, self._progress.lease_until(now))
        return None if self.listening else self._campaign.at

    def want(self, reasons: frozenset[str], now: float) -> None:
        """There is work for a leader, or no longer."""
        if reasons == self._campaign.reasons:
            return
        if self.role is Role.CANDIDATE and reasons:
            self._campaign.reasons = reasons  # The votes that are on their way count for this as well.
            return
        self._campaign.set_reasons(reasons, now, self.leader_until(now))
        if self.role is Role.LEADER:
            self._campaign.stop()
        elif not reasons and self.role is not Role.FOLLOWER:
            self._become_follower("the work is gone")

    def propose(
        self, topology: Topology | None, intent: Intent | None, now: float, told: Directives | None = None
    ) -> Entry:
        """Put a new entry to the vote. Raises NotLeaderError without a valid lease, and InvariantError if
        this term has named another primary already (rule S3).
        """
        if not self.lease_valid(now):
            raise NotLeaderError(f"{self.self_id} does not lead in term {self.state.term}")
        check_one_primary(self.state.entry.topology, topology)
        entry = self._journal.propose(topology, intent, told)
        self._broadcast(now)
        self._journal.write_own()
        self._advance_commit(now)
        return entry

    def resign(self, now: float, retry_after_s: float = 0.0, reason: str = "") -> None:
        """Stop leading, the work being done, or given up for ``reason``."""
        if self.role is not Role.LEADER:
            return
        resign = Resign(self.state.term, round(retry_after_s * 1000), reason)
        self._journal.send_all(self._peers, resign)
        self._become_follower("resigned" if self.lease_valid(now) else LOST_TOUCH)
        self._campaign.resigned(self.self_id, resign, now, own=True)
        self._restart_campaign(now)

    def yield_to(self, term: int, now: float) -> None:
        """Redis shows a fence of ``term``: go above it, unless it is absurd and so counts as missing."""
        if term > self.state.term and not is_absurd(term, self.state.term):
            self._adopt_term(term, now, f"a fence of term {term}")

    def learn_committed(self, entry: Entry, now: float, sender: str = "somebody") -> None:
        """A peer reports that ``entry`` is committed: a fact by whichever peer, and never undone."""
        if entry.id <= self.state.committed.id:
            return
        self._believed.check(sender, entry.term, self.state.term)
        if entry.term > self.state.term:
            self._adopt_term(entry.term, now, "a newer topology")
        if entry.id > self.state.entry.id:
            self._journal.store(entry)
        self._journal.note_committed(entry)

    def reconsider(self, now: float) -> None:
        """Something that may have stood in the way is gone: what was put off is tried now."""
        if self.role is Role.FOLLOWER:
            self._campaign.hold(now)
            self._restart_campaign(now)

    def distrust(self, now: float) -> None:
        """This process did not run for a while: others may lead by now, so listen first."""
        if self.role is not Role.FOLLOWER and not self.lease_valid(now):
            self._become_follower("this sentinel was stalled")
        self._campaign.hold_at_least(now + self._timing.election_max_s)
        self._restart_campaign(now)

    # -- who takes part ------------------------------------------------------------------------

    def stand_apart(self, why: str) -> None:
        """From now on this sentinel does not vote, acknowledge or stand."""
        self.listening = why
        if self.role is not Role.FOLLOWER:
            self._become_follower(why)

    def join(self, told: Told, now: float) -> None:
        self._take_part(told)
        self._restart_campaign(now)

    def go_on_under(self, membership: Membership, term: int, now: float) -> None:
        """Store another membership before any message depends on it. A leader goes on with the one it has."""
        if term > self.state.term:
            self._adopt_term(term, now, "the members have changed")
        self.membership = membership
        self._journal.keep(membership)

    def wake(self, now: float) -> None:
        """A deadline may have passed. Waking early is harmless."""
        if self.role is Role.LEADER:
            self._lapse(now)
            if self.lease_valid(now) and now >= self._progress.heartbeat_at:
                self._broadcast(now)
        elif not self.listening and self._campaign.due(now):
            if self.hears_leader(now):
                self._restart_campaign(now)
            else:
                self._campaign.retry(now)
                if self.state.term < MAX_TERM:
                    self._become_pre_candidate(now)

    def _lapse(self, now: float) -> None:
        """A lease that has run out is gone for good: the work ends with it, however late it is renewed."""
        if self.role is Role.LEADER and not self.lease_valid(now):
            self._become_follower(LOST_TOUCH)
            self._campaign.lost_lease(self.self_id, now)
            self._restart_campaign(now)

    # -- messages ------------------------------------------------------------------------------

    def receive(self, sender: str, message: Message, now: float) -> None:
        """Take in a peer's message. Raises PeerViolationError for what no correct peer can say."""
        if sender not in self._peers:
            raise PeerViolationError(sender, "not a member")
        self.check_term(sender, getattr(message, "term", 0))
        if self._declines(sender, message):
            return
        self._lapse(now)
        match message:
            case PreVoteRequest():
                self._on_pre_vote_request(sender, message, now)
                return
            case VoteRequest() if why := self._loyalty(sender, now):
                # Refused without adopting the term: a sentinel that was away must not unseat a live leader.
                reply = VoteReply(self.state.term, False, why, ballot=message.ballot)
                self._journal.send(sender, reply)
                return
            case PreVoteReply() if message.granted:
                self._on_pre_vote_reply(sender, message, now)
                return
            case Append(term, _, Entry(term=entry_term)) if entry_term != term:
                raise PeerViolationError(sender, f"sent an entry of term {entry_term} in term {term}")
        term = getattr(message, "term", 0)
        if term > self.state.term:
            self._adopt_term(term, now, f"{sender} is in term {term}")
        match message:
            case PreVoteReply():
                self._on_pre_vote_reply(sender, message, now)
            case VoteRequest():
                self._on_vote_request(sender, message, now)
            case VoteReply():
                self._on_vote_reply(sender, message, now)
            case Append():
                self._on_append(sender, message, now)
            case AppendReply():
                self._on_append_reply(sender, message, now)
            case Resign():
                self._on_resign(sender, message, now)
            case _:
                raise PeerViolationError(sender, f"{message.kind} is not for the register")

    def _loyalty(self, sender: str, now: float) -> str:
        if self.lease_valid(now):
            return "leads with a valid lease"
        return self._voter.loyalty(sender, now)

    def _on_pre_vote_request(self, sender: str, request: PreVoteRequest, now: float) -> None:
        why = self._loyalty(sender, now) or self._voter.refusal(sender, request, self.state)
        term = self.state.term if why else request.term
        if not why and self.role is not Role.CANDIDATE and self._campaign.gives_way(sender, now):
            self._become_follower(f"lets {sender} stand")
        self._journal.send(sender, PreVoteReply(term, granted=not why, reason=why))

    def _on_pre_vote_reply(self, sender: str, reply: PreVoteReply, now: float) -> None:
        if self.role is not Role.PRE_CANDIDATE or (reply.granted and reply.term != self.state.term + 1):
            return
        self._tally.record(sender, reply.granted)
        self._count(now)

    def _on_vote_request(self, sender: str, request: VoteRequest, now: float) -> None:
        why = self._loyalty(sender, now) or self._voter.refusal(sender, request, self.state)
        if not why:
            if self.role is not Role.FOLLOWER:
                self._become_follower(f"votes for {sender}")
            self._journal.vote(sender, self._timing.promise_ms(request.hold_ms))
            self._voter.stick_to(sender, now, self.state.promised_ms)
            self._restart_campaign(now)
        elif request.entry_id < self.state.entry.id:
            # A majority has said that it would vote for it, else it would not ask.
            self._campaign.stand_back(now)
        promised_ms = 0 if why else self.state.promised_ms
        self._journal.send(sender, VoteReply(self.state.term, not why, why, promised_ms, request.ballot))

    def _on_vote_reply(self, sender: str, reply: VoteReply, now: float) -> None:
        # Exactly this candidacy's term: a grant for an older one must not count.
        if self.role is not Role.CANDIDATE or (reply.granted and reply.term != self.state.term):
            return
        if not self._is_own(reply):
            return
        self._tally.record(sender, reply.granted)
        if reply.granted:
            self._progress.voted(sender, reply.promised_ms)
        self._count(now)

    def _on_append(self, sender: str, append: Append, now: float) -> None:
        if append.term < self.state.term:
            self._journal.send(sender, AppendReply(self.state.term, NO_ROUND, self.state.entry.id))
            return
        if self.role is Role.LEADER:
            raise PeerViolationError(sender, f"leads in term {append.term}, as we do")
        if self.role is not Role.FOLLOWER:
            self._become_follower(f"{sender} leads")
        self.leader = sender
        asked_ms = self.state.promised_ms if self.state.voted_for == sender else 0
        promised_ms = self._timing.promise_ms(asked_ms)
        self._journal.promise(promised_ms)
        self._voter.stick_to(sender, now, promised_ms)
        self._restart_campaign(now)
        if append.entry is not None and append.entry.id > self.state.entry.id:
            self._journal.store(append.entry)
        if append.committed_id == self.state.entry.id:
            self._journal.note_committed(self.state.entry)
        entry_id = self.state.entry.id
        self._journal.send(sender, AppendReply(self.state.term, append.round, entry_id, promised_ms))

    def _on_append_reply(self, sender: str, reply: AppendReply, now: float) -> None:
        if self.role is not Role.LEADER or reply.term != self.state.term:
            return
        self._progress.acknowledged(sender, reply.round, reply.entry_id, reply.promised_ms)
        self._advance_commit(now)

    def _on_resign(self, sender: str, resign: Resign, now: float) -> None:
        if resign.term != self.state.term or not self._voter.release(sender, now):
            return
        self.leader = None
        self._campaign.resigned(sender, resign, now, own=False)
        self._restart_campaign(now)

    # -- roles ---------------------------------------------------------------------------------

    def leader_until(self, now: float) -> float:
        """The time until which a leader may act, as far as is known here; in the past if there is none."""
        if self.role is Role.LEADER:
            return self._progress.lease_until(now)
        return self._voter.stick_until

    def _restart_campaign(self, now: float) -> None:
        self._campaign.restart(now, self.leader_until(now))

    def _become_follower(self, why: str) -> None:
        led, self.role, self.leader = self.role is Role.LEADER, Role.FOLLOWER, None
        if led:
            self._journal.emit(SteppedDown(self.state.term, why))

    def _become_pre_candidate(self, now: float) -> None:
        self.role = Role.PRE_CANDIDATE
        self.leader = None
        self._tally = Tally(self.membership, own=self.self_id)
        request = PreVoteRequest(self.state.term + 1, self.state.entry.id, self.membership)
        self._journal.send_all(self._peers, request)
        self._count(now)

    def _become_candidate(self, now: float) -> None:
        self.role = Role.CANDIDATE
        self._journal.stand(self.self_id)
        self._tally = Tally(self.membership, own=self.self_id)
        hold_ms = self._campaign.hold_ms
        round_ = self._progress.round + 1
        self._progress = Progress(self.membership, self.self_id, self._timing, now, hold_ms, round_)
        request = VoteRequest(self.state.term, self.state.entry.id, hold_ms, self.membership, self._ballot)
        self._journal.send_all(self._peers, request)
        self._journal.write_own()
        self._count(now)

    def _become_leader(self, now: float) -> None:
        self.role = Role.LEADER
        self.leader = self.self_id
        self._campaign.stop()
        self._broadcast(now)
        self._journal.emit(Elected(self.state.term, self._campaign.reasons, self.state.entry))

    def _count(self, now: float) -> None:
        if self._tally.outcome is Outcome.LOST:
            self._become_follower("lost the election")
        elif self._tally.outcome is Outcome.WON and self.role is Role.PRE_CANDIDATE:
            self._become_candidate(now)
        elif self._tally.outcome is Outcome.WON and self.role is Role.CANDIDATE:
            if now < self._progress.lease_until(now):
                self._become_leader(now)
            else:
                self._become_follower("the votes came too late to act on them")
                self._campaign.voted_too_late()

    def _adopt_term(self, term: int, now: float, why: str) -> None:
        if self.role is not Role.FOLLOWER:
            self._become_follower(why)
        self.leader = None
        self._journal.new_term(term)
        self._restart_campaign(now)

    # -- replication ---------------------------------------------------------------------------

    def _broadcast(self, now: float) -> None:
        round_ = self._progress.next_round(now)
        entry = self.state.entry if self.state.entry.term == self.state.term else None
        committed_id = self.state.committed.id
        self._journal.send_all(
            self._peers, Append(self.state.term, round_, entry, committed_id, self.membership)
        )

    def _advance_commit(self, now: float) -> None:
        entry = self.state.entry
        if entry.term != self.state.term or entry.id <= self.state.committed.id:
            return
        if self._progress.majority_stores(entry.id):
            before = self._journal.mark_committed()
            # Pushed at once: every sentinel answers with the new primary without waiting for a heartbeat.
            self._broadcast(now)
            self._journal.tell_commit(before)
