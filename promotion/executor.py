"""Takes a leader's steps against Redis: drives the conversation of a step over a connection.

``steps`` decides what is sent. The executor checks the lease before each request, limits the time, and tells
the conversation when its connection is lost: the conversation knows whether anything can have been done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import (
    BusyLoadingError,
    ExecAbortError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from promotion.conversation import (
    Call,
    Calls,
    Conversation,
    LeaseLostError,
    LinkLostError,
    Pause,
    Reply,
    ReplyError,
    Request,
    StepFailedError,
    Word,
)
from promotion.failover_to import GRACE_S
from promotion.replies import command_name
from promotion.step_types import Handover, Step, Taken
from promotion.steps import conversation

_CODES: tuple[tuple[type[RedisError], str], ...] = (
    (NoPermissionError, "NOPERM"),
    (OutOfMemoryError, "OOM"),
    (MasterDownError, "MASTERDOWN"),
    (ReadOnlyError, "READONLY"),
    (ExecAbortError, "EXECABORT"),
    (BusyLoadingError, "LOADING"),
)

MAX_ERROR_CHARS = 300
"""How much of a node's error is kept: as a reason it is stored, and sent to peers and receivers."""
LATE_TRIPS = 6
"""A step may take longer by this many times this process's lateness: several answers wait to be read."""


class Exchange(Protocol):
    """A connection to one node for one conversation."""

    async def write(self, commands: tuple[tuple[Word, ...], ...]) -> list[Reply]:
        """One write, and the reply to each as Redis sends it.

        Raises RedisError or OSError when the connection is lost. It is never opened again: a new connection
        has forgotten the WATCH.
        """

    @property
    def unanswered(self) -> tuple[Word, ...] | None:
        """The first command of the last write that has no reply yet."""

    async def close(self) -> None: ...


Connect = Callable[[str], Awaitable[Exchange]]
Guard = Callable[[], bool]


class Executor:
    """``connect`` opens a connection to a node; it is closed after the step.

    ``fence_key`` None turns the fence off. ``timeout_s`` limits each step, in addition to a handover's own
    limit. ``late_s`` says how late this process is: a step may take longer by that, within a valid lease.
    """

    def __init__(
        self,
        connect: Connect,
        fence_key: str | None,
        timeout_s: float,
        late_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._connect = connect
        self._fence_key = fence_key
        self._timeout_s = timeout_s
        self._late_s = late_s

    async def run(self, step: Step, term: int, guard: Guard) -> Taken:
        """Take ``step`` under ``term``. ``guard`` says at each send whether the lease is valid.

        Raises FencedError, LeaseLostError, StepFailedError or StepUnknownError.
        """
        _check(step.node, guard)
        conversing = conversation(step, term, self._fence_key)
        exchange: Exchange | None = None
        limit_s = self._limit_s(step)
        try:
            async with asyncio.timeout(limit_s):
                exchange = await self._connect(step.node)
                try:
                    return await _converse(conversing, step.node, exchange, guard)
                finally:
                    await exchange.close()
        except TimeoutError as error:
            reason = str(error) or f"no answer within {limit_s:g} s"
        except (RedisError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
        return _lost(
            conversing, step.node, missing(reason, exchange.unanswered if exchange is not None else None)
        )

    def _limit_s(self, step: Step) -> float:
        patience_s = self._timeout_s + LATE_TRIPS * self._late_s()
        return patience_s + (step.timeout_s + GRACE_S if isinstance(step, Handover) else 0.0)


async def _converse(conversing: Conversation, node: str, exchange: Exchange, guard: Guard) -> Taken:
    reply: Any = None
    try:
        while True:
            request = conversing.send(reply)
            _check(node, guard)
            reply = await _ask(exchange, request)
    except StopIteration as end:
        return _taken(end)


async def _ask(exchange: Exchange, request: Request) -> Reply:
    match request:
        case Pause(seconds):
            return await asyncio.sleep(seconds)
        case Calls(commands):
            return tuple(await exchange.write(commands))
        case Call(words):
            return (await exchange.write((words,)))[0]


def _lost(conversing: Conversation, node: str, reason: str) -> Taken:
    """How the conversation ends without its connection; if it had not begun, nothing was done."""
    try:
        conversing.throw(LinkLostError(reason))
    except StopIteration as end:
        return _taken(end)
    except LinkLostError:
        raise StepFailedError(node, reason) from None
    raise AssertionError(f"{node}: a conversation went on without a connection")


def missing(reason: str, unanswered: tuple[Word, ...] | None) -> str:
    """The reason why a connection was lost, with the first unanswered command."""
    return reason if unanswered is None else f"{reason}, {command_name(unanswered)} was not answered"


def _taken(end: StopIteration) -> Taken:
    taken: Taken = end.value
    return taken


class ConnectionExchange:
    """An ``Exchange`` over a connection of redis-py, which it closes."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self.unanswered: tuple[Word, ...] | None = None

    async def write(self, commands: tuple[tuple[Word, ...], ...]) -> list[Reply]:
        connection = self._connection
        if not connection.is_connected:
            raise RedisConnectionError("the connection was closed")
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        replies: list[Reply] = []
        for words in commands:
            self.unanswered = words
            try:
                replies.append(as_reply(await connection.read_response()))
            except (ResponseError, BusyLoadingError) as error:
                replies.append(as_reply(error))
        self.unanswered = None
        return replies

    async def close(self) -> None:
        await self._connection.disconnect()


def as_reply(reply: Any) -> Reply:
    """redis-py's errors as data, also those within the answer to an EXEC."""
    if isinstance(reply, ResponseError | BusyLoadingError):
        return _error(reply)
    if isinstance(reply, list):
        return [as_reply(one) for one in reply]
    return reply


def _error(error: RedisError) -> ReplyError:
    """redis-py removes the code from errors for which it has a class; the code is put back."""
    text = str(error)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "")
    message = text if text.startswith(code) else f"{code} {text}"
    return ReplyError(message if len(message) <= MAX_ERROR_CHARS else f"{message[:MAX_ERROR_CHARS]}...")


def _check(node: str, guard: Guard) -> None:
    if not guard():
        raise LeaseLostError(node, "this sentinel's lease has run out")
