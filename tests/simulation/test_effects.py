"""What the simulator shares with the daemon, and what it counts as having happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.group.durable_effects import DurableEffects
from tests.simulation.faults import Fault
from tests.simulation.seen import happened
from tests.simulation.trial import run_setup
from tests.simulation.world import draw_setup

LOST = happened("lose messages")


def test_a_fault_in_the_daemons_order_breaks_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind a write is done before it is on disk."""

    def waits_for_nothing(self: DurableEffects[object]) -> bool:
        return bool(self._queue) and not self._shut

    monkeypatch.setattr(DurableEffects, "_is_ready", property(waits_for_nothing))
    broken = run_setup(draw_setup(200)).broken
    assert broken is not None and broken.startswith("S2")


@pytest.mark.parametrize(("rate", "times"), [(0.0, 0), (0.4, 1)])
def test_a_fault_that_met_nothing_is_not_counted(rate: float, times: int) -> None:
    setup = replace(draw_setup(200), plan=(Fault(1.0, "lose messages", (), rate),))
    assert run_setup(setup).coverage[LOST] == times
