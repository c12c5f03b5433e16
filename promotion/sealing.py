"""Seals the replicas before a choice that must not lose writes: cuts them off, then perhaps waits.

A sealed replica acknowledges nothing more to the old primary. So its data is final, which ``durability``
needs; and a primary on the far side of a partition that demands acknowledgements (``write_safety``) stops
accepting writes a known time later, for which ``fence_wait`` waits. A leader after one that lost its lease
continues that wait: replicas report since when they are cut off. A replica that could not be cut off a moment
ago is left out if the others suffice: else each leader would wait for it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from promotion.actions import Facts
from promotion.durability import Coverage, behind_newest, coverage
from promotion.recent_failures import NO_FAILURES, RecentFailures
from promotion.step_types import Seal, WriteSafety
from promotion.view import NodeView

FENCE_MARGIN_S = 2.0
"""Redis counts the lag in whole seconds and checks it once a second."""


@dataclass(frozen=True, slots=True)
class WriteRules:
    """A group's rules beyond the fence. ``acknowledged_by`` is the n of ``durability: {wait: n}``."""

    safety: WriteSafety | None = None
    fence_wait: bool = False
    acknowledged_by: int | None = None
    self_fence: bool = False


class Sealing:
    """One leader's sealing in one term. ``until`` is the end of the window of ``fence_wait``."""

    def __init__(self, rules: WriteRules, failures: RecentFailures = NO_FAILURES) -> None:
        self.until = 0.0
        self.taken = False
        self._rules = rules
        self._in_flight: set[str] = set()
        self._failed: dict[str, str] = {}
        self._uncut = failures.not_sealed

    def needed(self, facts: Facts) -> bool:
        return self._rules.acknowledged_by is not None or self._waits(facts)

    def refusal(self, views: Sequence[NodeView], facts: Facts) -> str | None:
        """Why nothing may be promoted: too few replicas are known to hold what WAIT acknowledged."""
        if self._rules.acknowledged_by is None:
            return None
        return self._coverage(views, facts).refusal(self._rules.acknowledged_by)

    def overrule(self) -> None:
        """A person named the node to promote although too few replicas count: WAIT is ignored from here on.

        ``fence_wait`` still holds: it only takes time.
        """
        self._rules = replace(self._rules, acknowledged_by=None)

    def begin(
        self, views: Sequence[NodeView], eligible: Collection[str], facts: Facts, now: float
    ) -> tuple[Seal, ...]:
        """The seals: for each replica that could be chosen, and under WAIT each that could acknowledge.

        If there is none, sealing is done.
        """
        wanted = tuple(
            Seal(view.name, view.known)
            for view in views
            if view.reachable
            and not (view.down or view.hands_off)
            and view.role == "slave"
            and view.follows == facts.primary
            and (self._rules.acknowledged_by is not None or view.name in eligible)
        )
        left_out = {step.node for step in wanted if step.node in self._uncut}
        if not self._suffices(left_out, views, eligible, facts):
            left_out = set()
        self._failed |= {node: self._uncut[node] for node in left_out}
        steps = tuple(step for step in wanted if step.node not in left_out)
        self._in_flight = {step.node for step in steps}
        if not steps:
            views = [view for view in views if view.name not in left_out]
            self._end(facts, now, _cut_off_for_s(views))
        return steps

    def _suffices(
        self, left_out: Collection[str], views: Sequence[NodeView], eligible: Collection[str], facts: Facts
    ) -> bool:
        """Whether a node can be promoted without the ``left_out``."""
        if self._rules.acknowledged_by is None:
            return any(node not in left_out for node in eligible)
        counted = self._coverage(views, facts)
        return sum(node not in left_out for node in counted.seen) >= counted.needed

    def step_over(self, step: Seal, reason: str, facts: Facts, now: float) -> bool:
        """``reason`` says why ``step`` failed. Returns whether it was the last one under way."""
        self._in_flight.discard(step.node)
        if reason:
            self._failed[step.node] = reason
        if not self._in_flight and not self.taken:
            self._end(facts, now)
        return self.taken

    def _end(self, facts: Facts, now: float, cut_off_for_s: float = 0.0) -> None:
        self.taken = True
        if self._waits(facts) and self._rules.safety is not None:
            self.until = now + self._rules.safety.max_lag_s + FENCE_MARGIN_S - cut_off_for_s

    def barred(self, views: Sequence[NodeView], facts: Facts) -> dict[str, str]:
        """The nodes that may not be promoted after all, with the reason."""
        barred = {node: f"could not be cut off: {reason}" for node, reason in self._failed.items()}
        if self._rules.acknowledged_by is not None:
            barred |= behind_newest(self._coverage(views, facts).seen, views)
        return barred

    def will_bar(self, views: Sequence[NodeView], facts: Facts) -> dict[str, str]:
        """The nodes that ``barred`` would contain, as far as is known before any replica is cut off."""
        if self._rules.acknowledged_by is None:
            return {}
        counted = self._coverage(views, facts)
        why = "durability: not known to hold what WAIT acknowledged"
        behind = behind_newest(counted.seen, views) if facts.down else {}
        return behind | {node: f"{why}: {doubt}" for node, doubt in counted.missing.items()}

    def _coverage(self, views: Sequence[NodeView], facts: Facts) -> Coverage:
        assert facts.primary is not None
        assert self._rules.acknowledged_by is not None
        return coverage(
            facts.primary,
            views,
            self._rules.acknowledged_by,
            history=facts.history if facts.histories else None,
            sealed_only=self.taken,
        )

    def _waits(self, facts: Facts) -> bool:
        """Whether to wait: a process that is gone accepts no writes, one that may still run does."""
        return self._rules.fence_wait and facts.down and not facts.gone_by_all


def _cut_off_for_s(views: Sequence[NodeView]) -> float:
    """For how many seconds at least no answering replica has had a link to any primary; 0 if one has.

    Redis reports when the last link ended, in whole seconds, whatever the replica was pointed at since; a new
    link would be seen. So it does not matter who cut it off, nor what was done in between.
    """
    replicas = [view for view in views if view.role == "slave" and view.reachable and not view.down]
    since = [view.link_down_s for view in replicas if view.sealed and view.link_down_s is not None]
    return max(0.0, min(since) - 1.0) if since and len(since) == len(replicas) else 0.0
