"""A step's conversation with a node: a generator that yields requests and is sent the replies.

So the requests, and the conclusions from the replies, are decided without any I/O: ``executor`` holds the
conversation over a connection of redis-py, the simulator with a model of Redis.

The driver of a conversation checks the lease before each request, opens one connection for all of it, and
throws ``LinkLostError`` into it when that connection is lost or the time is up: the conversation knows what
that means.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from promotion.step_types import Taken

Word: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Call:
    """One command, sent at once; the reply is a ``Reply``."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """Commands in one write, which the node reads at once; the reply is a tuple with one ``Reply`` for each.

    A transaction is written out: ``MULTI``, its commands, ``EXEC``. By Redis's rules it does nothing if a
    watched key changed. ``acts``: the commands change something, so if the answer is lost nobody knows what
    was done.
    """

    commands: tuple[tuple[Word, ...], ...]
    acts: bool = False


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


Request: TypeAlias = Call | Calls | Pause
Reply: TypeAlias = Any
"""As Redis sends it: ``bytes`` (a status too), ``int``, None, a list of these, or a ``ReplyError``."""
Conversation: TypeAlias = Generator[Request, Reply, Taken]
"""Returns what became of the step, once it is done."""


class LinkLostError(Exception):
    """The driver throws it into the conversation: no reply will come, to this or any later request."""


class StepError(Exception):
    """A step was not taken, or is not known to have been taken. The message names the node."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(f"{node}: {reason}")
        self.node = node
        self.reason = reason


class StepFailedError(StepError):
    """Nothing was changed, or the change was taken back; the reason names the refused command."""


class StepUnknownError(StepError):
    """A command that changes the node was sent, and its answer lost: it may have run, or may run yet."""


class LeaseLostError(StepFailedError):
    """This sentinel may no longer be the leader; nothing was sent."""


class FencedError(StepError):
    """The node has seen ``found_term``, which is not below ours."""

    def __init__(self, node: str, found_term: int) -> None:
        super().__init__(node, f"fenced by term {found_term}")
        self.found_term = found_term
