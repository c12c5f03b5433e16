"""The last part of a leader's work: every node follows the primary, which has the right ``min-replicas``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from promotion import events
from promotion.actions import Action, Facts, Note
from promotion.lost_writes import bytes_possibly_lost, thrown_away
from promotion.plan import reconcile
from promotion.recent_failures import RecentFailures
from promotion.sealing import WriteRules
from promotion.step_types import Demoted, Freeze, KeepSafety, Repoint, Rewrite, Step, step_kind
from promotion.switchover import switchover_notes
from promotion.view import NodeView, find
from promotion.withheld import withhold
from promotion.write_safety import correction, keep_fence


@dataclass(frozen=True, slots=True)
class Next:
    """``steps`` to take at once; or ``wait`` for steps under way; or the end, with ``trouble`` if any."""

    steps: tuple[Step, ...] = ()
    wait: bool = False
    poll: bool = False
    """No event will end the wait: look again."""
    trouble: str = ""


class Reconciling:
    def __init__(self, rules: WriteRules, parallel_syncs: int, failures: RecentFailures) -> None:
        self._rules = rules
        self._parallel_syncs = parallel_syncs
        self._in_flight: frozenset[str] = frozenset()
        self._failed: dict[str, str] = {}
        self._last = failures.not_repointed
        self._demoted: Demoted | None = None
        self._unwritten: frozenset[str] = frozenset()
        self._withheld = False

    def changed(self, *nodes: str) -> None:
        """The roles of ``nodes`` changed; their configuration files do not show it yet."""
        self._unwritten = frozenset(nodes)

    def next(self, views: Sequence[NodeView], facts: Facts, *, patient: bool) -> Next:
        """``patient``: wait for the replicas that sync before the next ones are re-pointed."""
        assert facts.primary is not None
        # A replica that never finishes its sync must not keep the others waiting for good.
        slots = self._parallel_syncs + (0 if patient else len(facts.nodes))
        plan = reconcile(
            facts.primary,
            views,
            parallel_syncs=slots,
            in_flight=self._in_flight,
            resume=self._rules.self_fence,
            lost=facts.histories,
            last={*self._failed, *self._last},
        )
        steps: list[Step] = [step for step in plan.steps if step.node not in self._failed]
        hold = withhold(facts.previous, views)
        steps += self._once(hold)
        if not plan.steps:
            steps += self._correct(views, facts)
        steps += self._write_down(views, {step.node for step in steps})
        self._in_flight |= {step.node for step in steps}
        if steps or self._in_flight:
            return Next(tuple(steps), wait=not steps)
        if plan.waiting or (hold is not None and patient):
            return Next(wait=True, poll=True)
        trouble = plan.blocked or "; ".join(f"{node}: {why}" for node, why in self._failed.items())
        return Next(trouble=trouble)

    def step_over(self, step: Step, facts: Facts, *, result: Demoted | None = None, reason: str = "") -> bool:
        """``reason`` says why ``step`` failed. Returns whether it was the last one under way."""
        self._in_flight -= {step.node}
        if reason and not isinstance(step, Rewrite | Freeze):
            self._failed[step.node] = reason
        if isinstance(step, Repoint) and step.node == facts.previous and not facts.loss_known:
            self._demoted = result
        return not self._in_flight

    def loss(self, views: Sequence[NodeView], facts: Facts) -> int | None:
        """The bytes that the old primary, just demoted, had beyond the new one's history; returned once."""
        demoted, self._demoted = self._demoted, None
        promoted = find(facts.primary, views)
        if demoted is None or promoted is None:
            return None
        return bytes_possibly_lost(demoted, promoted)

    def _once(self, hold: Freeze | None) -> list[Step]:
        """The pause is not renewed: without an end it would be an outage."""
        if self._withheld or hold is None:
            return []
        self._withheld = True
        return [hold]

    def _write_down(self, views: Sequence[NodeView], busy: Collection[str]) -> list[Step]:
        """Rewrites of configuration files: once for each node that answers, and no second try."""
        ours = {view.name for view in views if view.reachable and not view.hands_off}
        idle = ours - {*busy, *self._in_flight}
        now, self._unwritten = self._unwritten & idle, self._unwritten - idle
        return [Rewrite(node) for node in sorted(now)]

    def _correct(self, views: Sequence[NodeView], facts: Facts) -> list[Step]:
        assert facts.primary is not None
        if facts.primary in self._failed or facts.primary in self._in_flight:
            return []
        if (fence := keep_fence(facts.primary, views)) is not None:
            return [fence]
        if self._rules.safety is None:
            return []
        step = correction(self._rules.safety, facts.primary, views, facts.odown_nodes)
        return [step] if step is not None else []


def notes_of(step: Step, facts: Facts, result: Demoted | None = None) -> list[Action]:
    """The notes about a step that succeeded. The old primary's loss is left out: it is in the topology."""
    match step:
        case Repoint(node, reason=reason):
            if reason != "demote":
                return [Note(events.Repointed(node, facts.primary))]
            measured = node == facts.previous and not facts.loss_known
            lost = None if measured else thrown_away(step, result)
            return [Note(events.Demoted(node, facts.primary, lost))]
        case Freeze():
            return switchover_notes(step)
        case KeepSafety(node, safety):
            return [Note(events.SafetyKept(node, safety.min_replicas))]
        case _:
            return []


def failure_note(step: Step, reason: str) -> Note:
    """The note about a failed step other than the promotion."""
    return Note(events.StepFailed(step.node, step_kind(step), reason))
