"""A model client: asks the sentinels for the primary, writes there, and moves to the next one when they say
so.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType

import aiohttp
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

COUNTER = "demo:counter"
PAUSE_S = 0.002
RETRY_S = 0.01
ANSWER_S = 0.5
WAIT_S = 20
MAX_KEPT = 200_000


class Writer:
    """Counts upwards in one key, inside ``async with``, one write after the other."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str], group: str) -> None:
        self._session = session
        self._urls = [f"{url}/v1/groups/{group}/primary" for url in urls]
        self._where: tuple[str, int] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._accepted: deque[tuple[float, str]] = deque(maxlen=MAX_KEPT)
        self._last = 0
        """The last number that the primary is known to have."""
        self.acknowledged = 0
        """How many writes were acknowledged."""
        self.lost = 0
        """How many of the acknowledged writes the next primary did not have."""

    @property
    def accepted_at_ms(self) -> list[float]:
        """The wall-clock times of the accepted writes."""
        return [at_ms for at_ms, _ in self._accepted]

    def first_at(self, after_ms: float, other_than: str) -> tuple[float, str] | None:
        """The first write after ``after_ms`` that another node accepted, with that node's name."""
        return next(
            (write for write in self._accepted if write[0] >= after_ms and write[1] != other_than), None
        )

    def failure(self) -> BaseException | None:
        """The error that ended the writer; None while it runs."""
        return next((task.exception() for task in self._tasks if task.done() and not task.cancelled()), None)

    async def __aenter__(self) -> Writer:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow()), loop.create_task(self._write())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self) -> None:
        """Long polling: each answer comes as soon as there is a primary with a higher term."""
        term = 0
        for url in itertools.cycle(self._urls):
            try:
                while True:
                    query = {"after_term": str(term), "wait": f"{WAIT_S}s"}
                    timeout = aiohttp.ClientTimeout(total=WAIT_S + 5)
                    async with self._session.get(url, params=query, timeout=timeout) as answer:
                        if answer.status != 200:
                            break
                        body = await answer.json()
                    if body["term"] > term:
                        term, self._where = body["term"], (body["host"], body["port"])
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(RETRY_S)

    async def _write(self) -> None:
        number = 0
        while True:
            where = self._where
            if where is not None:
                client = redis.asyncio.Redis(
                    host=where[0],
                    port=where[1],
                    # redis-py's own time limit sometimes swallows a cancellation under Python 3.11.
                    socket_timeout=None,
                    socket_connect_timeout=ANSWER_S,
                    retry=Retry(NoBackoff(), 0),
                )
                try:
                    await self._compare(client)
                    while self._where == where:
                        number += 1
                        async with asyncio.timeout(ANSWER_S):
                            await client.set(COUNTER, number)
                        self._last = number
                        self.acknowledged += 1
                        self._accepted.append((time.time() * 1000, f"{where[0]}:{where[1]}"))
                        await asyncio.sleep(PAUSE_S)
                except (redis.exceptions.RedisError, OSError):
                    pass
                finally:
                    await client.aclose()
            await asyncio.sleep(RETRY_S)

    async def _compare(self, client: redis.asyncio.Redis) -> None:
        async with asyncio.timeout(ANSWER_S):
            found = int(await client.get(COUNTER) or 0)
        self.lost += max(0, self._last - found)
        self._last = found
