"""What a leader does in its term, from its election to its resignation. Pure: it is told, and it asks.

First it reads every node anew. Then it does the most urgent of: agreeing on the first topology, finishing
or superseding what a dead leader began, failing over, re-committing an unsettled entry. Last it makes
every other node follow the primary. One term promotes one node: a second choice needs a new term, because
the first may have been promoted unseen.

In a paused group only what an intent has promised, or an operator asks for by name, is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    WriteIntent,
    WriteLoss,
    WriteTopology,
)
from promotion.candidates import Ranking
from promotion.choice import refusal_for_people, wiped_meanwhile
from promotion.chooser import Chooser
from promotion.discovery import Ambiguous, discover
from promotion.lifecycle import Phase, check_transition
from promotion.reconciling import Reconciling, told_of, told_of_failure
from promotion.reinstating import REGRESSED, after_switchover, returned
from promotion.returned import SecondLook
from promotion.sealing import Sealing
from promotion.step_types import Demoted, Disarm, Handover, Promote, Seal, Step, Thaw
from promotion.switching import SWITCHOVER, Switchover, objection, told_of_handover
from promotion.view import NodeView
from promotion.witness import Testimony, all_heard_the_end, linked
from promotion.work_settings import WorkSettings
from promotion.write_safety import at_promotion


class Work:
    """``avoid`` names nodes whose promotion failed a moment ago, with the reason."""

    def __init__(
        self, settings: WorkSettings, request: Request | None, avoid: Mapping[str, str], now: float
    ) -> None:
        self.phase = Phase.OBSERVING
        self.request = request
        self.target: str | None = None
        self._settings = settings
        self._avoid = dict(avoid)
        self._cause = ""
        self._wake_at: float | None = None
        self._give_up_at = now + settings.limit_s
        self._testimony = Testimony(settings.testimony_s)
        self._sealing = Sealing(settings.rules)
        self._chooser = Chooser(settings.policy, request, self._avoid, self._sealing)
        self._reconciling = Reconciling(settings.rules, settings.parallel_syncs)
        self._switchover: Switchover | None = None
        self._promote: Promote | None = None
        self._may_have_lost: str | None = None
        self._disarmed = False
        self._second_look = SecondLook()

    @property
    def next_deadline(self) -> float | None:
        return self._wake_at

    # -- what happens --------------------------------------------------------------------------

    def begin(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        """``views`` are as last seen. If that was after a dead primary's end, nothing has changed since."""
        gone = facts.primary if facts.gone_by_all and facts.intent is None else None
        if gone is not None and all_heard_the_end(gone, views, facts.gone_s):
            return self._decide(views, facts, now)
        return [self._observe(facts)]

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
        """``views`` and ``facts`` are as they are now: the old primary may have answered meanwhile."""
        if self.phase is not Phase.INTENT or self._promote is None:
            return []
        if facts is not None and not facts.down and self._second_look.finds_it_back(views):
            return [Note("intent_cancelled", {"node": self._promote.node}), *self._resettle()]
        if self._switchover is not None:
            self._enter(Phase.HANDING_OVER)
            return [Run(self._switchover.first())]
        self._enter(Phase.PROMOTING)
        return [Run(self._promote)]

    def topology_committed(self, facts: Facts, now: float) -> list[Action]:
        if self.phase is not Phase.COMMITTING:
            return []
        self._enter(Phase.RECONCILING)
        self._give_up_at = now + self._settings.limit_s
        return [self._observe(facts)]

    def step_done(self, step: Step, result: Demoted | None, facts: Facts, now: float) -> list[Action]:
        if self.phase is Phase.HANDING_OVER:
            return self._handover_step_done(step, facts, now)
        if isinstance(step, Promote):
            return self._promoted(step.node, facts) if self.phase is Phase.PROMOTING else []
        if self.phase is Phase.CANCELLING:
            return self._resettle()
        if isinstance(step, Disarm):
            return self._look_disarmed(facts)
        if isinstance(step, Seal):
            return self._seal_over(step, "", facts, now)
        over = self._reconciling.step_over(step, facts, result=result)
        return [*told_of(step, facts), *([self._observe(facts)] if over else [])]

    def step_failed(self, step: Step, reason: str, facts: Facts, now: float) -> list[Action]:
        if self.phase is Phase.HANDING_OVER and self._switchover is not None:
            return self._handing_over(self._switchover.step_failed(reason), now)
        if isinstance(step, Promote):
            if self.phase is not Phase.PROMOTING:
                return []
            return self._give_up(f"promoting {step.node} failed: {reason}", soon=True)
        if self.phase is Phase.CANCELLING:
            return self._resettle()
        failed = told_of_failure(step, reason)
        if isinstance(step, Disarm):
            return [failed, *self._look_disarmed(facts)]
        if isinstance(step, Seal):
            return [failed, *self._seal_over(step, reason, facts, now)]
        over = self._reconciling.step_over(step, facts, reason=reason)
        return [failed, *([self._observe(facts)] if over else [])]

    def _promoted(self, node: str, facts: Facts) -> list[Action]:
        self._enter(Phase.COMMITTING)
        lost_bytes = 0 if self._switchover is not None else None
        topology = WriteTopology(node, facts.primary, self._cause, lost_bytes, self._may_have_lost)
        self._reconciling.changed(node, facts.primary or node)
        return [Note("promoted", {"node": node}), topology]

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
        if self.request is not None and self.request.switchover and not facts.down:
            return self._switch_over(views, facts, self.request)
        if facts.down or self.request is not None:
            cause = facts.cause if facts.down else "operator"
            return self._fail_over(views, facts, cause, now)
        if not facts.settled:
            return self._resettle()
        self._enter(Phase.RECONCILING)
        return self._reconcile(views, facts, now)

    def _first_topology(self, views: Sequence[NodeView], facts: Facts) -> list[Action]:
        found = discover(views, len(facts.nodes), facts.told)
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
        """The intent's target may have been promoted unseen, so it goes first if it can be primary at all."""
        target, cause = intent.target, intent.cause
        old = next((view for view in views if view.name == facts.primary), None)
        undecided = old is not None and old.reachable and old.handover
        if undecided and target not in facts.odown_nodes and now < self._give_up_at:
            return self._look_again(f"{facts.primary} is handing over", (), now)
        usable = [
            v for v in views if v.name == target and v.reachable and not (v.down or v.loading or v.hands_off)
        ]
        fallen = target == facts.primary and bool(facts.histories)
        if usable and usable[0].role == "master" and target not in self._avoid and not fallen:
            return self._intend(target, cause, None, views, facts)
        if usable and not self._disarmed and not facts.gone_by_all:
            return [Run(Disarm(target))]
        made = returned(views, facts) if cause == SWITCHOVER else None
        if made is not None and made.node is not None:
            chosen = after_switchover(made.node, target if usable else None, views, facts)
            return self._intend(chosen, cause, None, views, facts)
        if not (facts.down or wiped or made is not None):
            return self._cancel(target, cause, old)
        return self._fail_over(views, facts, REGRESSED if wiped else cause, now, prefer=target)

    def _cancel(self, target: str, cause: str, old: NodeView | None) -> list[Action]:
        """The old primary is there, and the target is not known to have been promoted.

        Should it have been, it contradicts the topology and is demoted.
        """
        told: list[Action] = [Note("intent_cancelled", {"node": target})]
        if cause != SWITCHOVER or old is None or not old.reachable or old.role != "master":
            return [*told, *self._resettle()]
        self._enter(Phase.CANCELLING)
        return [*told, Run(Thaw(old.name))]

    def _switch_over(self, views: Sequence[NodeView], facts: Facts, request: Request) -> list[Action]:
        assert facts.primary is not None
        ranking = self._chooser.rank(views, facts, request.candidate)
        chosen = ranking.chosen
        why_not = objection(facts.primary, chosen, views) if chosen is not None else "no eligible replica"
        if chosen is None or why_not is not None:
            return self._give_up(why_not or "", ranking)
        actions = self._intend(chosen, SWITCHOVER, ranking, views, facts)
        safety = self._promote.safety if self._promote is not None else None
        old, new = (next(view for view in views if view.name == name) for name in (facts.primary, chosen))
        self._switchover = Switchover(old, new, request, safety)
        return actions

    def _handover_step_done(self, step: Step, facts: Facts, now: float) -> list[Action]:
        told = told_of_handover(step)
        if isinstance(step, (Handover, Promote)):
            return [*told, *self._promoted(self.target or "", facts)]
        assert self._switchover is not None
        if self._switchover.step_done(now):
            return [*told, self._observe(facts)]
        return [*told, *self._handing_over(None, now)]

    def _handing_over(self, step: Step | None, now: float) -> list[Action]:
        """Go on with a switchover: take ``step``, or look again, or give up."""
        assert self._switchover is not None
        if step is not None:
            return [Run(step)]
        if self._switchover.failure is not None:
            return self._give_up(f"switchover to {self.target}: {self._switchover.failure}", soon=True)
        self._wake_at = now + self._settings.catch_up_poll_s
        return []

    def _fail_over(
        self,
        views: Sequence[NodeView],
        facts: Facts,
        cause: str,
        now: float,
        prefer: str | None = None,
    ) -> list[Action]:
        assert facts.primary is not None
        if still := linked(facts, views):
            # What refuses stands between. It is silence then, which this sentinel will come to see as well.
            return self._look_again(f"still linked to {', '.join(still)}", still, now)
        if facts.down and not facts.gone_by_all:
            # The primary owes an answer only from the first PING that it left unanswered.
            silence_s = facts.silence_s - self._settings.ping_interval_s
            witnesses = self._testimony.take(facts.primary, views, facts.earlier, silence_s, now)
            if witnesses:
                return self._look_again(f"still heard by {', '.join(witnesses)}", witnesses, now)
        back = returned(views, facts) if self.request is None else None
        if back is not None and back.node is not None:
            return self._intend(back.node, cause, None, views, facts)
        if back is not None and back.wait:
            return self._give_up(back.reason)
        told: list[Action] = []
        cause = REGRESSED if back is not None else cause
        ranking = self._chooser.choose(views, facts, prefer)
        refusal = self._chooser.refusal(ranking, views, facts)
        if refusal and self._chooser.overrules(ranking, views, facts):
            self._sealing.overrule()
            told, refusal = [Note("overruled", {"node": ranking.chosen, "reason": refusal})], None
        if ranking.chosen is None or refusal:
            reason = refusal or "no eligible replica" + (f": {back.reason}" if back else "")
            return self._give_up(refusal_for_people(reason, views, facts), ranking)
        if self._sealing.needed(facts) and not (self._sealing.taken or ranking.decided):
            return [*told, *self._seal(views, ranking, facts, now)]
        if now < self._sealing.until:
            return self._look_again("writes beyond a partition may still be accepted", (), now)
        told += back.told(facts) if back else []
        return [*told, *self._intend(ranking.chosen, cause, ranking, views, facts)]

    def _seal(self, views: Sequence[NodeView], ranking: Ranking, facts: Facts, now: float) -> list[Action]:
        self._enter(Phase.SEALING)
        eligible = [verdict.node for verdict in ranking.verdicts if verdict.eligible]
        steps = self._sealing.begin(views, eligible, facts, now)
        if not steps:
            return [self._observe(facts)]
        return [Note("sealing", {"nodes": [step.node for step in steps]}), *(Run(step) for step in steps)]

    def _look_disarmed(self, facts: Facts) -> list[Action]:
        self._disarmed = True
        return [self._observe(facts)]

    def _seal_over(self, step: Seal, reason: str, facts: Facts, now: float) -> list[Action]:
        return [self._observe(facts)] if self._sealing.step_over(step, reason, facts, now) else []

    def _intend(
        self, target: str, cause: str, ranking: Ranking | None, views: Sequence[NodeView], facts: Facts
    ) -> list[Action]:
        self._enter(Phase.INTENT)
        self.target = target
        self._cause = cause
        self._may_have_lost = ranking.may_have_lost if ranking is not None else None
        asked = self._settings.rules.safety
        safety = at_promotion(asked, target, views) if asked is not None else None
        masters = [view.name for view in views if view.role == "master"]
        self._promote = Promote(target, safety, reinstate=target in (facts.primary, *masters))
        chosen = Note("candidate_chosen", {"node": target, "ranking": ranking})
        # What somebody asked for, or has carried out already, is not taken back.
        free = ranking is not None and self.request is None
        again = self._second_look.begin(target, cause, views, facts) if free else []
        return [chosen, *again, WriteIntent(target, cause)]

    def _look_again(self, why: str, witnesses: tuple[str, ...], now: float) -> list[Action]:
        if now >= self._give_up_at:
            return self._give_up(why)
        self._wake_at = now + self._settings.hold_poll_s
        if self.phase is Phase.HOLDING:
            return []
        self._enter(Phase.HOLDING)
        return [Note("held", {"witnesses": list(witnesses), "reason": why})]

    def _reconcile(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if facts.down or (facts.paused and self.target is None):
            return self._finish()
        lost_bytes = self._reconciling.loss(views, facts)
        if lost_bytes is not None:
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
        return Observe(tuple(node for node in facts.nodes if node not in facts.down_nodes))

    def _enter(self, phase: Phase) -> None:
        check_transition(self.phase, phase)
        self.phase = phase
