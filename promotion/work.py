"""What a leader does in its term, from its election to its resignation. Pure: it is told, and it asks.

First it reads every node anew. Then it does the most urgent of: agreeing on the first topology, finishing
or superseding what a dead leader began, failing over, re-committing an unsettled entry. Last it makes
every other node follow the primary. One term promotes one node: a second choice needs a new term, because
the first may have been promoted unseen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promotion.actions import (
    Action,
    Facts,
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
from promotion.candidates import Policy, Ranking, rank
from promotion.discovery import Ambiguous, discover
from promotion.lifecycle import Phase, check_transition
from promotion.plan import Promote, Repoint, reconcile
from promotion.view import NodeView
from promotion.witness import hearing


@dataclass(frozen=True, slots=True)
class WorkSettings:
    policy: Policy
    parallel_syncs: int
    limit_s: float
    """The group's ``failover_timeout``: how long to hold for a witness, or to wait for replicas to sync."""
    ping_interval_s: float = 0.25
    hold_poll_s: float = 0.05
    testimony_s: float = 1.0
    """A replica that heard from the primary is believed for this long: it may hear little, and rarely."""
    sync_poll_s: float = 0.5


def policy_now(policy: Policy, facts: Facts) -> Policy:
    """A replica's link may be down for as long as the primary itself has been silent, and the limit more.

    As Redis Sentinel does (``sentinelSelectSlave``): else no replica would be left after a long outage.
    """
    return replace(policy, max_link_down_s=policy.max_link_down_s + facts.silence_s)


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
        self._earlier: tuple[NodeView, ...] = ()
        self._heard_at = -math.inf
        self._witnesses: tuple[str, ...] = ()
        self._in_flight: frozenset[str] = frozenset()
        self._failed: dict[str, str] = {}

    @property
    def next_deadline(self) -> float | None:
        return self._wake_at

    # -- what happens --------------------------------------------------------------------------

    def begin(self, facts: Facts) -> list[Action]:
        return [self._observe(facts)]

    def wake(self, facts: Facts, now: float) -> list[Action]:
        if self._wake_at is None or now < self._wake_at:
            return []
        self._wake_at = None
        return [self._observe(facts)]

    def observed(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if self.phase is Phase.RECONCILING:
            return self._reconcile(views, facts, now)
        if self.phase in (Phase.OBSERVING, Phase.HOLDING):
            return self._decide(views, facts, now)
        return []

    def intent_committed(self) -> list[Action]:
        if self.phase is not Phase.INTENT or self.target is None:
            return []
        self._enter(Phase.PROMOTING)
        return [Run(Promote(self.target))]

    def topology_committed(self, facts: Facts, now: float) -> list[Action]:
        if self.phase is not Phase.COMMITTING:
            return []
        self._enter(Phase.RECONCILING)
        self._give_up_at = now + self._settings.limit_s
        return [self._observe(facts)]

    def step_done(self, step: Promote | Repoint, facts: Facts) -> list[Action]:
        if isinstance(step, Promote):
            if self.phase is not Phase.PROMOTING:
                return []
            self._enter(Phase.COMMITTING)
            return [
                Note("promoted", {"node": step.node}),
                WriteTopology(step.node, facts.primary, self._cause),
            ]
        self._in_flight -= {step.node}
        name = "demoted" if step.reason == "demote" else "repointed"
        done: list[Action] = [Note(name, {"node": step.node, "primary": facts.primary})]
        return done if self._in_flight else [*done, self._observe(facts)]

    def step_failed(self, step: Promote | Repoint, reason: str, facts: Facts) -> list[Action]:
        if isinstance(step, Promote):
            if self.phase is not Phase.PROMOTING:
                return []
            self._enter(Phase.ABORTED)
            return [GiveUp(f"promoting {step.node} failed: {reason}", soon=True)]
        self._in_flight -= {step.node}
        self._failed[step.node] = reason
        failed: list[Action] = [Note("repoint_failed", {"node": step.node, "reason": reason})]
        return failed if self._in_flight else [*failed, self._observe(facts)]

    # -- deciding ------------------------------------------------------------------------------

    def _decide(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        if facts.primary is None:
            return self._first_topology(views, facts)
        if facts.intent is not None:
            return self._finish_or_supersede(views, facts, now)
        if facts.down or self.request is not None:
            cause = facts.cause if facts.down else "operator"
            return self._fail_over(views, facts, cause, now)
        if not facts.settled:
            self._enter(Phase.COMMITTING)
            return [Resettle()]
        self._enter(Phase.RECONCILING)
        return self._reconcile(views, facts, now)

    def _first_topology(self, views: Sequence[NodeView], facts: Facts) -> list[Action]:
        found = discover(views, len(facts.nodes), facts.told)
        if isinstance(found, Ambiguous):
            self._enter(Phase.ABORTED)
            return [GiveUp(found.reason, failover=False)]
        self._enter(Phase.COMMITTING)
        return [WriteTopology(found.primary, None, "bootstrap")]

    def _finish_or_supersede(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        """The intent's target may have been promoted unseen, so it goes first if it can be primary at all."""
        assert facts.intent is not None
        target, cause = facts.intent.target, facts.intent.cause
        view = next((view for view in views if view.name == target), None)
        usable = view is not None and view.reachable and not view.down and not view.loading
        if usable and view is not None and view.role == "master" and target not in self._avoid:
            return self._intend(target, cause, None)
        if not facts.down:
            # The old primary is back, and the target is not known to have been promoted: nothing to do.
            # Should it have been, it contradicts the topology and is demoted.
            self._enter(Phase.COMMITTING)
            return [Note("intent_cancelled", {"node": target}), Resettle()]
        ranking = self._rank(views, facts, target)
        if ranking.chosen is not None:
            return self._intend(target, cause, ranking)
        return self._fail_over(views, facts, cause, now)

    def _fail_over(self, views: Sequence[NodeView], facts: Facts, cause: str, now: float) -> list[Action]:
        assert facts.primary is not None
        if facts.down and not facts.gone_by_all:
            # The primary owes an answer only from the first PING that it left unanswered.
            silence_s = facts.silence_s - self._settings.ping_interval_s
            witnesses = hearing(facts.primary, views, self._earlier or facts.earlier, silence_s)
            self._earlier = tuple(views)
            if witnesses:
                self._heard_at, self._witnesses = now, witnesses
            if now < self._heard_at + self._settings.testimony_s:
                return self._hold(self._witnesses, now)
        adopted = self._self_made_primary(views, facts)
        if adopted is not None:
            return self._intend(adopted, cause, None)
        ranking = self._rank(views, facts, self.request.candidate if self.request else None)
        if ranking.chosen is None:
            self._enter(Phase.ABORTED)
            return [GiveUp("no eligible replica", ranking)]
        return self._intend(ranking.chosen, cause, ranking)

    def _self_made_primary(self, views: Sequence[NodeView], facts: Facts) -> str | None:
        """The committed primary answers as a replica: somebody changed the roles by hand.

        The node that it follows has its data and newer; if that is one of ours and a master, it is the
        primary in all but name. If it is not, the committed primary is put back in its role.
        """
        if self.request is not None or facts.primary in facts.down_nodes - {facts.primary}:
            return None
        primary = next((view for view in views if view.name == facts.primary), None)
        if primary is None or primary.role != "slave" or not primary.reachable:
            return None
        for view in views:
            if view.name == primary.follows and view.reachable and view.role == "master":
                return view.name
        return primary.name

    def _rank(self, views: Sequence[NodeView], facts: Facts, requested: str | None) -> Ranking:
        assert facts.primary is not None
        zone = next((view.zone for view in views if view.name == facts.primary), None)
        return rank(
            facts.primary,
            views,
            policy_now(self._settings.policy, facts),
            reference_offset_bytes=facts.reference_offset_bytes,
            zone=zone,
            requested=requested,
            avoid=self._avoid,
        )

    def _intend(self, target: str, cause: str, ranking: Ranking | None) -> list[Action]:
        self._enter(Phase.INTENT)
        self.target = target
        self._cause = cause
        return [Note("candidate_chosen", {"node": target, "ranking": ranking}), WriteIntent(target, cause)]

    def _hold(self, witnesses: tuple[str, ...], now: float) -> list[Action]:
        if now >= self._give_up_at:
            self._enter(Phase.ABORTED)
            return [GiveUp(f"still heard by {', '.join(witnesses)}")]
        self._wake_at = now + self._settings.hold_poll_s
        if self.phase is Phase.HOLDING:
            return []
        self._enter(Phase.HOLDING)
        return [Note("held", {"witnesses": list(witnesses)})]

    def _reconcile(self, views: Sequence[NodeView], facts: Facts, now: float) -> list[Action]:
        assert facts.primary is not None
        if facts.down:
            return self._finish()
        # A replica that never finishes its sync must not keep the others waiting for good.
        stuck = len(facts.nodes) if now >= self._give_up_at else 0
        slots = self._settings.parallel_syncs + stuck
        plan = reconcile(facts.primary, views, parallel_syncs=slots, in_flight=self._in_flight)
        steps = [step for step in plan.steps if step.node not in self._failed and isinstance(step, Repoint)]
        if steps:
            self._in_flight |= {step.node for step in steps}
            return [Run(step) for step in steps]
        if self._in_flight:
            return []
        if plan.waiting:
            self._wake_at = now + self._settings.sync_poll_s
            return []
        trouble = plan.blocked or "; ".join(f"{node}: {why}" for node, why in self._failed.items())
        if trouble:
            self._enter(Phase.ABORTED)
            return [GiveUp(trouble, failover=False)]
        return self._finish()

    def _finish(self) -> list[Action]:
        self._enter(Phase.DONE)
        return [Finish()]

    def _observe(self, facts: Facts) -> Observe:
        return Observe(tuple(node for node in facts.nodes if node not in facts.down_nodes))

    def _enter(self, phase: Phase) -> None:
        check_transition(self.phase, phase)
        self.phase = phase
