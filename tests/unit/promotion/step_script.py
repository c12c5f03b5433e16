"""A conversation with a node that answers as scripted: every request must be the expected one, in order."""

from __future__ import annotations

from typing import Any, TypeAlias

from promotion.conversation import Call, Calls, Conversation, Request, StepError, Transact, Word
from promotion.step_types import Demoted

KEY, TERM = "fence", 7
OK = b"OK"
NOPERM = "NOPERM this user has no permissions to run the command"
CUT: tuple[tuple[Word, ...], ...] = (
    ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
)
REWRITE = ("CONFIG", "REWRITE")
RAISE = ("EVAL", "redis.call('SET', KEYS[1], ARGV[1])", 1, KEY, TERM)
"""Raises the fence to the leader's term."""

Script: TypeAlias = tuple[tuple[Request, Any], ...]
"""Each expected request with the answer to it."""


def fence(found: object = b"6", *also: tuple[tuple[Word, ...], object], watched: object = OK) -> Script:
    """The check of the fence, which holds ``found``; ``also`` is what is asked with it, and the answers."""
    asked = Calls((("WATCH", KEY), ("GET", KEY), *(words for words, _ in also)))
    return ((asked, (watched, found, *(answer for _, answer in also))),)


def role(name: bytes = b"master", *rest: object) -> tuple[Request, Any]:
    return Call(("ROLE",)), [name, *rest]


def done(*commands: tuple[Word, ...]) -> tuple[Request, Any]:
    """A transaction in which every command succeeds."""
    return Transact(commands), tuple(OK for _ in commands)


def hold(talk: Conversation, *script: tuple[Request, Any]) -> Demoted | None:
    """The result, if exactly what is expected was asked for. An error may come after the last answer only."""
    answer: Any = None
    for expected, next_answer in script:
        try:
            asked = talk.send(answer)
        except (StopIteration, StepError) as early:
            raise AssertionError(f"{early!r}, before it asked for {expected}") from early
        assert asked == expected
        answer = next_answer
    try:
        more = talk.send(answer)
    except StopIteration as end:
        result: Demoted | None = end.value
        return result
    raise AssertionError(f"it also asked for {more}")
