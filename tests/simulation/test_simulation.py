"""Whole clusters under faults: the rules hold all the time, and order returns once the faults end."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from tests.simulation.__main__ import replay_command
from tests.simulation.coverage import SITUATIONS
from tests.simulation.faults import Fault
from tests.simulation.trial import Outcome, run_seed, run_setup, shrink
from tests.simulation.world import Setup, draw_setup

FIXED = range(24)
FRESH_S = 10.0

FOUND = {
    13: "the role seen before a switchover counted against the new primary after it",
    44: "a primary that answers as a replica was never looked at by the leader elected to put it right",
    111: "the same, where every other node is a master made by hand",
    157: "replicas that a leader had cut off aged past the limit for a broken link",
}
"""Seeds that broke a rule once, and why; they may meet another fault once faults are drawn otherwise."""


def check(outcome: Outcome) -> None:
    if outcome.broken is not None:
        story = "\n".join(outcome.story[-60:])
        pytest.fail(f"{outcome.broken}\n{story}\nreplay it: {replay_command(outcome.seed)}", pytrace=False)


@pytest.mark.parametrize("seed", sorted({*FIXED, *FOUND}))
def test_the_rules_hold(seed: int) -> None:
    check(run_seed(seed))


def test_the_rules_hold_for_seeds_that_nobody_has_seen() -> None:
    """As many as fit in a while; a failure names its seed."""
    deadline = time.monotonic() + FRESH_S
    for _ in range(1000):
        check(run_seed(random.SystemRandom().randrange(10**9)))
        if time.monotonic() > deadline:
            break


def test_a_seed_is_a_run() -> None:
    """The same to the last line, or nothing could be replayed."""
    first, second = run_seed(5), run_seed(5)
    assert first.story == second.story
    assert first.coverage == second.coverage


def plain(*faults: Fault) -> Setup:
    """Nothing but these faults, in a run where everything may happen."""
    setup = next(
        setup for setup in map(draw_setup, range(1000)) if setup.style == "any" and not setup.rules.safety
    )
    return replace(setup, plan=faults)


def test_a_dead_primary_is_replaced() -> None:
    outcome = run_setup(plain(Fault(1.0, "crash primary", ("h1:6379",), 10.0)))
    check(outcome)
    assert outcome.coverage["a failover"] == 1


def test_a_broken_rule_is_found_and_its_faults_are_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentinel that forgets its votes: not every run shows it, and few faults are needed."""
    from quorum.journal import Journal

    def forget(self: Journal, candidate: str) -> None:
        self.state = replace(self.state, voted_for=None)

    monkeypatch.setattr(Journal, "vote", forget)
    setups = (draw_setup(seed) for seed in range(40))
    broken = next((setup for setup in setups if run_setup(setup).broken is not None), None)
    if broken is None:
        pytest.skip("none of these seeds needs a vote to be remembered")
    smaller = shrink(broken, lambda _left: None, limit_s=20.0)
    assert len(smaller.plan) <= len(broken.plan)
    assert run_setup(smaller).broken is not None


def test_every_situation_is_named_once() -> None:
    assert len(set(SITUATIONS)) == len(SITUATIONS)
