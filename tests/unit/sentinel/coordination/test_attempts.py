"""Every repetition waits longer, whoever fails, and is told once."""

from __future__ import annotations

import itertools

from promotion import events
from promotion.step_types import Promote
from sentinel.coordination.attempts import MAX_REASONS, TELL_AGAIN_S, Attempts
from sentinel.coordination.inputs import StepFailed
from sentinel.notices import leaders
from tests.unit.sentinel.coordinator_cases import A, World

LIMIT_S = 10.0
ODOWN = ("elected", "odown")


def test_what_may_well_succeed_at_once_is_repeated_at_once_only_the_first_time() -> None:
    attempts = Attempts(LIMIT_S)
    waits = [attempts.wait_s(soon=True) for _ in range(9)]
    assert waits[0] == 0
    assert all(later >= 2 * earlier or later == LIMIT_S for earlier, later in itertools.pairwise(waits))
    assert waits[-1] == LIMIT_S
    attempts.succeeded()
    assert attempts.wait_s(soon=True) == 0


def test_each_attempt_waits_twice_as_long_as_the_one_before_whoever_made_that() -> None:
    one, other = Attempts(LIMIT_S), Attempts(LIMIT_S)
    waits = [0.0]
    for attempts in (one, other) * 6:
        waits.append(attempts.wait_s(soon=True, least_s=2 * waits[-1]))
    assert waits[:3] == [0, 0, 0], "each may succeed at once"
    assert all(later >= 2 * earlier or later == LIMIT_S for earlier, later in itertools.pairwise(waits[2:]))
    assert Attempts(LIMIT_S).wait_s(soon=False, least_s=6.0) == 6.0


def test_a_newer_topology_whoever_brought_it_about_ends_the_waiting() -> None:
    attempts = Attempts(LIMIT_S)
    attempts.committed(3)
    first = next(attempts.wait_s(soon=False) for _ in range(3))
    attempts.committed(3)
    assert attempts.wait_s(soon=False) > first
    attempts.committed(4)
    assert attempts.wait_s(soon=False) == first


def test_a_reason_is_told_once_and_again_after_a_long_while_or_a_success() -> None:
    attempts = Attempts(LIMIT_S)
    assert not attempts.repeating
    assert not attempts.given_up("EVAL: no", 0.0)
    assert attempts.repeating and attempts.given_up("EVAL: no", 1.0)
    assert not attempts.given_up("MISCONF", 1.0)
    assert not attempts.given_up("EVAL: no", TELL_AGAIN_S)
    attempts.succeeded()
    assert not attempts.repeating
    assert not attempts.given_up("EVAL: no", TELL_AGAIN_S)


def test_what_led_to_it_is_told_once_too_and_whatever_succeeds_each_time() -> None:
    attempts = Attempts(LIMIT_S)
    assert not attempts.repeats(ODOWN, 0.0)
    assert not attempts.repeats(ODOWN, 0.1), "nothing was given up since"
    attempts.given_up("EVAL: no", 0.2)
    assert attempts.repeats(ODOWN, 0.3)
    assert not attempts.repeats("b", 0.3)
    assert not attempts.repeats(ODOWN, 0.3 + TELL_AGAIN_S)


def test_what_is_remembered_has_a_limit() -> None:
    attempts = Attempts(LIMIT_S)
    for number in range(MAX_REASONS + 1):
        attempts.given_up(f"reason {number}", 0.0)
    assert not attempts.given_up("reason 0", 0.0)


def test_a_promotion_that_fails_again_and_again_costs_ever_fewer_terms_and_is_told_once() -> None:
    world = World(members=1)
    world.kill(A)
    tried_at: list[float] = []
    for _ in range(400):
        while world.performs:
            perform = world.perform()
            if isinstance(perform.step, Promote):
                tried_at.append(world.now)
                world.step(StepFailed(perform.token, "EVAL: no"))
        world.advance(0.1)
    assert 2 <= len(tried_at) < 15, "in 40 s"
    aborted = [(n.event, n.again) for n in world.notices if isinstance(n.event, leaders.FailoverAborted)]
    news = [event.reason for event, again in aborted if not again]
    assert len(news) == len(set(news)), "each reason once"


def test_what_each_attempt_does_before_it_fails_is_told_once() -> None:
    world = World(members=1)
    world.kill(A)
    for _ in range(400):
        while world.performs:
            world.step(StepFailed(world.perform().token, "EVAL: no"))
        world.advance(0.1)
    for kind in (leaders.Elected, events.CandidateChosen, leaders.IntentCommitted):
        told = [n for n in world.notices if isinstance(n.event, kind)]
        news = [
            getattr(n.event, "node", None) or getattr(n.event, "reasons", None) for n in told if not n.again
        ]
        assert len(told) > len(news) == len(set(news)), kind
    assert all(n.again for n in world.notices if isinstance(n.event, leaders.SteppedDown))
