"""The leader's side of a group at one sentinel: hands the work what happens, and does what the work asks for.

``promotion.work`` decides what to do, the agreement core whether it may be done; this translates between
the two, and keeps what belongs to one leadership: the outstanding steps and reads, and when it all began.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

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
    WriteLoss,
    WriteTopology,
)
from promotion.step_types import Promote, Step
from promotion.switching import SWITCHOVER
from promotion.work import Work
from quorum.effects import Elected
from quorum.errors import NotLeaderError
from quorum.inputs import Input, Propose, StopLeading, YieldTo
from quorum.member import Member
from quorum.messages import Entry, EntryId, Intent, Topology
from sentinel.backoff import Backoff
from sentinel.group_inputs import GroupEffect, Perform, Read, ReadDone, StepDone, StepFailed, StepFenced
from sentinel.notices import NoticeName
from sentinel.situation import CoordinatorConfig, Situation

OPERATOR = "operator"


class Core(Protocol):
    """What the coordinator does for its leader's side."""

    def feed(self, given: Input, now: float, wall_ms: int) -> None:
        """Step the agreement core; what it emits is handled before or after this returns, in order."""

    def put(self, effect: GroupEffect) -> None: ...

    def tell(self, name: NoticeName, **fields: object) -> None: ...

    def settle(self, now: float, wall_ms: int) -> None:
        """Draw the conclusions from what changed."""


