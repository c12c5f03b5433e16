"""How a step talks to a node: as a generator that yields what it wants sent and is given the replies.

So what is sent, and what is concluded from the answers, is decided without any I/O: ``executor`` holds the
conversation over a connection of redis-py, the simulator with a model of Redis.

Whoever drives one checks the lease before each request, opens one connection for all of it, and tells a
connection that is lost: after a ``Transact`` was sent its outcome is unknown, before that nothing was done.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from promotion.step_types import Demoted

Word: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Call:
    """One command, sent at once; the reply is a ``Reply``."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """Commands in one write, each of which runs whatever became of the others.

    The reply is a tuple with one ``Reply`` for each. After a ``WATCH`` among them, the next ``Transact`` does
    nothing if the key changes before it.
    """

    commands: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True, slots=True)
class Transact:
    """MULTI, the commands, EXEC.

    The reply is a tuple with one ``Reply`` for each command; None if the watched key had changed, so that
    nothing ran; or a ``ReplyError`` if a command was refused when it was queued, so that nothing ran.
    """

    commands: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Let ``seconds`` pass; the reply is None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReplyError:
    """An error that Redis answered, as data. ``message`` starts with its code, such as ``NOPERM``."""

    message: str

    @property
    def code(self) -> str:
        return self.message.partition(" ")[0]


Request: TypeAlias = Call | Calls | Transact | Pause
Reply: TypeAlias = Any
"""As Redis sends it: ``bytes`` (a status too), ``int``, None, a list of these, or a ``ReplyError``."""
Conversation: TypeAlias = Generator[Request, Reply, Demoted | None]
"""Returns what the step has measured, if anything."""


class StepError(Exception):
    """A step was not taken, or is not known to have been taken. The message names the node."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(f"{node}: {reason}")
        self.node = node
        self.reason = reason


class StepFailedError(StepError):
    """The transaction was not sent, or Redis answered it with an error, which the reason repeats."""


class StepUnknownError(StepError):
    """The transaction was sent, and its answer lost: it may have run, or may run yet."""


class LeaseLostError(StepFailedError):
    """This sentinel may no longer be the leader; nothing was sent."""


class FencedError(StepError):
    """The node has seen ``found_term``, which is not below ours."""

    def __init__(self, node: str, found_term: int) -> None:
        super().__init__(node, f"fenced by term {found_term}")
        self.found_term = found_term
