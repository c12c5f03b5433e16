"""One group's brain at one sentinel: it joins the agreement core (``quorum``) to the leader's work
(``promotion``). Sans-I/O like both: ``step(input, now, wall_ms) -> effects``, so that the simulator runs
it as the daemon does.

It decides three things of its own: which work needs a leader, what the work is told of the world, and
what people are told.
"""

from __future__ import annotations

from collections import deque

from promotion.actions import (
    Action,
    Finish,
    GiveUp,
    Note,
    Observe,
    Request,
    Resettle,
    Run,
    WriteIntent,
    WriteTopology,
)
from promotion.plan import Promote, Repoint
from promotion.work import Work
from quorum.effects import (
    Committed,
    Effect,
    Elected,
    Emit,
    Event,
    OdownChanged,
    OpinionChanged,
    SteppedDown,
)
from quorum.errors import NotLeaderError
from quorum.inputs import (
    DataObserved,
    Input,
    Observed,
    Propose,
    Stalled,
    StopLeading,
    Wake,
    Want,
    Watch,
    YieldTo,
)
from quorum.member import Member
from quorum.messages import EntryId, Intent, Topology
from sentinel.backoff import Backoff
from sentinel.group_inputs import (
    GroupEffect,
    GroupInput,
    InfoSeen,
    Perform,
    Read,
    ReadDone,
    Requested,
    StepDone,
    StepFailed,
    StepFenced,
    Tell,
)
from sentinel.nodebook import NodeBook
from sentinel.notices import Notice, NoticeName
from sentinel.situation import CoordinatorConfig, Situation

BOOTSTRAP = "bootstrap"
OPERATOR = "operator"
CONTRADICTION = "contradiction"


