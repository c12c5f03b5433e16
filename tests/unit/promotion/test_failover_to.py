"""Waiting for a primary that hands its role over: done, undone, or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from promotion.conversation import Call, Pause, ReplyError, StepFailedError, StepUnknownError
from promotion.failover_to import GRACE_S, POLL_S, hand_over
from promotion.replies import read_fields
from promotion.step_types import Handover

STEP = Handover("a:1", "b:1", "b", 1, 0.5)
WAITING = b"role:master\r\nmaster_failover_state:waiting-for-sync\r\n"
TURNING = b"role:slave\r\nmaster_failover_state:failover-in-progress\r\n"
DONE = b"role:slave\r\nmaster_failover_state:no-failover\r\n"
UNDONE = b"role:master\r\nmaster_failover_state:no-failover\r\n"


def wait(*answers: object, then: object = None) -> float:
    """The seconds that were let pass; an answer is given to each look, and ``then`` to all that follow."""
    told: Iterator[object] = chain(answers, repeat(then))
    talk = hand_over(STEP)
    passed_s, answer = 0.0, None
    try:
        while True:
            request: Any = talk.send(answer)
            if isinstance(request, Pause):
                passed_s, answer = passed_s + request.seconds, None
            else:
                assert request == Call(("INFO", "replication"))
                answer = next(told)
    except StopIteration:
        return passed_s


def test_it_is_over_when_the_old_primary_is_a_replica_and_nothing_is_in_progress() -> None:
    assert wait(WAITING, WAITING, TURNING, DONE) == pytest.approx(4 * POLL_S)


def test_a_server_that_tells_no_state_is_believed_by_its_role() -> None:
    assert wait(b"role:slave\r\n") == pytest.approx(POLL_S)


def test_a_primary_that_went_back_to_what_it_was_is_a_failure() -> None:
    with pytest.raises(StepFailedError, match=r"b:1 did not catch up within 0\.5 s.*primary as before"):
        wait(WAITING, UNDONE)


@pytest.mark.parametrize("state", [WAITING, TURNING])
def test_one_that_never_ends_is_unknown_after_its_time(state: bytes) -> None:
    with pytest.raises(StepUnknownError, match="b:1 does not take over"):
        wait(then=state)


def test_it_looks_for_a_while_beyond_the_limit_of_the_handover() -> None:
    looks = round((STEP.timeout_s + GRACE_S) / POLL_S)
    assert wait(*[TURNING] * (looks - 1), DONE) == pytest.approx(STEP.timeout_s + GRACE_S)


def test_one_that_cannot_be_looked_at_is_unknown() -> None:
    with pytest.raises(StepUnknownError, match="NOPERM no INFO"):
        wait(WAITING, ReplyError("NOPERM no INFO"))


def test_what_is_no_field_is_passed_over() -> None:
    assert read_fields(b"# Replication\r\n\r\nrole:master\r\nslave0:ip=::1,port=1\r\nx\xff:y\r\n") == {
        "role": "master",
        "slave0": "ip=::1,port=1",
        "x�": "y",
    }