class Leading:
    """``work`` is None unless this sentinel leads; ``request`` is an operator's, and may wait for that."""

    def __init__(
        self, config: CoordinatorConfig, member: Member, situation: Situation, core: Core, now: float
    ) -> None:
        self.request: Request | None = None
        self.work: Work | None = None
        self._config = config
        self._member = member
        self._situation = situation
        self._core = core
        self._request_until = now
        self._token = 0
        self._steps: dict[int, Step] = {}
        self._read_token: int | None = None
        self._proposed: EntryId | None = None
        self._backoff = Backoff(first_s=1.0, last_s=config.work.limit_s)
        self._started_at = now
        self._started_ms = 0

    @property
    def next_deadline(self) -> float | None:
        if self.work is not None:
            return self.work.next_deadline
        return self._request_until if self.request is not None else None

    # -- what happens --------------------------------------------------------------------------

    def requested(self, request: Request, now: float) -> None:
        self.request = request
        self._request_until = now + self._config.work.limit_s
        self._core.tell(
            NoticeName.REQUESTED,
            kind=SWITCHOVER if request.switchover else "failover",
            node=request.candidate,
            operation=request.operation,
        )

    def wake(self, now: float, wall_ms: int) -> None:
        if self.work is not None:
            if self.work.next_deadline is not None:
                self._do(self.work.wake(self._situation.facts(now), now), now, wall_ms)
        elif self.request is not None and now >= self._request_until:
            self._abort_request("no leader could be elected in time")

    def elected(self, event: Elected, now: float, wall_ms: int) -> None:
        primary = self._member.primary
        verdict = self._member.verdict(primary, now) if primary else None
        self._core.tell(
            NoticeName.ELECTED,
            term=event.term,
            reasons=sorted(event.reasons),
            evidence_age_ms=round((now - verdict.since) * 1000) if verdict and verdict.down else None,
        )
        self._started_ms = wall_ms
        self._started_at = now
        self.work = Work(self._config.work, self.request, self._situation.avoided(now), now)
        facts = self._situation.facts(now)
        if facts.down or self.request is not None or facts.intent is not None:
            if verdict is not None and verdict.down:
                self._started_at = verdict.since
                self._started_ms = wall_ms - round((now - verdict.since) * 1000)
            cause = facts.cause if facts.down else (facts.intent.cause if facts.intent else self._asked())
            self._core.tell(
                NoticeName.FAILOVER_STARTED,
                term=event.term,
                primary=facts.primary,
                cause=cause,
                down=facts.down,
                operation=self.request.operation if self.request else None,
            )
        self._do(self.work.begin(self._situation.views(now), facts, now), now, wall_ms)

    def _asked(self) -> str:
        return SWITCHOVER if self.request is not None and self.request.switchover else OPERATOR

    def committed(self, entry: Entry, now: float, wall_ms: int) -> None:
        """If it is what this leader proposed, the work goes on."""
        if self.work is None or entry.id != self._proposed:
            return
        self._proposed = None
        if entry.intent is not None:
            self._core.tell(NoticeName.INTENT_COMMITTED, node=entry.intent.target, term=entry.term)
            self._do(self.work.intent_committed(), now, wall_ms)
        else:
            self._do(self.work.topology_committed(self._situation.facts(now), now), now, wall_ms)

    def end(self) -> None:
        """An operator's request outlives the term: the next leader, likely this sentinel, takes it up."""
        self.work = None
        self._steps.clear()
        self._read_token = None
        self._proposed = None

    def read_done(self, done: ReadDone, now: float, wall_ms: int) -> None:
        if done.token == self._read_token and self.work is not None:
            self._read_token = None
            views = self._situation.views(now, done.answered)
            self._do(self.work.observed(views, self._situation.facts(now), now), now, wall_ms)

    def step_over(self, given: StepDone | StepFailed | StepFenced, now: float, wall_ms: int) -> None:
        step = self._steps.pop(given.token, None)
        if step is None or self.work is None:
            return
        match given:
            case StepDone(_, result):
                facts = self._situation.facts(now)
                self._do(self.work.step_done(step, result, facts, now), now, wall_ms)
            case StepFailed(_, reason):
                if isinstance(step, Promote):
                    self._situation.avoid(step.node, reason, now + self._config.work.limit_s)
                self._do(self.work.step_failed(step, reason, self._situation.facts(now), now), now, wall_ms)
            case StepFenced(_, found_term):
                self._core.tell(NoticeName.FENCED, node=step.node, found_term=found_term)
                self._core.feed(YieldTo(found_term), now, wall_ms)
                self._core.feed(StopLeading(), now, wall_ms)

    # -- what the work asks for ----------------------------------------------------------------

    def _do(self, actions: list[Action], now: float, wall_ms: int) -> None:
        for action in actions:
            try:
                self._act(action, now, wall_ms)
            except NotLeaderError as error:
                # The lease ran out between two steps: the register says so itself at its next wake.
                self._core.tell(
                    NoticeName.STEPPED_DOWN, term=self._member.register.state.term, reason=str(error)
                )
                self.end()
                return

    def _act(self, action: Action, now: float, wall_ms: int) -> None:
        register = self._member.register
        entry, term = register.state.entry, register.state.term
        match action:
            case Observe(nodes):
                self._token += 1
                self._read_token = self._token
                self._core.put(Read(self._token, nodes))
            case WriteIntent(target, cause):
                intent = Intent(target, cause, self._member.config.self_id, self._started_ms)
                self._propose(entry.topology, intent, now, wall_ms)
            case WriteTopology(primary, previous, cause, lost_bytes):
                duration_ms = round((now - self._started_at) * 1000)
                leader = self._member.config.self_id
                topology = Topology(primary, term, previous, cause, leader, wall_ms, duration_ms, lost_bytes)
                self._propose(topology, None, now, wall_ms)
            case WriteLoss(lost_bytes):
                assert entry.topology is not None
                self._propose(replace(entry.topology, lost_bytes=lost_bytes), None, now, wall_ms)
            case Resettle():
                self._propose(entry.topology, None, now, wall_ms)
            case Run(step):
                self._token += 1
                self._steps[self._token] = step
                self._core.put(Perform(self._token, term, step))
            case Note(name, fields):
                self._core.tell(NoticeName(name), term=term, **fields)
            case Finish():
                self._backoff.reset()
                self._core.tell(NoticeName.WORK_DONE, term=term)
                self._stop_leading(0.0, now, wall_ms)
            case GiveUp():
                self._give_up(action, term, now, wall_ms)

    def _propose(self, topology: Topology | None, intent: Intent | None, now: float, wall_ms: int) -> None:
        # The entry's id is known before its commit can be: what the core emits meanwhile is handled later.
        before = self._member.register.state.entry
        self._proposed = (self._member.register.state.term, before.seq + 1)
        self._core.feed(Propose(topology, intent), now, wall_ms)

    def _give_up(self, action: GiveUp, term: int, now: float, wall_ms: int) -> None:
        # A request is not tried again, so that nothing else need wait for it.
        asked = self.request is not None and not self._situation.facts(now).down
        retry_after_s = 0.0 if action.soon or asked else self._backoff.next_s()
        name = NoticeName.FAILOVER_ABORTED if action.failover else NoticeName.REPAIR_ABORTED
        self._core.tell(
            name,
            term=term,
            primary=self._member.primary,
            reason=action.reason,
            ranking=action.ranking,
            operation=self.request.operation if self.request else None,
            retry_after_ms=round(retry_after_s * 1000),
        )
        self.request = None
        self._stop_leading(retry_after_s, now, wall_ms)

    def _stop_leading(self, retry_after_s: float, now: float, wall_ms: int) -> None:
        self.end()
        self._core.settle(now, wall_ms)
        self._core.feed(StopLeading(retry_after_s), now, wall_ms)

    def _abort_request(self, reason: str) -> None:
        assert self.request is not None
        self._core.tell(
            NoticeName.FAILOVER_ABORTED,
            term=self._member.register.state.term,
            primary=self._member.primary,
            reason=reason,
            operation=self.request.operation,
        )
        self.request = None
