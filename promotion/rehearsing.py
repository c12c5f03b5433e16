"""Rehearses a switchover on a node: tries every command that it needs before anything is done.

Redis judges a command when it is queued: it says whether the user may run it, and whether it exists. So all
commands are queued behind a MULTI and discarded. A replica's refusal of a write, or a full node's refusal to
queue, says nothing against the switchover: only a denial does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promotion.conversation import ReplyError, StepFailedError
from promotion.disk_refusal import SAVE, disk_refusal
from promotion.fence_overrides import ASK, log_failed, snapshot_failed
from promotion.fenced_session import FencedSession, Requests
from promotion.replies import NO_ONE, Command, denied, setting
from promotion.roles import ROLE
from promotion.step_types import Rehearse

PAUSE: Command = ("CLIENT", "PAUSE", 1, "WRITE")
RESUME: Command = ("CLIENT", "UNPAUSE")
ASK_HANDOVER: Command = ("FAILOVER", "ABORT")


def rehearse(step: Rehearse, session: FencedSession) -> Requests:
    replies = yield from session.check(*ASK, ("CONFIG", "GET", SAVE))
    tried = TO_PRIMARY if step.becomes == "primary" else TO_REPLICA
    # A primary with paused writes would neither queue a write nor answer.
    if session.key is not None and step.becomes == "primary":
        tried = (*tried, ("SET", session.key, session.term))
    answers = dict(zip(tried, (yield from session.try_out(*tried)), strict=False))
    refused = {words: reply for words, reply in answers.items() if _is_denial(reply)}
    if step.becomes == "primary":
        _expect_writable(session, replies)
        _expect(session, refused, *tried)
        return
    _expect(session, refused, NO_ONE)
    if PAUSE in refused:
        # Then it is asked to hand over by itself.
        _expect(session, refused, ASK_HANDOVER)
    else:
        _expect(session, refused, RESUME)


TO_PRIMARY: tuple[Command, ...] = (NO_ONE, ROLE)
TO_REPLICA: tuple[Command, ...] = (*TO_PRIMARY, PAUSE, RESUME, ASK_HANDOVER)
"""These include what the old primary needs to get its role back."""


def _is_denial(reply: object) -> bool:
    return isinstance(reply, ReplyError) and denied(reply)


def _expect(session: FencedSession, refused: Mapping[Command, ReplyError], *needed: Command) -> None:
    for words in needed:
        if words in refused:
            raise session.failed(words, refused[words])


def _expect_writable(session: FencedSession, replies: tuple[Any, ...]) -> None:
    """Raises StepFailedError if the node would refuse every write: a switchover to it would be an outage."""
    _, stop_writes, persistence, save = replies
    why = disk_refusal(
        snapshot_failed=snapshot_failed(persistence),
        aof_failed=log_failed(persistence),
        stops=setting(stop_writes) != b"no",
        saves=setting(save) != b"",
    )
    if why is not None:
        raise StepFailedError(session.node, f"would refuse all writes (MISCONF): {why}")
