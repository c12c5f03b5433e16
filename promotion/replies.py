"""Reads replies and names commands in messages: helpers that all steps share."""

from __future__ import annotations

from typing import Any, TypeAlias

from promotion.conversation import ReplyError, Word

Command: TypeAlias = tuple[Word, ...]
REPLICAOF, SLAVEOF = "REPLICAOF", "SLAVEOF"
"""Two names of one command: either may be renamed or denied while the other still works."""
NO_ONE: Command = (REPLICAOF, "NO", "ONE")


def denied(error: ReplyError) -> bool:
    """Whether the command is missing or forbidden, so that it would be refused at any other time as well."""
    text = error.message.lower()
    return "noperm" in text or "no permissions" in text or "unknown command" in text or "unknown sub" in text


def aborted(reply: Any) -> bool:
    """Whether EXEC has ended a transaction and run none of it."""
    return isinstance(reply, ReplyError) and reply.code == "EXECABORT"


def setting(reply: Any) -> bytes | None:
    """The value in the reply to a CONFIG GET of one setting; None if it may not be read."""
    match reply:
        case [_, bytes(value)]:
            return value
        case _:
            return None


def command_name(words: Command) -> str:
    """The command for messages: its first words, without values."""
    count = {"EVAL": 1, "SET": 2}.get(str(words[0]), 3)
    return " ".join(str(word) for word in words[:count])


def error_text(error: ReplyError) -> str:
    return f"missing permission: {error.message}" if error.code == "NOPERM" else error.message


def replicaof_denied(words: Command, reply: Any) -> bool:
    return words[0] == REPLICAOF and isinstance(reply, ReplyError) and denied(reply)


def read_fields(reply: bytes) -> dict[str, str]:
    """The ``name:value`` lines of an INFO reply."""
    lines = (line.partition(":") for line in reply.decode("utf-8", "replace").splitlines())
    return {name: value for name, colon, value in lines if colon}
