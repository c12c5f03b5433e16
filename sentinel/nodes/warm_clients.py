"""Opens the connections that a leader is about to need while it waits for something else.

Between choosing a candidate and promoting it, a leader waits for a majority to store the intent. Connecting
takes about as long, and need not come after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.asyncio.connection import Connection
from redis.exceptions import RedisError

KEEP_S = 2.0
"""An unused connection is closed after this time."""


class WarmClients:
    """``connect`` opens a connection, and raises what ``RedisLink.named_connection`` raises."""

    def __init__(self, connect: Callable[[str], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._tasks: dict[str, asyncio.Task[Connection]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def prepare(self, node: str) -> None:
        """Begin to connect. A failure is not reported: ``take`` tries again."""
        if node not in self._tasks:
            self._tasks[node] = task = asyncio.ensure_future(self._connect(node))
            asyncio.get_running_loop().call_later(KEEP_S, self._drop, node, task)

    async def take(self, node: str) -> Connection:
        """The prepared connection if it is still open, else a new one; the caller closes it."""
        task = self._tasks.pop(node, None)
        if task is not None:
            with suppress(RedisError, OSError):
                made = await task
                if not await made.can_read():  # Readable data would be its end.
                    return made
                await made.disconnect(nowait=True)
        return await self._connect(node)

    async def close(self) -> None:
        for node, task in list(self._tasks.items()):
            self._drop(node, task)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _drop(self, node: str, task: asyncio.Task[Connection]) -> None:
        if self._tasks.get(node) is not task:
            return
        del self._tasks[node]
        task.cancel()
        closing = asyncio.get_running_loop().create_task(_close(task))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _close(task: asyncio.Task[Connection]) -> None:
    with suppress(RedisError, OSError, asyncio.CancelledError):
        await (await task).disconnect()
