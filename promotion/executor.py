"""Takes a leader's steps against Redis: holds the conversation of a step over a connection of redis-py.

Thin: what is said is decided in ``steps``. Here is the lease checked before each request, the time
limited, and the outcome told apart when a connection is lost: once EXEC was sent, it is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from promotion.conversation import (
    Call,
    Calls,
    LeaseLostError,
    Pause,
    ReplyError,
    Request,
    StepError,
    StepFailedError,
    StepUnknownError,
    Transact,
    Word,
)
from promotion.handover import GRACE_S
from promotion.step_types import Demoted, Handover, Step
from promotion.steps import conversation

Connect = Callable[[str], Awaitable["Redis"]]
Guard = Callable[[], bool]


class Executor:
    """``connect`` gives a client of its own for a node, which is closed after the step.

    ``fence_key`` None turns the fence off. ``timeout_s`` bounds each step, beside the time that a handover
    is given.
    """

    def __init__(self, connect: Connect, fence_key: str | None, timeout_s: float) -> None:
        self._connect = connect
        self._fence_key = fence_key
        self._timeout_s = timeout_s

    async def run(self, step: Step, term: int, guard: Guard) -> Demoted | None:
        """Take ``step`` under ``term``. ``guard`` tells whether the lease is valid, at each send.

        Returns what the step has measured, if anything.

        Raises FencedError, LeaseLostError, StepFailedError or StepUnknownError.
        """
        sent: list[bool] = []
        node = step.node
        _check(node, guard)
        try:
            async with asyncio.timeout(self._limit_s(step)):
                client = await self._connect(node)
                try:
                    connection = await client.connection_pool.get_connection()
                    return await self._converse(step, term, connection, guard, sent)
                finally:
                    await client.aclose()
        except TimeoutError as error:
            raise _lost(node, sent, str(error) or f"no answer within {self._limit_s(step):g} s") from None
        except (RedisError, OSError) as error:
            raise _lost(node, sent, f"{type(error).__name__}: {error}") from error

    def _limit_s(self, step: Step) -> float:
        return self._timeout_s + (step.timeout_s + GRACE_S if isinstance(step, Handover) else 0.0)

    async def _converse(
        self, step: Step, term: int, connection: AbstractConnection, guard: Guard, sent: list[bool]
    ) -> Demoted | None:
        talk = conversation(step, term, self._fence_key)
        reply: Any = None
        try:
            while True:
                request = talk.send(reply)
                _check(step.node, guard)
                reply = await _ask(connection, request, sent)
        except StopIteration as end:
            return end.value if isinstance(end.value, Demoted) else None


async def _ask(connection: AbstractConnection, request: Request, sent: list[bool]) -> Any:
    match request:
        case Pause(seconds):
            return await asyncio.sleep(seconds)
        case Transact(commands):
            return await _transact(connection, commands, sent)
        case Calls(commands):
            return tuple(await _exchange(connection, commands))
        case Call(words):
            return (await _exchange(connection, (words,)))[0]


async def _transact(
    connection: AbstractConnection, commands: tuple[tuple[Word, ...], ...], sent: list[bool]
) -> Any:
    """MULTI to EXEC in one write."""
    sent.append(True)
    _, *queued, outcome = await _exchange(connection, (("MULTI",), *commands, ("EXEC",)))
    if outcome is None or isinstance(outcome, ReplyError):
        sent.clear()
    if isinstance(outcome, ReplyError):
        # EXECABORT tells less than the refusal that it is because of.
        return next((reply for reply in queued if isinstance(reply, ReplyError)), outcome)
    if outcome is None:
        return None
    return tuple(_error(reply) if isinstance(reply, ResponseError) else reply for reply in outcome)


async def _exchange(connection: AbstractConnection, commands: tuple[tuple[Word, ...], ...]) -> list[Any]:
    """One write, and the reply to each, as Redis sends it.

    The connection is never made anew, as redis-py's clients would: a new one does not know what is watched.
    """
    if not connection.is_connected:
        raise RedisConnectionError("the connection was closed")
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(await connection.read_response())
        except ResponseError as error:
            replies.append(_error(error))
    return replies


def _error(error: ResponseError) -> ReplyError:
    """redis-py cuts the code off the errors that it has a class for."""
    text = str(error)
    if isinstance(error, NoPermissionError) and not text.startswith("NOPERM"):
        text = f"NOPERM {text}"
    return ReplyError(text)


def _check(node: str, guard: Guard) -> None:
    if not guard():
        raise LeaseLostError(node, "this sentinel's lease has run out")


def _lost(node: str, sent: list[bool], reason: str) -> StepError:
    """The error for a connection that could not be made, or broke; what counts is whether EXEC was sent."""
    return (StepUnknownError if sent else StepFailedError)(node, reason)
