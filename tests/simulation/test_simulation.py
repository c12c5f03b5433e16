"""Whole clusters under faults: the rules hold all the time, and order returns once the faults end."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest

from tests.simulation.__main__ import replay_command
from tests.simulation.coverage import SITUATIONS
from tests.simulation.faults import DIRECTIVES, KINDS, NAMES, Fault
from tests.simulation.finding import Found
from tests.simulation.found import FOUND
from tests.simulation.lasting import SITUATIONS as STAYING
from tests.simulation.lasting import staying
from tests.simulation.trial import Outcome, run_seed, run_setup, shrink
from tests.simulation.world import Setup, draw_setup

FIXED = range(24)
MORE = range(91_000, 91_150)
MORE_S = 10.0


def check(outcome: Outcome) -> None:
    if outcome.broken is not None:
        story = "\n".join(outcome.story[-60:])
        pytest.fail(f"{outcome.broken}\n{story}\nreplay it: {replay_command(outcome.seed)}", pytrace=False)


@pytest.mark.parametrize("seed", FIXED)
def test_the_rules_hold(seed: int) -> None:
    check(run_seed(seed))


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.name)
def test_what_was_found_stays_mended(found: Found) -> None:
    outcome = run_setup(found.setup)
    assert outcome.broken is None, f"{found.wrong}\n" + "\n".join(outcome.story[-60:])


def test_the_rules_hold_for_as_many_more_as_fit_in_a_while() -> None:
    """Always the same, so that a failure is the change's. `make simulate FIRST=...` looks for new ones."""
    deadline = time.monotonic() + MORE_S
    for seed in MORE:
        check(run_seed(seed))
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


def test_a_primary_whose_disk_fails_hands_over() -> None:
    outcome = run_setup(plain(Fault(1.0, "break disk of primary", ("h1:6379",), 20.0)))
    check(outcome)
    assert outcome.coverage["a primary that refuses writes hands over"] == 1
    assert not outcome.coverage["a plain write lost"]


def test_one_whose_disk_works_again_soon_stays() -> None:
    outcome = run_setup(plain(Fault(1.0, "break disk of primary", ("h1:6379",), 1.5)))
    check(outcome)
    assert not outcome.coverage["a failover"]


def test_a_broken_rule_is_found_and_its_faults_are_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentinel that forgets its votes: not every run shows it, and few faults are needed."""
    from quorum.raft.journal import Journal

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


def test_no_fault_is_rarer_than_one_in_a_hundred_runs() -> None:
    """So that ten thousand show each in hundreds."""
    runs, planned = 2000, Counter[str]()
    for setup in map(draw_setup, range(runs)):
        planned.update({fault.kind for fault in setup.plan} | {staying(one.kind) for one in setup.lasting})
    kinds = (*KINDS, *DIRECTIVES, *NAMES, *STAYING)
    assert {kind: planned[kind] for kind in kinds if planned[kind] < runs / 100} == {}


def test_every_situation_is_named_once() -> None:
    assert len(set(SITUATIONS)) == len(SITUATIONS)
