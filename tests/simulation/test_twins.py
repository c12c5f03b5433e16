"""Two processes of one id in a whole cluster: noticed by their peers before the second takes part."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from tests.simulation.faults import Fault
from tests.simulation.trial import run_setup
from tests.simulation.twins import NOTICED, STARTED, TWIN
from tests.simulation.world import Setup, draw_setup

SETUPS = tuple(islice((setup for setup in map(draw_setup, range(2000)) if setup.style == "twins"), 2))


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: str(setup.seed))
def test_the_rules_hold_and_both_are_told(setup: Setup) -> None:
    outcome = run_setup(setup)
    assert outcome.broken is None, "\n".join(outcome.story[-60:])
    assert outcome.coverage[STARTED] and outcome.coverage[NOTICED]


@pytest.mark.parametrize("seed", range(2))
def test_the_others_fail_over_meanwhile_and_whichever_is_left_takes_part_again(seed: int) -> None:
    plan = (Fault(1.0, TWIN, ("h1",), 8.0), Fault(4.0, "crash primary", ("n1:6379",), 10.0))
    outcome = run_setup(replace(SETUPS[0], seed=seed, plan=plan))
    assert outcome.broken is None, "\n".join(outcome.story[-60:])
    assert outcome.coverage["a failover"] and outcome.coverage[NOTICED] >= 2
    told = [line.split()[1] for line in outcome.story if "is told that its id" in line]
    assert {who.partition("'")[0] for who in told} == {"h1"} and len(set(told)) == 2