class Coordinator:
    """``member`` is this sentinel's part in the agreement, ``book`` what it knows of the nodes."""

    def __init__(self, config: CoordinatorConfig, member: Member, book: NodeBook, now: float) -> None:
        self.config = config
        self.member = member
        self.book = book
        self.situation = Situation(config, member, book, now)
        self.request: Request | None = None
        self.work: Work | None = None
        self._request_until = now
        self._answered: frozenset[str] = frozenset()
        self._token = 0
        self._steps: dict[int, Promote | Repoint] = {}
        self._read_token: int | None = None
        self._proposed: EntryId | None = None
        self._wanted: frozenset[str] = frozenset()
        self._backoff = Backoff(first_s=1.0, last_s=config.work.limit_s)
        self._misconfigured: dict[str, str] = {}
        self._told_topology = member.register.state.committed.topology
        self._started_at = now
        self._started_ms = 0
        self._pending: deque[Effect] = deque()
        self._draining = False
        self._out: list[GroupEffect] = []

    # -- what can be asked ---------------------------------------------------------------------

    @property
    def topology(self) -> Topology | None:
        """The newest topology known to be committed."""
        return self.member.register.state.committed.topology

    def lease_valid(self, term: int, now: float) -> bool:
        """The last check before a command to Redis: still the leader, and of that very term."""
        register = self.member.register
        return register.state.term == term and register.lease_valid(now)

    def busy(self, now: float) -> bool:
        """Whether a change is under way, here or at another sentinel."""
        return self.work is not None or self.request is not None or self.member.register.hears_leader(now)

    def next_deadline(self, now: float) -> float | None:
        deadlines = [self.member.next_deadline(now)]
        if self.work is not None:
            deadlines.append(self.work.next_deadline)
        if self.request is not None:
            deadlines.append(self._request_until)
        return min((at for at in deadlines if at is not None), default=None)

    # -- the step ------------------------------------------------------------------------------

    def step(self, given: GroupInput, now: float, wall_ms: int) -> list[GroupEffect]:
        """Take in one input. The effects are to be applied in their order."""
        match given:
            case InfoSeen():
                self._on_info(given, now, wall_ms)
            case ReadDone(token, answered):
                if token == self._read_token and self.work is not None:
                    self._read_token = None
                    self._answered = answered
                    self._do(
                        self.work.observed(
                            self.situation.views(now, self._answered), self.situation.facts(now), now
                        ),
                        now,
                        wall_ms,
                    )
            case StepDone(token):
                if (step := self._steps.pop(token, None)) is not None and self.work is not None:
                    self._do(self.work.step_done(step, self.situation.facts(now)), now, wall_ms)
            case StepFailed(token, reason):
                if (step := self._steps.pop(token, None)) is not None and self.work is not None:
                    if isinstance(step, Promote):
                        self.situation.avoid(step.node, reason, now + self.config.work.limit_s)
                    self._do(self.work.step_failed(step, reason, self.situation.facts(now)), now, wall_ms)
            case StepFenced(token, found_term):
                if (step := self._steps.pop(token, None)) is not None:
                    self._tell(NoticeName.FENCED, node=step.node, found_term=found_term)
                    self._feed(YieldTo(found_term), now, wall_ms)
                    self._feed(StopLeading(), now, wall_ms)
            case Requested(operation, candidate):
                self.request = Request(operation, candidate)
                self._request_until = now + self.config.work.limit_s
            case Observed(node):
                self._feed(given, now, wall_ms)
                self._check_misconfigured(node)
            case Stalled(gap_s):
                self._tell(NoticeName.STALLED, gap_ms=round(gap_s * 1000))
                self._feed(given, now, wall_ms)
            case _:
                self._feed(given, now, wall_ms)
        self._settle(now, wall_ms)
        out, self._out = self._out, []
        return out

    def _settle(self, now: float, wall_ms: int) -> None:
        if self.work is not None:
            if self.work.next_deadline is not None:
                self._do(self.work.wake(self.situation.facts(now), now), now, wall_ms)
        elif self.request is not None and now >= self._request_until:
            self._abort_request("no leader could be elected in time")
        wanted = self._wants(now)
        if wanted != self._wanted:
            self._wanted = wanted
            self._feed(Want(wanted), now, wall_ms)

    def _feed(self, given: Input, now: float, wall_ms: int) -> None:
        """Step the agreement core, and everything that follows from what it emits.

        A call from within only adds to the queue: effects leave in the order in which the core made them,
        so an older state is never written over a newer one.
        """
        self._pending.extend(self.member.step(given, now))
        if self._draining:
            return
        self._draining = True
        try:
            while self._pending:
                effect = self._pending.popleft()
                if isinstance(effect, Emit):
                    self._on_event(effect.event, now, wall_ms)
                else:
                    self._out.append(effect)
        finally:
            self._draining = False

    # -- what the agreement core emits ---------------------------------------------------------

    def _on_event(self, event: Event, now: float, wall_ms: int) -> None:
        match event:
            case Elected():
                self._on_elected(event, now, wall_ms)
            case SteppedDown(term, reason):
                self._tell(NoticeName.STEPPED_DOWN, term=term, reason=reason)
                self._end_work()
            case Committed(entry):
                self._tell_topology(entry.topology)
                if self.work is not None and entry.id == self._proposed:
                    self._proposed = None
                    if entry.intent is not None:
                        self._tell(NoticeName.INTENT_COMMITTED, node=entry.intent.target, term=entry.term)
                        self._do(self.work.intent_committed(), now, wall_ms)
                    else:
                        self._do(self.work.topology_committed(self.situation.facts(now), now), now, wall_ms)
            case OpinionChanged(opinion):
                verdict = self.member.verdict(opinion.node, now)
                if opinion.down:
                    self._tell(
                        NoticeName.NODE_DOWN,
                        node=opinion.node,
                        grade=opinion.grade.value,
                        after_ms=round((now - verdict.since) * 1000),
                        detail=verdict.detail,
                        primary=opinion.node == self.member.primary,
                    )
                else:
                    self._tell(NoticeName.NODE_UP, node=opinion.node)
            case OdownChanged(node, down, agree):
                name = NoticeName.QUORUM_DOWN if down else NoticeName.QUORUM_UP
                self._tell(name, node=node, agree=list(agree), primary=node == self.member.primary)

    def _on_elected(self, event: Elected, now: float, wall_ms: int) -> None:
        primary = self.member.primary
        verdict = self.member.verdict(primary, now) if primary else None
        self._tell(
            NoticeName.ELECTED,
            term=event.term,
            reasons=sorted(event.reasons),
            evidence_age_ms=round((now - verdict.since) * 1000) if verdict and verdict.down else None,
        )
        self._started_ms = wall_ms
        self._started_at = now
        self.work = Work(self.config.work, self.request, self.situation.avoided(now), now)
        facts = self.situation.facts(now)
        if facts.down or self.request is not None or facts.intent is not None:
            if verdict is not None and verdict.down:
                self._started_at = verdict.since
                self._started_ms = wall_ms - round((now - verdict.since) * 1000)
            cause = facts.cause if facts.down else (facts.intent.cause if facts.intent else OPERATOR)
            self._tell(
                NoticeName.FAILOVER_STARTED,
                term=event.term,
                primary=facts.primary,
                cause=cause,
                down=facts.down,
                operation=self.request.operation if self.request else None,
            )
        self._do(self.work.begin(facts), now, wall_ms)

    def _tell_topology(self, topology: Topology | None) -> None:
        if topology is None or (self._told_topology and topology.term <= self._told_topology.term):
            return
        self._told_topology = topology
        self.request = None
        self._tell(
            NoticeName.TOPOLOGY,
            term=topology.term,
            primary=topology.primary,
            previous=topology.previous,
            cause=topology.cause,
            leader=topology.leader,
            since_ms=topology.since_ms,
            duration_ms=topology.duration_ms,
        )

    # -- the leader's work ---------------------------------------------------------------------

    def _do(self, actions: list[Action], now: float, wall_ms: int) -> None:
        for action in actions:
            try:
                self._act(action, now, wall_ms)
            except NotLeaderError as error:
                # The lease ran out between two steps: the register says so itself at its next wake.
                self._feed(Wake(), now, wall_ms)
                self._tell(NoticeName.STEPPED_DOWN, term=self.member.register.state.term, reason=str(error))
                self._end_work()
                return

    def _act(self, action: Action, now: float, wall_ms: int) -> None:
        register = self.member.register
        entry, term = register.state.entry, register.state.term
        match action:
            case Observe(nodes):
                self._token += 1
                self._read_token = self._token
                self._out.append(Read(self._token, nodes))
            case WriteIntent(target, cause):
                intent = Intent(target, cause, self.member.config.self_id, self._started_ms)
                self._propose(entry.topology, intent, now, wall_ms)
            case WriteTopology(primary, previous, cause):
                duration_ms = round((now - self._started_at) * 1000)
                leader = self.member.config.self_id
                topology = Topology(primary, term, previous, cause, leader, wall_ms, duration_ms)
                self._propose(topology, None, now, wall_ms)
            case Resettle():
                self._propose(entry.topology, None, now, wall_ms)
            case Run(step):
                self._token += 1
                self._steps[self._token] = step
                self._out.append(Perform(self._token, term, step))
            case Note(name, fields):
                self._tell(NoticeName(name), term=term, **fields)
            case Finish():
                self._backoff.reset()
                self._tell(NoticeName.WORK_DONE, term=term)
                self._stop_leading(0.0, now, wall_ms)
            case GiveUp():
                self._give_up(action, term, now, wall_ms)

    def _propose(self, topology: Topology | None, intent: Intent | None, now: float, wall_ms: int) -> None:
        self._pending.extend(self.member.step(Propose(topology, intent), now))
        self._proposed = self.member.register.state.entry.id
        self._feed(Wake(), now, wall_ms)

    def _give_up(self, action: GiveUp, term: int, now: float, wall_ms: int) -> None:
        retry_after_s = 0.0 if action.soon else self._backoff.next_s()
        name = NoticeName.FAILOVER_ABORTED if action.failover else NoticeName.REPAIR_ABORTED
        self._tell(
            name,
            term=term,
            primary=self.member.primary,
            reason=action.reason,
            ranking=action.ranking,
            operation=self.request.operation if self.request else None,
            retry_after_ms=round(retry_after_s * 1000),
        )
        self.request = None
        self._stop_leading(retry_after_s, now, wall_ms)

    def _stop_leading(self, retry_after_s: float, now: float, wall_ms: int) -> None:
        self._end_work()
        self._settle(now, wall_ms)
        self._feed(StopLeading(retry_after_s), now, wall_ms)

    def _end_work(self) -> None:
        """An operator's request outlives the term: the next leader, likely this sentinel, takes it up."""
        self.work = None
        self._steps.clear()
        self._read_token = None
        self._proposed = None

    def _abort_request(self, reason: str) -> None:
        assert self.request is not None
        self._tell(
            NoticeName.FAILOVER_ABORTED,
            term=self.member.register.state.term,
            primary=self.member.primary,
            reason=reason,
            operation=self.request.operation,
        )
        self.request = None

    def _wants(self, now: float) -> frozenset[str]:
        """The work that needs a leader, beside what the agreement core sees by itself."""
        before = self.situation.ambiguous
        wanted = set()
        if self.topology is None and self.situation.can_bootstrap(now):
            wanted.add(BOOTSTRAP)
        if self.situation.ambiguous not in (None, before):
            self._tell(NoticeName.AMBIGUOUS, reason=self.situation.ambiguous)
        if self.request is not None:
            wanted.add(OPERATOR)
        if self.work is None and self.situation.contradicted(now):
            wanted.add(CONTRADICTION)
        return frozenset(wanted)

    # -- nodes ---------------------------------------------------------------------------------

    def _on_info(self, seen: InfoSeen, now: float, wall_ms: int) -> None:
        if seen.node not in self.book:
            return
        self.book.update(seen.node, seen.info, seen.peer_ip, now)
        changed = bool(self.book.drop_doubles())
        if seen.node == self.member.primary:
            for spec in self.book.discoverable(seen.node):
                self.book.add(spec)
                self._tell(NoticeName.DISCOVERED, node=spec.name)
                changed = True
        if changed:
            self._feed(Watch(self.book.names), now, wall_ms)
        self.situation.note_witness(seen.node, now)
        if seen.node in self.book:
            self._feed(DataObserved(seen.node, seen.info.data_seen()), now, wall_ms)

    def _check_misconfigured(self, node: str) -> None:
        problem = self.member.misconfigured(node)
        if problem is None:
            self._misconfigured.pop(node, None)
        elif self._misconfigured.get(node) != problem:
            self._misconfigured[node] = problem
            self._tell(NoticeName.MISCONFIGURED, node=node, detail=problem)

    def _tell(self, name: NoticeName, **fields: object) -> None:
        self._out.append(Tell(Notice(name, self.config.group, fields)))
