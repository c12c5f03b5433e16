"""Trying what a switchover needs of a node before anything of it is done.

Redis judges a command when it is queued: it says whether the user may run it, and whether it is there at all.
So everything is queued behind a MULTI and discarded. What a replica refuses because it is one (a write), or
what cannot be queued because the node is full, says nothing against it: only a denial does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promotion.conversation import ReplyError, StepFailedError
from promotion.disk_refusal import SAVE, disk_refusal
from promotion.replies import NO_ONE, Command, denied, setting
from promotion.roles import ROLE
from promotion.settings_aside import ASK, log_failed, snapshot_failed
from promotion.step_types import Rehearse
from promotion.talk import Asking, Talk

PAUSE: Command = ("CLIENT", "PAUSE", 1, "WRITE")
RESUME: Command = ("CLIENT", "UNPAUSE")
ASK_HANDOVER: Command = ("FAILOVER", "ABORT")


def rehearse(step: Rehearse, talk: Talk) -> Asking:
    replies = yield from talk.check(*ASK, ("CONFIG", "GET", SAVE))
    tried = TO_PRIMARY if step.becomes == "primary" else TO_REPLICA
    # A primary that holds its writes back would not even queue one, nor answer.
    if talk.key is not None and step.becomes == "primary":
        tried = (*tried, ("SET", talk.key, talk.term))
    answers = dict(zip(tried, (yield from talk.try_out(*tried)), strict=False))
    refused = {words: reply for words, reply in answers.items() if _is_denial(reply)}
    if step.becomes == "primary":
        _expect_writable(talk, replies)
        _expect(talk, refused, *tried)
        return
    _expect(talk, refused, NO_ONE)
    if PAUSE in refused:
        # It is asked to hand over by itself then.
        _expect(talk, refused, ASK_HANDOVER)
    else:
        _expect(talk, refused, RESUME)


TO_PRIMARY: tuple[Command, ...] = (NO_ONE, ROLE)
TO_REPLICA: tuple[Command, ...] = (*TO_PRIMARY, PAUSE, RESUME, ASK_HANDOVER)
"""The old primary must be able to get its role back, too."""


def _is_denial(reply: object) -> bool:
    return isinstance(reply, ReplyError) and denied(reply)


def _expect(talk: Talk, refused: Mapping[Command, ReplyError], *needed: Command) -> None:
    for words in needed:
        if words in refused:
            raise talk.failed(words, refused[words])


def _expect_writable(talk: Talk, replies: tuple[Any, ...]) -> None:
    """A planned change to a node that would refuse every write is an outage."""
    _, stop_writes, persistence, save = replies
    why = disk_refusal(
        snapshot_failed=snapshot_failed(persistence),
        aof_failed=log_failed(persistence),
        stops=setting(stop_writes) != b"no",
        saves=setting(save) != b"",
    )
    if why is not None:
        raise StepFailedError(talk.node, f"would refuse all writes (MISCONF): {why}")
