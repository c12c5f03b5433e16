"""A switchover by Redis's own ``FAILOVER TO``: the primary hands its role over by itself.

The primary pauses its writes, waits until the target has its offset, becomes its replica, and tells it to
take over (``PSYNC ... FAILOVER``); it resumes as primary if the target does not catch up in time. From
``failover-in-progress`` on there is no time limit: if the target dies in that very moment, the old primary
stays a replica until somebody ends it (Redis documentation, FAILOVER).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress

from promotion.conversation import (
    Call,
    LinkLostError,
    Pause,
    Reply,
    ReplyError,
    Request,
    StepFailedError,
    StepUnknownError,
)
from promotion.fence_overrides import check_for_fence
from promotion.fenced_session import FencedSession, Part, Requests
from promotion.promoting import CUT_CLIENTS, set_fence
from promotion.replies import Command, read_fields
from promotion.step_types import Handover

POLL_S = 0.01
GRACE_S = 1.0
"""Time beyond the handover's own limit: for the target's answer, and for the reply to reach us."""


def order_handover(step: Handover, session: FencedSession) -> Requests:
    """The fence is raised first; the target receives it like any other write. FAILOVER then watches it."""
    overrides = yield from check_for_fence(session)
    if session.key is not None:
        yield from set_fence(session, overrides)
        yield from session.watch_again()
    timeout_ms = max(1, round(step.timeout_s * 1000))
    order: Command = ("FAILOVER", "TO", step.target_host, step.target_port, "TIMEOUT", timeout_ms)
    yield from session.transact(Part(order))
    yield from hand_over(step)
    # The handover is done, whatever happens to this command.
    with suppress(LinkLostError):
        yield from session.attempt(*CUT_CLIENTS)


def hand_over(step: Handover) -> Generator[Request, Reply, None]:
    """Wait until the handover is done.

    Raises StepFailedError if ``step.node`` is the primary as before, StepUnknownError if FAILOVER hangs.
    """
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
