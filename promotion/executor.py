"""Takes a leader's steps against Redis. Thin: check the fence, act in one transaction, verify.

The fence is a key in the data set that holds the term of the newest change. It replicates: once a newer
leader has promoted another node and re-pointed this one, the WATCH of a leader that slept in between fails
its EXEC, and the GET of one that comes later shows a newer term. So Redis itself refuses a stale leader.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoPermissionError, RedisError, ResponseError, WatchError

Connect = Callable[[str], Awaitable["Redis"]]
Guard = Callable[[], bool]

MAX_TERM = 2**62
_MIN_REPLICAS = "min-replicas-to-write"
_SET_FENCE = "redis.call('SET', KEYS[1], ARGV[1])"
# By the time it runs the node is a primary already; as a plain SET it would be refused when it is queued.


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


@dataclass(frozen=True, slots=True)
class Promoted:
    """``already``: this term had promoted the node before, and its answer was lost."""

    already: bool


@dataclass(slots=True)
class _Attempt:
    """``sent``: the transaction may have reached the node."""

    pipe: Pipeline
    sent: bool = False


class Executor:
    """``connect`` gives a client of its own for a node, which is closed after the step.

    ``fence_key`` None turns the fence off. ``timeout_s`` bounds each step.
    """

    def __init__(self, connect: Connect, fence_key: str | None, timeout_s: float) -> None:
        self._connect = connect
        self._fence_key = fence_key
        self._timeout_s = timeout_s

    async def promote(self, node: str, term: int, guard: Guard) -> Promoted:
        """Make ``node`` a primary under ``term``. ``guard`` tells whether the lease is valid, at each send.

        Raises FencedError, LeaseLostError, StepFailedError or StepUnknownError.
        """
        async with self._transaction(node, guard) as attempt:
            pipe = attempt.pipe
            wanted = 0 if self._fence_key is None else await _min_replicas(pipe)
            found = await self._fence(node, pipe)
            if found > term:
                raise FencedError(node, found)
            if found == term and term > 0:
                if await _role(pipe) == "master":
                    return Promoted(already=True)
                # This very term has promoted another node, and this one follows it.
                raise FencedError(node, found)
            pipe.multi()
            pipe.execute_command("REPLICAOF", "NO", "ONE")
            needed = 1
            if self._fence_key is not None:
                # A fresh primary has no replicas yet, so min-replicas-to-write would refuse the fence.
                if wanted:
                    pipe.execute_command("CONFIG", "SET", _MIN_REPLICAS, 0)
                pipe.execute_command("EVAL", _SET_FENCE, 1, self._fence_key, term)
                if wanted:
                    pipe.execute_command("CONFIG", "SET", _MIN_REPLICAS, wanted)
                needed = 4 if wanted else 2
            self._finish(pipe, kill_clients=True)
            await self._execute(node, attempt, guard, needed)
            if await _role(pipe) != "master":
                raise StepFailedError(node, "is not a primary after REPLICAOF NO ONE")
            return Promoted(already=False)

    async def repoint(
        self, node: str, primary_host: str, primary_port: int, term: int, guard: Guard, *, demote: bool
    ) -> None:
        """Make ``node`` a replica. The clients of a ``demote``d one are cut, so that they look for the new.

        The fence is only read: writing it here would cost the node its partial resynchronisation.
        Raises as ``promote`` does.
        """
        async with self._transaction(node, guard) as attempt:
            pipe = attempt.pipe
            found = await self._fence(node, pipe)
            if found > term:
                raise FencedError(node, found)
            pipe.multi()
            pipe.execute_command("REPLICAOF", primary_host, primary_port)
            self._finish(pipe, kill_clients=demote)
            await self._execute(node, attempt, guard, needed=1)
            role = await pipe.immediate_execute_command("ROLE")
            if role[0] != b"slave" or (role[1].decode(), role[2]) != (primary_host, primary_port):
                raise StepFailedError(node, f"does not follow {primary_host}:{primary_port} after REPLICAOF")

    @staticmethod
    def _finish(pipe: Pipeline, *, kill_clients: bool) -> None:
        pipe.execute_command("CONFIG", "REWRITE")
        if kill_clients:
            pipe.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            pipe.execute_command("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes")

    @asynccontextmanager
    async def _transaction(self, node: str, guard: Guard) -> AsyncIterator[_Attempt]:
        _check(node, guard)
        attempt: _Attempt | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connect(node)
                try:
                    async with client.pipeline(transaction=True) as pipe:
                        attempt = _Attempt(pipe)
                        _check(node, guard)
                        try:
                            if self._fence_key is not None:
                                await pipe.watch(self._fence_key)
                            yield attempt
                        finally:
                            # Closing ends the WATCH. An UNWATCH would wait for a node that hangs.
                            pipe.watching = False
                finally:
                    await client.aclose()
        except TimeoutError as error:
            raise _lost(node, attempt, str(error) or f"no answer within {self._timeout_s} s") from None
        except (RedisError, OSError) as error:
            raise _lost(node, attempt, f"{type(error).__name__}: {error}") from error

    async def _fence(self, node: str, pipe: Pipeline) -> int:
        """The newest term that the data set has seen; a missing key (FLUSHALL) counts as 0."""
        if self._fence_key is None:
            return 0
        try:
            text = await pipe.get(self._fence_key)
        except ResponseError as error:
            raise StepFailedError(node, f"key {self._fence_key}: {error}") from error
        return self._term(node, text)

    def _term(self, node: str, found: bytes | str | None) -> int:
        if found is None:
            return 0
        text = found.encode() if isinstance(found, str) else found
        if len(text) > len(str(MAX_TERM)) or not text.isdigit() or int(text) >= MAX_TERM:
            raise StepFailedError(node, f"key {self._fence_key} holds {text[:40]!r}, which is not a term")
        return int(text)

    async def _execute(self, node: str, attempt: _Attempt, guard: Guard, needed: int) -> None:
        """EXEC; the first ``needed`` commands must have succeeded."""
        _check(node, guard)
        # EXEC ends the WATCH. While redis-py believes in it, a lost connection looks like a changed key.
        attempt.pipe.watching = False
        attempt.sent = True
        try:
            replies: list[Any] = await attempt.pipe.execute(raise_on_error=False)
        except WatchError:
            attempt.sent = False
            found = await self._found_again(node)
            if found:
                raise FencedError(node, found) from None
            raise StepFailedError(node, "the fence changed while it was being checked") from None
        except ResponseError as error:
            # Refused when it was queued, so nothing of the transaction ran.
            raise StepFailedError(node, str(error)) from error
        for reply in replies[:needed]:
            if isinstance(reply, NoPermissionError):
                raise StepFailedError(node, f"missing permission: {reply}")
            if isinstance(reply, Exception):
                raise StepFailedError(node, str(reply))

    async def _found_again(self, node: str) -> int:
        client = await self._connect(node)
        try:
            return self._term(node, await client.get(self._fence_key or ""))
        finally:
            await client.aclose()


def _check(node: str, guard: Guard) -> None:
    if not guard():
        raise LeaseLostError(node, "this sentinel's lease has run out")


def _lost(node: str, attempt: _Attempt | None, reason: str) -> StepError:
    """The error for a connection that could not be made, or broke; what counts is whether EXEC was sent."""
    return (StepUnknownError if attempt is not None and attempt.sent else StepFailedError)(node, reason)


async def _min_replicas(pipe: Pipeline) -> int:
    """``min-replicas-to-write``; 0 where it may not be read, so that it is left alone."""
    try:
        found = await pipe.immediate_execute_command("CONFIG", "GET", _MIN_REPLICAS)
    except ResponseError:
        return 0
    return int(found[1]) if len(found) == 2 and found[1].isdigit() else 0


async def _role(pipe: Pipeline) -> str:
    role = await pipe.immediate_execute_command("ROLE")
    return str(role[0].decode())
