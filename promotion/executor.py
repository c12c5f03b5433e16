"""Takes a leader's steps against Redis: holds the conversation of a step over a connection of redis-py.

Thin: what is said is decided in ``steps``. Here is the lease checked before each request, the time
limited, and the outcome told apart when a connection is lost: once EXEC was sent, it is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoPermissionError, RedisError, ResponseError, WatchError

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
                    async with client.pipeline(transaction=False) as pipe:
                        # Replies as Redis sends them, not as redis-py would present them.
                        pipe.response_callbacks.clear()
                        return await self._converse(step, term, pipe, guard, sent)
                finally:
                    await client.aclose()
        except TimeoutError as error:
            raise _lost(node, sent, str(error) or f"no answer within {self._limit_s(step):g} s") from None
        except (RedisError, OSError) as error:
            raise _lost(node, sent, f"{type(error).__name__}: {error}") from error

    def _limit_s(self, step: Step) -> float:
        return self._timeout_s + (step.timeout_s + GRACE_S if isinstance(step, Handover) else 0.0)

    async def _converse(
        self, step: Step, term: int, pipe: Pipeline, guard: Guard, sent: list[bool]
    ) -> Demoted | None:
        talk = conversation(step, term, self._fence_key)
        reply: Any = None
        try:
            while True:
                request = talk.send(reply)
                _check(step.node, guard)
                reply = await _ask(pipe, request, sent)
        except StopIteration as end:
            return end.value if isinstance(end.value, Demoted) else None


async def _ask(pipe: Pipeline, request: Request, sent: list[bool]) -> Any:
    match request:
        case Pause(seconds):
            return await asyncio.sleep(seconds)
        case Transact(commands):
            return await _transact(pipe, commands, sent)
        case Calls(commands):
            return await _calls(pipe, commands)
        case Call(words):
            return (await _calls(pipe, (words,)))[0]


async def _calls(pipe: Pipeline, commands: tuple[tuple[Word, ...], ...]) -> tuple[Any, ...]:
    """The connection is the client's only one: what it watches stays watched until the transaction."""
    for words in commands:
        # ``execute_command`` would send a WATCH on its own, and UNWATCH in the end.
        pipe.pipeline_execute_command(*words)
    return _replies(await pipe.execute(raise_on_error=False))


async def _transact(pipe: Pipeline, commands: tuple[tuple[Word, ...], ...], sent: list[bool]) -> Any:
    """MULTI to EXEC in one write. redis-py raises what was refused in the queue, or the changed key."""
    pipe.multi()
    for words in commands:
        pipe.execute_command(*words)
    sent.append(True)
    try:
        replies = await pipe.execute(raise_on_error=False)
    except WatchError:
        sent.clear()
        return None
    except ResponseError as error:
        sent.clear()
        return _error(error)
    return _replies(replies)


def _replies(replies: list[Any]) -> tuple[Any, ...]:
    return tuple(_error(reply) if isinstance(reply, ResponseError) else reply for reply in replies)


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
