"""Ordering a primary to hand its role over by itself, with the fence raised before it does."""

from __future__ import annotations

from contextlib import suppress

from promotion.conversation import LinkLostError
from promotion.handover import hand_over
from promotion.promoting import CUT_CLIENTS, set_fence
from promotion.replies import Command
from promotion.settings_aside import check_for_fence
from promotion.step_types import Handover
from promotion.talk import Asking, Part, Talk


def order_handover(step: Handover, talk: Talk) -> Asking:
    """The target gets the fence as any other write; the order then watches it."""
    lifted = yield from check_for_fence(talk)
    if talk.key is not None:
        yield from set_fence(talk, lifted)
        yield from talk.watch_again()
    timeout_ms = max(1, round(step.timeout_s * 1000))
    order: Command = ("FAILOVER", "TO", step.target_host, step.target_port, "TIMEOUT", timeout_ms)
    yield from talk.transact(Part(order))
    yield from hand_over(step)
    # It is done, whatever becomes of this.
    with suppress(LinkLostError):
        yield from talk.attempt(*CUT_CLIENTS)
