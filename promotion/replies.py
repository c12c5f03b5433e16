"""What an answer says, and how a command is told: the words that all steps share."""

from __future__ import annotations

from typing import Any, TypeAlias

from promotion.conversation import ReplyError, Word

Command: TypeAlias = tuple[Word, ...]
REPLICAOF, SLAVEOF = "REPLICAOF", "SLAVEOF"
"""One command under two names: either may be renamed away, or denied, and the other be left."""
NO_ONE: Command = (REPLICAOF, "NO", "ONE")


def denied(error: ReplyError) -> bool:
    """Whether the command is not there, or not for us: it would be refused at any other time as well."""
    text = error.message.lower()
    return "noperm" in text or "no permissions" in text or "unknown command" in text or "unknown sub" in text


def aborted(reply: Any) -> bool:
    """Whether EXEC has ended a transaction without doing any of it."""
    return isinstance(reply, ReplyError) and reply.code == "EXECABORT"


def setting(reply: Any) -> bytes | None:
    """The value in the answer to a CONFIG GET of one setting; None where it may not be read."""
    match reply:
        case [_, bytes(value)]:
            return value
        case _:
            return None


def named(words: Command) -> str:
    """The command, as far as it says what was wanted."""
    told = {"EVAL": 1, "SET": 2}.get(str(words[0]), 3)
    return " ".join(str(word) for word in words[:told])


def said(error: ReplyError) -> str:
    return f"missing permission: {error.message}" if error.code == "NOPERM" else error.message


def turn_denied(words: Command, reply: Any) -> bool:
    return words[0] == REPLICAOF and isinstance(reply, ReplyError) and denied(reply)
