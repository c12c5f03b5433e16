"""Tracks the steps other than the promotion: those before the choice, and those that re-point other nodes."""

from __future__ import annotations

from promotion.actions import Facts
from promotion.recent_failures import RecentFailures
from promotion.reconciling import Reconciling
from promotion.sealing import Sealing
from promotion.step_types import Demoted, Disarm, Seal, Step


class OtherSteps:
    def __init__(self, sealing: Sealing, reconciling: Reconciling, failures: RecentFailures) -> None:
        self._disarmed = False
        self._not_disarmed = failures.not_disarmed
        self._sealing = sealing
        self._reconciling = reconciling

    def disarmed(self, target: str) -> bool:
        """Whether the leader that was about to promote ``target`` is cut off, or cutting it off failed."""
        return self._disarmed or target in self._not_disarmed

    def step_over(self, step: Step, result: Demoted | None, reason: str, facts: Facts, now: float) -> bool:
        """``reason`` says why ``step`` failed. Returns whether it was the last one, so that a look is due."""
        match step:
            case Disarm():
                self._disarmed = True
                return True
            case Seal():
                return self._sealing.step_over(step, reason, facts, now)
            case _:
                return self._reconciling.step_over(step, facts, result=result, reason=reason)
