"""Keeps a sentinel's hard state of one group, and its effects in the order in which they must be applied.

Every change of the state puts its ``Persist`` before everything that is sent or announced about it
afterwards. Only a candidate's vote for itself and a leader's own entry are written while the peers are asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from quorum.directives import Directives
from quorum.effects import Committed, Effect, Emit, Event, Persist, Send
from quorum.membership import Membership
from quorum.messages import Entry, HardState, Intent, Message, Topology
from quorum.raft.invariants import check_growth
from quorum.raft.recovery import Told


class Journal:
    """Raises InvariantError, before anything is changed, for a state that may not follow the present one."""

    def __init__(self, state: HardState) -> None:
        self.state = state
        self.drawn = ""
        """For the cluster's own register: the id to propose, unless it has one (``cluster``)."""
        self._effects: list[Effect] = []

    def take(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects

    def new_term(self, term: int) -> None:
        self._persist(replace(self.state, term=term, voted_for=None))

    def vote(self, candidate: str, promised_ms: int) -> None:
        self._persist(replace(self.state, voted_for=candidate, promised_ms=promised_ms))

    def promise(self, promised_ms: int) -> None:
        """Store a promise to a leader that it did not vote for, or whose times differ from then."""
        if promised_ms > self.state.promised_ms:
            self._persist(replace(self.state, promised_ms=promised_ms))

    def store(self, entry: Entry) -> None:
        self._persist(replace(self.state, entry=entry))

    def stand(self, candidate: str) -> None:
        """A candidate's new term and its own vote, sent before ``write_own``: all disks write at once.

        It leads only after that write. If it crashes before, others have voted for it in a term that it has
        forgotten; that keeps only itself from winning the term.
        """
        term = self.state.term + 1
        self._replace(replace(self.state, term=term, voted_for=candidate, promised_ms=0))

    def propose(
        self, topology: Topology | None, intent: Intent | None, directives: Directives | None = None
    ) -> Entry:
        """A leader's own entry, to be sent before ``write_own``: all disks write at the same time.

        The operators' directives stay as they are, unless there are new ``directives``. Everything that
        counts on the leader's copy comes after that write (Raft thesis, section 10.2.1). If it crashes
        before, it has forgotten an entry of a term in which it never leads again.
        """
        told = self.state.entry.directives if directives is None else directives
        cluster_id = self.state.entry.cluster_id or self.drawn
        entry = Entry(self.state.term, self.state.entry.seq + 1, topology, intent, told, cluster_id)
        self._replace(replace(self.state, entry=entry))
        return entry

    def write_own(self) -> None:
        self._write(lazy=False)

    def mark_committed(self) -> Entry:
        """The stored entry is committed. Returns what was before, for ``tell_commit``, which must follow."""
        before = self.state.committed
        self.state = replace(self.state, committed=self.state.entry)
        return before

    def note_committed(self, entry: Entry) -> None:
        """Record a commit learnt from a peer; nothing happens if it is known."""
        before = self.state.committed
        if entry.id > before.id:
            self.state = replace(self.state, committed=entry)
            self.tell_commit(before)

    def tell_commit(self, before: Entry) -> None:
        """A new topology is on disk before it is announced, so that terms only grow for clients (rule S3).

        So are new directives and the cluster's id: a group that was announced as paused must not be announced
        as anything else after a restart. The commit of an intent can be learnt again, so it may wait for the
        next write.
        """
        new = self.state.committed
        same_id = new.cluster_id == before.cluster_id
        self._write(lazy=same_id and new.topology == before.topology and new.directives == before.directives)
        self.emit(Committed(new))

    def keep(self, membership: Membership) -> None:
        """Store the members that elect, before any message depends on them."""
        self._persist(replace(self.state, membership=membership))

    def begin(self, membership: Membership) -> None:
        """As ``keep``, for a state written by a release that kept no members: it may wait."""
        first = self.state.membership is None
        begun = replace(self.state, membership=membership, retired=False)
        if begun != self.state:
            self.state = begun
            self._write(lazy=first)

    def join(self, state: HardState, told: Told) -> None:
        """Store in one write what the others told a sentinel that had forgotten; a commit is passed on."""
        before = state.committed
        if told.entry.id > state.entry.id:
            state = replace(state, entry=told.entry)
        if told.committed.id > state.committed.id:
            state = replace(state, committed=told.committed)
        self._persist(state)
        if state.committed.id > before.id:
            self.emit(Committed(state.committed))

    def send(self, to: str, message: Message) -> None:
        self._effects.append(Send(to, message))

    def send_all(self, peers: Iterable[str], message: Message) -> None:
        for peer in peers:
            self.send(peer, message)

    def emit(self, event: Event) -> None:
        self._effects.append(Emit(event))

    def _persist(self, state: HardState) -> None:
        if state != self.state:
            self._replace(state)
            self._write(lazy=False)

    def _replace(self, state: HardState) -> None:
        check_growth(self.state, state)
        self.state = state

    def _write(self, *, lazy: bool) -> None:
        """If nothing is sent in between, one write of the newer state serves both."""
        last = self._effects[-1] if self._effects else None
        if isinstance(last, Persist):
            self._effects.pop()
            lazy = lazy and last.lazy
        self._effects.append(Persist(self.state, lazy))
