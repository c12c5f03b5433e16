"""The steps beside a promotion: what comes before the choice, and what makes every other node follow."""

from __future__ import annotations

from promotion.actions import Facts
from promotion.lately import Lately
from promotion.reconciling import Reconciling
from promotion.sealing import Sealing
from promotion.step_types import Demoted, Disarm, Seal, Step


class Beside:
    def __init__(self, sealing: Sealing, reconciling: Reconciling, lately: Lately) -> None:
        self._disarmed = False
        self._in_vain = lately.not_disarmed
        self._sealing = sealing
        self._reconciling = reconciling

    def disarmed(self, target: str) -> bool:
        """Whether who was about to promote an intent's ``target`` has been cut off, if that can be done."""
        return self._disarmed or target in self._in_vain

    def step_over(self, step: Step, result: Demoted | None, reason: str, facts: Facts, now: float) -> bool:
        """``reason`` says why it failed. Returns whether the nodes must be looked at: it was the last one."""
        match step:
            case Disarm():
                self._disarmed = True
                return True
            case Seal():
                return self._sealing.step_over(step, reason, facts, now)
            case _:
                return self._reconciling.step_over(step, facts, result=result, reason=reason)
