"""Checks that a reply has a shape that Redis can send. Any other reply ends the conversation.

Behind a node's address may be a proxy, another program, or a faulty server. A step relies on the shape of the
replies that it reads; another shape must fail the step, and never the sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from promotion.conversation import Reply, ReplyError
from promotion.replies import Command, aborted

_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def whole(text: str | bytes | None) -> int | None:
    """The whole number in a node's reply; None if it is none, or longer than Redis's numbers."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None


def odd_one(commands: Sequence[Command], replies: Sequence[Reply]) -> Command | None:
    """The first command whose reply no Redis can send; None if there is none."""
    queue: list[Command] | None = None
    for words, reply in zip(commands, replies, strict=True):
        if words == ("MULTI",):
            queue = None if isinstance(reply, ReplyError) else []
        elif words[0] in ("EXEC", "DISCARD"):
            if words == ("EXEC",) and queue is not None and _odd_outcome(queue, reply):
                return words
            # If the transaction cannot be left, the next commands are queued, too.
            left = not isinstance(reply, ReplyError) or aborted(reply) or "without MULTI" in reply.message
            queue = None if left else queue
        elif queue is not None:
            queue.append(words)
        elif not _fits(words, reply):
            return words
    return None


def _odd_outcome(queue: list[Command], outcome: Reply) -> bool:
    """Whether EXEC's reply is neither an error nor one fitting reply for each queued command."""
    if outcome is None or isinstance(outcome, ReplyError):
        return False
    return (
        not isinstance(outcome, list | tuple)
        or len(outcome) != len(queue)
        or not all(_fits(words, reply) for words, reply in zip(queue, outcome, strict=True))
    )


def _fits(words: Command, reply: Reply) -> bool:
    if isinstance(reply, ReplyError):
        return True
    match words[0]:
        case "GET":
            return reply is None or isinstance(reply, bytes)
        case "INFO":
            return isinstance(reply, bytes)
        case "ROLE":
            return _is_role(reply)
        case _:
            return True


def _is_role(reply: Any) -> bool:
    match reply:
        case [b"slave", bytes(host), int(), *_]:
            return host.isascii()
        case [bytes(role), *_]:
            return role != b"slave"
        case _:
            return False
