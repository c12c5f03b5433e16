"""Waiting for a ``FAILOVER TO`` that a primary has begun, until it is done or undone.

The primary pauses its writes, waits until the target has its offset, becomes its replica, and tells it to
take over (``PSYNC ... FAILOVER``); it resumes as primary if the target does not catch up in time. From
``failover-in-progress`` on there is no time limit: if the target dies in that very moment, the old primary
stays a replica until somebody ends it (Redis documentation, FAILOVER).
"""

from __future__ import annotations

from collections.abc import Generator

from promotion.conversation import (
    Call,
    Pause,
    Reply,
    ReplyError,
    Request,
    StepFailedError,
    StepUnknownError,
)
from promotion.step_types import Handover

POLL_S = 0.01
GRACE_S = 1.0
"""Beyond its own time limit: the target must answer, and the reply reach us."""


def hand_over(step: Handover) -> Generator[Request, Reply, None]:
    """Raises StepFailedError if ``step.node`` is the primary as before, StepUnknownError if it hangs."""
    for _ in range(round((step.timeout_s + GRACE_S) / POLL_S)):
        yield Pause(POLL_S)
        reply = yield Call(("INFO", "replication"))
        if isinstance(reply, ReplyError):
            raise StepUnknownError(step.node, f"INFO: {reply.message}")
        state = read_fields(reply)
        if state.get("master_failover_state", "no-failover") != "no-failover":
            continue
        if state.get("role") == "slave":
            return
        raise StepFailedError(
            step.node,
            f"{step.target} did not catch up within {step.timeout_s:g} s; it is the primary as before",
        )
    raise StepUnknownError(step.node, f"{step.target} does not take over; FAILOVER is still in progress")


def read_fields(reply: bytes) -> dict[str, str]:
    """The ``name:value`` lines of an INFO reply."""
    lines = (line.partition(":") for line in reply.decode("utf-8", "replace").splitlines())
    return {name: value for name, colon, value in lines if colon}
