"""One run of the simulator and what came of it; and how the faults of a failing one are reduced."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tests.simulation.faults import Fault
from tests.simulation.world import Setup, World, draw_setup


@dataclass(frozen=True, slots=True)
class Outcome:
    """``broken`` names the rule, or the exception that the code raised; None if all held."""

    seed: int
    style: str
    broken: str | None
    coverage: Counter[str]
    story: tuple[str, ...] = field(default=(), repr=False)


def run_seed(seed: int) -> Outcome:
    return run_setup(draw_setup(seed))


def run_setup(setup: Setup) -> Outcome:
    """Whatever the code under test raises is a finding, not the end of the search."""
    world = World(setup)
    broken = None
    try:
        world.run()
    except Exception as error:
        broken = (
            str(error) if type(error).__name__ == "RuleBrokenError" else f"{type(error).__name__}: {error}"
        )
        if isinstance(error, KeyboardInterrupt):
            raise
    return Outcome(setup.seed, setup.style, broken, world.coverage.counts, tuple(world.story))


def shrink(setup: Setup, told: Callable[[int], None], limit_s: float = 120.0) -> Setup:
    """Leave out faults as long as a rule still breaks: halves first, then single ones (delta debugging).

    ``told`` hears how many faults are left. The same rule need not break: any finding is one.
    """
    deadline = time.monotonic() + limit_s
    plan, size = list(setup.plan), max(1, len(setup.plan) // 2)
    while size >= 1 and time.monotonic() < deadline:
        smaller = _without_some(setup, plan, size, deadline)
        if smaller is not None:
            plan = smaller
            told(len(plan))
        elif size == 1:
            break
        else:
            size //= 2
    return replace(setup, plan=tuple(plan))


def _without_some(setup: Setup, plan: Sequence[Fault], size: int, deadline: float) -> list[Fault] | None:
    for start in range(0, len(plan), size):
        if time.monotonic() > deadline:
            return None
        fewer = [*plan[:start], *plan[start + size :]]
        if run_setup(replace(setup, plan=tuple(fewer))).broken is not None:
            return fewer
    return None
