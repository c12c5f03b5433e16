"""The leader's side of a group at one sentinel: gives the work its inputs, and carries out its requests.

Operators' orders, and a schedule that cannot be carried out, come before the work. So a pause is agreed on
before anything else is done, and the work begins with the directives as they are then.

``promotion.work`` decides what to do, the agreement core whether it may be done. This module translates
between them, and keeps the state of one leadership: the requests that it waits for, and its beginning. Each
call returns its requests (``wanted``), to be carried out in that order.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace

from promotion.actions import (
    Action,
    AskAgain,
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
from promotion.events import CandidateChosen
from promotion.step_types import Step
from promotion.switchover import SWITCHOVER
from promotion.unwritable import cause_at_start, is_relief
from promotion.work import Work
from quorum.directives import Directives
from quorum.effects import Elected
from quorum.inputs import Propose, StopLeading, YieldTo
from quorum.member import Member
from quorum.messages import Entry, EntryId, Intent, Topology
from sentinel.coordination import orders
from sentinel.coordination.attempts import Attempts
from sentinel.coordination.inputs import (
    Perform,
    Read,
    ReadDone,
    StepDone,
    StepFailed,
    StepFenced,
    StepOver,
    StepUnsent,
    Tell,
    WarmUp,
)
from sentinel.coordination.made_topology import Made
from sentinel.coordination.moment import Moment
from sentinel.coordination.ordering import MAX_REASON_CHARS, Ordering
from sentinel.coordination.situation import CoordinatorConfig, Situation
from sentinel.coordination.step_notices import StepNotices
from sentinel.coordination.under_way import UnderWay
from sentinel.coordination.wanted import Wanted
from sentinel.notices import leaders
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.notices.operators import Requested

OPERATOR = "operator"
FOR_NOBODY = 0  # the token of a reading that no work waits for


class Leading:
    """``work`` is None unless this sentinel leads; ``request`` is an operator's, and may wait for that."""

    def __init__(self, config: CoordinatorConfig, member: Member, situation: Situation, now: float) -> None:
        self.request: Request | None = None
        self.ordering = Ordering(config.work.limit_s, self._tell, now)
        self.work: Work | None = None
        self._config = config
        self._member = member
        self._situation = situation
        self._wanted: list[Wanted] = []
        self._request_until = now
        self._paused = member.view.committed.directives.pause is not None
        self._resumed_at = -math.inf
        """A time in which the group was paused is no part of a change's duration."""
        self._giving_up_s: float | None = None
        """How long to hold off once the end of the schedule, this leader's work, is committed."""
        self._under_way = UnderWay()
        self._proposed: EntryId | None = None
        self._attempts = Attempts(config.work.limit_s, member.view.committed.topology)
        self._notices = StepNotices()
        self._started_at = now
        self._started_ms = 0

    @property
    def has_work(self) -> bool:
        """Whether this leadership has something to do. Its work begins once its directives are agreed on."""
        return self.work is not None or self._proposed is not None

    @property
    def next_deadline(self) -> float | None:
        if self.work is not None:
            return self.work.next_deadline
        request_until = self._request_until if self.request is not None else None
        return min(
            (at for at in (request_until, self.ordering.next_deadline) if at is not None), default=None
        )

    @property
    def repeating(self) -> bool:
        """Whether its attempts come to nothing, and nobody asked for this one."""
        return self._attempts.repeating and self._asked is None

    # -- what happens --------------------------------------------------------------------------

    def requested(self, request: Request, now: float) -> list[Wanted]:
        self.request = request
        self._request_until = now + self._config.work.limit_s
        kind = SWITCHOVER if request.switchover else "failover"
        self._tell(Requested(kind, request.candidate, request.operation))
        return self._take()

    def wake(self, at: Moment) -> list[Wanted]:
        if self.work is None:
            if self.request is not None and at.now >= self._request_until:
                self._abort_request("no leader could be elected in time")
            self.ordering.wake(at.now)
        elif self.work.next_deadline is not None:
            self._do(self.work.wake(self._situation.facts(at.now), at.now), at)
        return self._take()

    def elected(self, event: Elected, at: Moment) -> list[Wanted]:
        verdict = self._member.verdict(self._member.primary or "", at.now)
        reasons = tuple(sorted(event.reasons))
        age_ms = round((at.now - verdict.since) * 1000) if verdict.down else None
        elected = leaders.Elected(reasons, age_ms, self._member.standing.passed_over(at.now))
        self._tell(elected, event.term, again=self._again((elected.name, reasons), at.now))
        if not self._write_directives(at):
            self._begin(event.term, at)
        return self._take()

    def _write_directives(self, at: Moment) -> bool:
        """Whether something must be agreed on before the work begins."""
        entry = self._member.view.newest
        come = self._member.time_come(at.now)
        wanted = self.ordering.to_write(self._directives, self._situation.facts(at.now), come, at.wall_ms)
        if wanted is None:
            return False
        self._propose(entry.topology, entry.intent, at, wanted)
        return True

    def _begin(self, term: int, at: Moment) -> None:
        primary = self._member.primary or ""
        verdict = self._member.verdict(primary, at.now)
        self._started_ms = at.wall_ms
        self._started_at = at.now
        facts = self._situation.facts(at.now)
        if self.request is None:
            self.ordering.take_schedule(self._directives, facts, self._member.time_come(at.now))
        request = self._asked
        avoided, lately = self._situation.avoided(at.now), self._situation.tried.lately(at.now)
        self.work = Work(self._config.work, request, avoided, at.now, lately)
        relieves = is_relief(request, facts)
        if (facts.down and not facts.paused) or request is not None or facts.intent is not None or relieves:
            since = verdict.since if verdict.down else None
            since = self._member.usability.since(primary) if relieves else since
            if since is not None:
                self._started_at = max(since, self._resumed_at)
                self._started_ms = at.wall_ms - round((at.now - self._started_at) * 1000)
            operation = request.operation if request else None
            cause = cause_at_start(request, facts)
            started = leaders.FailoverStarted(facts.primary, cause, facts.down, operation)
            self._tell(started, term, again=self.repeating)
        self._do(self.work.begin(self._situation.views(at.now), facts, at.now), at)

    @property
    def _directives(self) -> Directives:
        """The newest entry's directives, by the names used here: a schedule may be another sentinel's."""
        return orders.localized(self._member.view.newest.directives, self._situation.local)

    @property
    def _asked(self) -> Request | None:
        """The work for an operator, who requested it now or set a time for it."""
        return self.request or self.ordering.scheduled

    def committed(self, entry: Entry, at: Moment) -> list[Wanted]:
        """If it is what this leader proposed, the work goes on, or begins."""
        if self._attempts.committed(entry.topology.term if entry.topology is not None else 0):
            self.request = None
        was_paused, self._paused = self._paused, entry.directives.pause is not None
        if was_paused and not self._paused:
            self._resumed_at = at.now
        if entry.id == self._proposed:
            self._proposed = None
            self._agreed(entry, at)
        return self._take()

    def _agreed(self, entry: Entry, at: Moment) -> None:
        if self.work is None:
            self._directives_agreed(entry, at)
        elif entry.intent is not None:
            target = self._member.names.local(entry.intent.target)
            self._tell_repeatable(leaders.IntentCommitted(target), at.now)
            views, facts = self._situation.views(at.now), self._situation.facts(at.now)
            self._do(self.work.intent_committed(views, facts), at)
        else:
            self._do(self.work.topology_committed(self._situation.facts(at.now), at.now), at)

    def _directives_agreed(self, entry: Entry, at: Moment) -> None:
        if self._giving_up_s is not None:
            self._stop_leading(self._giving_up_s, "the schedule is dropped")
            return
        self.ordering.agreed(entry.term, self._member.primary)
        self._begin(entry.term, at)

    def end(self) -> None:
        """An operator's word outlives the term: the next leader, likely this sentinel, takes it up."""
        self.work = None
        self.ordering.end()
        self._giving_up_s = None
        self._under_way.leave()
        self._proposed = None

    def read_done(self, done: ReadDone, at: Moment) -> list[Wanted]:
        if self._under_way.read_over(done.token) and self.work is not None:
            views = self._situation.views(at.now, done.answered)
            self._do(self.work.observed(views, self._situation.facts(at.now), at.now), at)
        return self._take()

    def step_over(self, given: StepOver, at: Moment) -> list[Wanted]:
        step, awaited = self._under_way.step_over(given.token)
        if step is not None and isinstance(given, StepFailed):
            self._situation.tried.failed(step, given.reason, at.now)
        if step is not None and awaited and self.work is not None:
            self._go_on(self.work, step, given, at)
        return self._take()

    def _go_on(self, work: Work, step: Step, given: StepOver, at: Moment) -> None:
        match given:
            case StepDone():
                for event, known in self._notices.of(step, given):
                    self._tell_repeatable(event, at.now, known=known)
                facts = self._situation.facts(at.now)
                self._do(work.step_done(step, given.result, facts, at.now), at)
            case StepFailed(_, reason, unknown):
                facts = self._situation.facts(at.now)
                self._do(work.step_failed(step, reason, facts, at.now, unknown=unknown), at)
            case StepUnsent():
                # An operator's request is for the next leader.
                self._wanted.append(StopLeading())
            case StepFenced(_, found_term):
                self._tell(leaders.Fenced(step.node, found_term))
                self._wanted += [YieldTo(found_term), StopLeading()]

    def _tell_repeatable(self, event: NoticeEvent, now: float, *, known: bool = False) -> None:
        """``known``: it was told just before, whatever became of that attempt."""
        what = replace(event, ranking=None) if isinstance(event, CandidateChosen) else event
        again = self._again(what, now) or known
        self._tell(event, self._member.view.term, again=again)

    def _again(self, what: Hashable, now: float) -> bool:
        """Whether this only repeats the announcement of an earlier, failed attempt."""
        return self._asked is None and self._attempts.repeats(what, now)

    # -- what the work asks for ----------------------------------------------------------------

    def _do(self, actions: list[Action], at: Moment) -> None:
        for action in actions:
            self._act(action, at)
            if not self.has_work:
                return  # The leadership is over, and nothing else is done in it.

    def _act(self, action: Action, at: Moment) -> None:
        entry, term = self._member.view.newest, self._member.view.term
        match action:
            case Observe(nodes):
                self._wanted.append(Read(self._under_way.read(), nodes))
            case AskAgain(node):
                self._wanted.append(Read(FOR_NOBODY, (node,)))
            case WriteIntent(target, cause):
                self._wanted.append(WarmUp(target))
                leader, place = self._member.config.self_id, self._situation.place(target)
                intent = Intent(target, cause, leader, self._started_ms, place)
                self._propose(entry.topology, intent, at, self.ordering.started(self._directives))
            case WriteTopology(primary, previous):
                duration_ms = round((at.now - self._started_at) * 1000)
                made = Made(term, self._member.config.self_id, at.wall_ms, duration_ms)
                places = map(self._situation.place, (primary, previous))
                self._propose(made.topology(action, *places), None, at)
            case WriteLoss(lost_bytes):
                assert entry.topology is not None
                self._propose(replace(entry.topology, lost_bytes=lost_bytes), None, at)
            case Resettle():
                self._propose(entry.topology, None, at)
            case Run(step):
                self._wanted.append(Perform(self._under_way.take(step), term, step))
            case Note(event):
                self._tell_repeatable(event, at.now)
            case Finish():
                self._attempts.succeeded()
                self._tell(leaders.WorkDone(), term)
                self._stop_leading(0.0)
            case GiveUp():
                self._give_up(action, term, at)

    def _propose(
        self,
        topology: Topology | None,
        intent: Intent | None,
        at: Moment,
        directives: Directives | None = None,
    ) -> None:
        if not self._member.view.lease_valid(at.now):
            self.end()
            return
        before = self._member.view.newest
        self._proposed = (self._member.view.term, before.seq + 1)
        told = directives
        if told is None:
            names = self._member.names
            known = names.localized(before.topology) if before.topology else None
            new = names.localized(topology) if topology else None
            told = orders.after(replace(before, topology=known, directives=self._directives), new, intent)
        self._wanted.append(Propose(topology, intent, told))

    def _give_up(self, action: GiveUp, term: int, at: Moment) -> None:
        # A request is not tried again, so that nothing else need wait for it.
        request = self._asked
        waits_itself = self._situation.given_up(request, at.now)
        least_s = self._member.standing.next_wait_s(at.now)
        retry_after_s = 0.0 if waits_itself else self._attempts.wait_s(soon=action.soon, least_s=least_s)
        kind = leaders.FailoverAborted if action.failover else leaders.RepairAborted
        aborted = kind(
            self._member.primary,
            action.reason,
            action.ranking,
            operation=request.operation if request else None,
            retry_after_ms=round(retry_after_s * 1000),
        )
        again = request is None and self._attempts.given_up((kind, action.reason), at.now)
        self._tell(aborted, term, again=again)
        self.request = None
        entry = self._member.view.newest
        dropped = self.ordering.given_up(self._directives, action.reason)
        if dropped is None:
            self._stop_leading(retry_after_s, action.reason)
            return
        self.end()
        self._giving_up_s = retry_after_s
        self._propose(entry.topology, entry.intent, at, dropped)

    def _stop_leading(self, retry_after_s: float, why: str = "") -> None:
        self.end()
        self._wanted.append(StopLeading(retry_after_s, why[:MAX_REASON_CHARS]))

    def _abort_request(self, reason: str) -> None:
        assert self.request is not None
        aborted = leaders.FailoverAborted(self._member.primary, reason, operation=self.request.operation)
        self._tell(aborted, self._member.view.term)
        self.request = None

    def _tell(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None:
        self._wanted.append(Tell(Notice(self._config.group, event, term, again)))

    def _take(self) -> list[Wanted]:
        wanted, self._wanted = self._wanted, []
        return wanted
