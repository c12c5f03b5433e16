"""A leader's work in its term, from its election to its resignation. Pure: inputs come in, actions go out.

First it reads every node anew. Then it does the most urgent of: agreeing on the first topology, finishing
or superseding what a dead leader began, failing over, re-committing an unsettled entry. Last it makes
every other node follow the primary. One term promotes one node: a second choice needs a new term, because
the first may have been promoted unseen.

In a paused group only an intent, or an operator's request that names its node, is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion import events
from promotion.actions import (
    Action,
    Facts,
    Finish,
    GiveUp,
    Note,
    Observe,
    PendingIntent,
    Request,
    Resettle,
    Run,
    WriteLoss,
    WriteTopology,
)
from promotion.awaiting import awaited
from promotion.candidate_selector import CandidateSelector
from promotion.candidates import Ranking
from promotion.current_ranking import refusal_with_options, wiped_meanwhile
from promotion.discovery import Ambiguous, discover
from promotion.lifecycle import Phase, check_transition
from promotion.other_steps import OtherSteps
from promotion.planned_promotion import PlannedPromotion, plan_promotion
from promotion.recent_failures import NO_FAILURES, RecentFailures
from promotion.reconciling import Reconciling, failure_note, notes_of
from promotion.reinstating import REGRESSED, reinstatement
from promotion.sealing import Sealing
from promotion.second_look import SecondLook
from promotion.step_types import Demoted, Disarm, Handover, Promote, Rehearse, Restore, Step, Thaw
from promotion.switchover import Stage, Switchover, switchover_notes
from promotion.unfinished import Way, judge, undoing
from promotion.unwritable import rank_to_hand_over, to_hand_over
from promotion.view import NodeView
from promotion.witness import Testimony, all_heard_the_end, linked
from promotion.work_settings import WorkSettings


class Work:
    """``avoid``: nodes whose promotion failed recently, and why; ``failures``: other recent failures."""

    def __init__(
        self,
        settings: WorkSettings,
        request: Request | None,
        avoid: Mapping[str, str],
        now: float,
        failures: RecentFailures = NO_FAILURES,
    ) -> None:
        self.phase = Phase.OBSERVING
        self.request = request
        self._settings = settings
        self._avoid = dict(avoid)
        self._wake_at: float | None = None
        self._give_up_at = now + settings.limit_s
        self._testimony = Testimony(settings.testimony_s)
        self._sealing = Sealing(settings.rules, failures)
        self._selector = CandidateSelector(settings.policy, request, self._avoid, self._sealing)
        self._reconciling = Reconciling(settings.rules, settings.parallel_syncs, failures)
        self._switchover: Switchover | None = None
        self._planned: PlannedPromotion | None = None
        self._other_steps = OtherSteps(self._sealing, self._reconciling, failures)
        self._second_look = SecondLook()
        self._undone: str | None = None  # why the switchover was undone

    @property
    def target(self) -> str | None:
        return self._planned.target if self._planned is not None else None

    @property
    def next_deadline(self) -> float | None:
        return self._wake_at

    # -- what happens --------------------------------------------------------------------------

    def begin(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        """``views`` are as last seen. If they are recent and newer than a primary's end, they suffice."""
        gone = facts.primary if facts.gone_by_all and facts.intent is None else None
        lately_s = min(facts.gone_s, self._settings.policy.max_age_s)
        heard = gone is not None and all_heard_the_end(gone, views, lately_s)
        return self._decide(views, facts, now) if heard else [self._observe(facts)]

    def wake(self, facts: Facts, now: float) -> list[Action]:
        if self._wake_at is None or now < self._wake_at:
            return []
        self._wake_at = None
        return [self._observe(facts)]

    def observed(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if self.phase is Phase.RECONCILING:
            return self._reconcile(views, facts, now)
        if self.phase is Phase.HANDING_OVER and self._switchover is not None:
            return self._handing_over(self._switchover.observed(views, now), now)
        if self.phase in (Phase.OBSERVING, Phase.HOLDING, Phase.SEALING):
            return self._decide(views, facts, now)
        return []

    def intent_committed(self, views: Sequence[NodeView] = (), facts: Facts | None = None) -> list[Action]:
        """``views`` and ``facts`` are the newest: the old primary may have answered meanwhile."""
        if self.phase is not Phase.INTENT or self._planned is None:
            return []
        if facts is not None and not facts.down and self._second_look.finds_it_back(views):
            return [Note(events.IntentCancelled(self.target)), *self._resettle()]
        if self._switchover is not None and self._switchover.stage is Stage.REHEARSE:
            self._enter(Phase.HANDING_OVER)
            return [Run(self._switchover.first())]
        self._enter(Phase.PROMOTING)
        return [Run(self._planned.promote)]

    def topology_committed(self, facts: Facts, now: float) -> list[Action]:
        if self.phase is not Phase.COMMITTING:
            return []
        if self._undone is not None:
            return self._give_up(self._undone)
        self._enter(Phase.RECONCILING)
        self._give_up_at = now + self._settings.limit_s
        return [self._observe(facts)]

    def step_done(self, step: Step, result: Demoted | None, facts: Facts, now: float) -> list[Action]:
        if self.phase is Phase.HANDING_OVER:
            return self._handover_step_done(step, facts, now)
        if self.phase is Phase.REHEARSING and self._switchover is not None:
            return self._intend_chosen() if self._switchover.rehearsed(step) else []
        if isinstance(step, Promote):
            return self._promoted(step.node, facts) if self.phase is Phase.PROMOTING else []
        if self.phase is Phase.CANCELLING:
            return [*switchover_notes(step), *self._resettle()]
        over = self._other_steps.step_over(step, result, "", facts, now)
        return [*notes_of(step, facts, result), *([self._observe(facts)] if over else [])]

    def step_failed(
        self, step: Step, reason: str, facts: Facts, now: float, *, unknown: bool = False
    ) -> list[Action]:
        """``unknown``: the step may have been done all the same."""
        if self.phase is Phase.HANDING_OVER and self._switchover is not None:
            return self._handing_over(self._switchover.step_failed(reason, unknown=unknown), now)
        if isinstance(step, Rehearse):
            return self._give_up(f"switchover to {self.target}, before anything was done: {reason}")
        if isinstance(step, Promote):
            if self.phase is not Phase.PROMOTING:
                return []
            return self._not_promoted(step, f"promoting {step.node} failed: {reason}", facts, unknown)
        if isinstance(step, Restore):
            why = f"{self._undone or 'a switchover was left'}; undoing it failed: {reason}"
            return self._give_up(why, soon=True)
        if self.phase is Phase.CANCELLING:
            return self._resettle()
        over = self._other_steps.step_over(step, None, reason, facts, now)
        return [failure_note(step, reason), *([self._observe(facts)] if over else [])]

    def _not_promoted(self, step: Promote, why: str, facts: Facts, unknown: bool) -> list[Action]:
        """The old primary of a switchover gets its role back if the target is known not to have it."""
        undo = None if unknown else undoing(self._planned.cause if self._planned else "", step.node, facts)
        if undo is None:
            return self._give_up(why, soon=True)
        self._undone = why
        self._enter(Phase.CANCELLING)
        return [Run(undo)]

    def _promoted(self, node: str, facts: Facts) -> list[Action]:
        self._enter(Phase.COMMITTING)
        assert self._planned is not None
        self._reconciling.changed(node, facts.primary or node)
        topology = self._planned.topology(facts.primary, handed_over=self._switchover is not None)
        return [Note(events.Promoted(node)), topology]

    def _give_up(self, reason: str, ranking: Ranking | None = None, **how: bool) -> list[Action]:
        self._enter(Phase.ABORTED)
        return [GiveUp(reason, ranking, **how)]

    def _resettle(self) -> list[Action]:
        self._enter(Phase.COMMITTING)
        return [Resettle()]

    # -- deciding ------------------------------------------------------------------------------

    def _decide(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if facts.primary is None:
            return self._first_topology(views, facts)
        if facts.paused and facts.intent is None and not (self.request and self.request.names_node):
            return self._hold_still(facts)
        wiped = not facts.down and wiped_meanwhile(views, facts)
        if facts.intent is not None:
            return self._finish_or_supersede(facts.intent, wiped, views, facts, now)
        if wiped:
            return self._fail_over(views, facts, REGRESSED, now)
        if (asked := to_hand_over(self.request, facts)) is not None:
            return self._hand_over(views, facts, *asked)
        if facts.down or self.request is not None:
            return self._fail_over(views, facts, facts.cause if facts.down else "operator", now)
        if not facts.settled:
            return self._resettle()
        self._enter(Phase.RECONCILING)
        return self._reconcile(views, facts, now)

    def _first_topology(self, views: Sequence[NodeView], facts: Facts) -> list[Action]:
        found = discover(views, len(facts.nodes), facts.configured_primary)
        if isinstance(found, Ambiguous):
            return self._give_up(found.reason, failover=False)
        self._enter(Phase.COMMITTING)
        return [WriteTopology(found.primary, None, "bootstrap")]

    def _hold_still(self, facts: Facts) -> list[Action]:
        if self.request is not None:
            return self._give_up("the group is paused: name the node, or resume it first")
        return self._finish() if facts.settled else self._resettle()

    def _finish_or_supersede(
        self, intent: PendingIntent, wiped: bool, views: Sequence[NodeView], facts: Facts, now: float
    ) -> list[Action]:
        target, cause = intent.target, intent.cause
        lost = facts.down or wiped
        patient, disarmed = now < self._give_up_at, self._other_steps.disarmed(target)
        found = judge(intent, views, facts, lost=lost, avoid=self._avoid, disarmed=disarmed, patient=patient)
        cancelled = Note(events.IntentCancelled(target))
        match found.way:
            case Way.WAIT:
                return self._look_again(f"{found.node} is handing over", (), now)
            case Way.PROMOTE:
                return self._intend(found.node, cause, None, views, facts)
            case Way.DISARM:
                return [Run(Disarm(target))]
            case Way.RESTORE | Way.THAW:
                self._enter(Phase.CANCELLING)
                return [cancelled, Run((Restore if found.way is Way.RESTORE else Thaw)(found.node))]
            case Way.CANCEL:
                return [cancelled, *self._resettle()]
        return self._fail_over(views, facts, REGRESSED if wiped else cause, now, prefer=target)

    def _hand_over(self, views: Sequence[NodeView], facts: Facts, asked: Request, cause: str) -> list[Action]:
        assert facts.primary is not None
        ranking, why_not = rank_to_hand_over(self._selector, self._settings, views, facts, asked, cause)
        best = ranking.chosen
        if best is None or why_not is not None:
            return self._give_up(why_not or "", ranking)
        self._enter(Phase.REHEARSING)
        self._planned = plan_promotion(best, cause, ranking, views, facts, self._settings.rules.safety)
        old, new = (next(view for view in views if view.name == name) for name in (facts.primary, best))
        self._switchover = Switchover(old, new, asked, self._planned.promote.safety)
        return [Run(step) for step in self._switchover.rehearsals()]

    def _handover_step_done(self, step: Step, facts: Facts, now: float) -> list[Action]:
        assert self._switchover is not None
        if isinstance(step, (Handover, Promote)):
            following = self._promoted(self.target or "", facts)
        else:
            look = self._switchover.step_done(now)
            following = [self._observe(facts)] if look else self._handing_over(None, now)
        return [*switchover_notes(step), *following]

    def _handing_over(self, step: Step | None, now: float) -> list[Action]:
        """Continue a switchover: take ``step``, or look again, or give up."""
        assert self._switchover is not None
        if step is not None:
            return [Run(step)]
        if self._switchover.failure is not None:
            why = f"switchover to {self.target}: {self._switchover.failure}"
            if self._switchover.undone:
                self._undone = why
                return [Note(events.IntentCancelled(self.target)), *self._resettle()]
            return self._give_up(why, soon=True)
        self._wake_at = now + self._settings.catch_up_poll_s
        return []

    def _fail_over(
        self, views: Sequence[NodeView], facts: Facts, cause: str, now: float, prefer: str | None = None
    ) -> list[Action]:
        assert facts.primary is not None
        if still := linked(facts, views):
            # Something in between refuses (a proxy). The primary is then judged by its silence.
            return self._look_again(f"still linked to {', '.join(still)}", still, now)
        if facts.down and not facts.gone_by_all:
            if self._testimony.precedes:
                return [self._observe(facts)]
            # The primary's silence counts only from the first PING that it left unanswered.
            silence_s = facts.silence_s - self._settings.ping_interval_s
            witnesses = self._testimony.take(facts.primary, views, facts.earlier, silence_s, now)
            if witnesses:
                return self._look_again(f"still heard by {', '.join(witnesses)}", witnesses, now)
        back = reinstatement(views, facts) if self.request is None else None
        if back is not None and back.node is not None:
            return self._intend(back.node, cause, None, views, facts)
        if back is not None and back.wait:
            return self._give_up(back.reason)
        notes: list[Action] = []
        ranking = self._selector.choose(views, facts, prefer)
        refusal = self._selector.refusal(ranking, views, facts)
        if refusal and self._selector.overrules(ranking, views, facts):
            self._sealing.overrule()
            notes, refusal = [Note(events.Overruled(ranking.chosen, refusal))], None
        if ranking.chosen is None or refusal:
            reason = refusal or self._selector.why_nobody(ranking) + (f": {back.reason}" if back else "")
            return self._give_up(refusal_with_options(reason, views, facts), ranking)
        why = awaited(ranking, views, facts, self._settings.limit_s) if self.request is None else None
        if why and now < self._give_up_at:
            return self._look_again(why, (), now)
        if self._sealing.needed(facts) and not (self._sealing.taken or ranking.decided):
            return [*notes, *self._seal(views, ranking, facts, now)]
        if now < self._sealing.until:
            return self._look_again("writes beyond a partition may still be accepted", (), now)
        notes += back.notes(facts) if back else []
        return [*notes, *self._intend(ranking.chosen, REGRESSED if back else cause, ranking, views, facts)]

    def _seal(self, views: Sequence[NodeView], ranking: Ranking, facts: Facts, now: float) -> list[Action]:
        self._enter(Phase.SEALING)
        eligible = [verdict.node for verdict in ranking.verdicts if verdict.eligible]
        if not (steps := self._sealing.begin(views, eligible, facts, now)):
            return [self._observe(facts)]
        return [Note(events.Sealing(tuple(step.node for step in steps))), *(Run(step) for step in steps)]

    def _intend(
        self, target: str, cause: str, ranking: Ranking | None, views: Sequence[NodeView], facts: Facts
    ) -> list[Action]:
        self._planned = plan_promotion(target, cause, ranking, views, facts, self._settings.rules.safety)
        # A change that somebody asked for, or that is done already, is not taken back.
        free = ranking is not None and self.request is None
        return self._intend_chosen(self._second_look.begin(target, cause, views, facts) if free else [])

    def _intend_chosen(self, again: Sequence[Action] = ()) -> list[Action]:
        assert self._planned is not None
        self._enter(Phase.INTENT)
        note, write = self._planned.intend()
        return [note, *again, write]

    def _look_again(self, why: str, witnesses: tuple[str, ...], now: float) -> list[Action]:
        if now >= self._give_up_at:
            return self._give_up(why)
        self._wake_at = now + self._settings.hold_poll_s
        if self.phase is Phase.HOLDING:
            return []
        self._enter(Phase.HOLDING)
        return [Note(events.Held(witnesses, why))]

    def _reconcile(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if facts.down or (facts.paused and self.target is None):
            return self._finish()
        if (lost_bytes := self._reconciling.loss(views, facts)) is not None:
            self._enter(Phase.COMMITTING)
            return [WriteLoss(lost_bytes)]
        following = self._reconciling.next(views, facts, patient=now < self._give_up_at)
        if following.poll:
            self._wake_at = now + self._settings.sync_poll_s
        if following.steps or following.wait:
            return [Run(step) for step in following.steps]
        return self._finish(following.trouble)

    def _finish(self, trouble: str = "") -> list[Action]:
        self._enter(Phase.ABORTED if trouble else Phase.DONE)
        return [GiveUp(trouble, failover=False)] if trouble else [Finish()]

    def _observe(self, facts: Facts) -> Observe:
        self._testimony.precedes = not facts.down
        return Observe(tuple(node for node in facts.nodes if node not in facts.down_nodes))

    def _enter(self, phase: Phase) -> None:
        check_transition(self.phase, phase)
        self.phase = phase
