"""redis-py's asyncio client, following the primary as Vedette's sentinels tell it over HTTP.

    pool = PrimaryPool(["http://host-1:8700", "http://host-2:8700", "http://host-3:8700"], "mymaster")
    client = redis.asyncio.Redis.from_pool(pool)
    await client.set("key", "value")
    await client.aclose()

As ``follow_primary``, whose docstring says what it does, with a task in place of the thread.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio
from follow_primary import ASK_TIMEOUT_S, HANDOVER_S, LOOK_AGAIN_S, WAIT_S, Primary, path, read
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

MAX_ANSWER_BYTES = 64 * 1024
FAILURES = (OSError, ValueError, KeyError, asyncio.IncompleteReadError)


async def fetch(url: str, group: str, after_term: int | None, timeout_s: float) -> Primary:
    """One GET, in HTTP/1.0 so that the answer ends with the connection: asyncio has no HTTP client."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None
        )
        try:
            writer.write(f"GET {path(group, after_term)} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
            answer = await reader.read(MAX_ANSWER_BYTES)
            while more := await reader.read(MAX_ANSWER_BYTES):
                answer += more
        finally:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return read(int(head.split(b" ", 2)[1]), body)


class FollowedPrimary:
    """The primary, by the newest answer of any sentinel."""

    def __init__(self, sentinels: Sequence[str], group: str) -> None:
        if not sentinels:
            raise ValueError("sentinels: name at least one URL")
        self._sentinels = list(sentinels)
        self._group = group
        self._newest: Primary | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connections: weakref.WeakSet[PrimaryConnection] = weakref.WeakSet()

    async def get(self) -> Primary:
        """Raises ConnectionError if it is not known yet and no sentinel names it."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=f"primary of {self._group}")
        return self._newest or await self._ask()

    async def look_again(self, doubted: Primary | None, wait_s: float = LOOK_AGAIN_S) -> None:
        """After a failure: wait a moment for a newer primary than ``doubted``, then ask all over again."""
        try:
            async with asyncio.timeout(wait_s):
                while self._newest == doubted:
                    await self._changed.wait()
        except TimeoutError:
            try:
                await self._ask()
            except exceptions.ConnectionError:
                return  # the sentinels may just be electing one: the caller tries again

    def is_news(self, primary: Primary) -> bool:
        """Whether a newer primary than ``primary`` is known."""
        return self._newest != primary

    def watch(self, connection: PrimaryConnection) -> None:
        """Disconnect ``connection`` whenever there is a newer primary than its own."""
        self._connections.add(connection)

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self) -> Primary:
        reasons = []
        for url in self._sentinels:
            try:
                return self._learn(await fetch(url, self._group, None, ASK_TIMEOUT_S))
            except FAILURES as error:
                reasons.append(f"{url}: {error}")
        raise exceptions.ConnectionError(f"nobody names the primary of {self._group}: {'; '.join(reasons)}")

    def _learn(self, found: Primary) -> Primary:
        if self._newest is None or found.term > self._newest.term:
            self._newest = found
            self._changed.set()
            self._changed = asyncio.Event()
            for connection in self._connections:
                connection.cut_off(found)
        return self._newest

    async def _follow(self) -> None:
        turn = 0
        while True:
            url = self._sentinels[turn % len(self._sentinels)]
            try:
                term = self._newest.term if self._newest else 0
                self._learn(await fetch(url, self._group, term, WAIT_S + ASK_TIMEOUT_S))
            except FAILURES:
                turn += 1
                await asyncio.sleep(LOOK_AGAIN_S)


class PrimaryConnection(redis.asyncio.Connection):
    """Connects to the primary; after a change it reconnects when it is next used."""

    def __init__(self, *, followed: FollowedPrimary, patience_s: float, **options: Any) -> None:
        super().__init__(**options)
        self._followed = followed
        self._patience_s = patience_s
        self._primary: Primary | None = None
        followed.watch(self)

    def cut_off(self, newest: Primary) -> None:
        """A caller that waits for an older primary's reply gets a ConnectionError at once."""
        if self._writer is not None and self._primary != newest:
            self._writer.transport.abort()

    async def connect(self) -> None:
        """The pool calls this before each use."""
        await self.connect_check_health()

    async def connect_check_health(self, check_health: bool = True, *_: Any, **__: Any) -> None:
        """A command calls this after a loss. Raises the last error when the patience is over."""
        give_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                primary = await self._followed.get()
                if primary != self._primary:
                    await self.disconnect()
                    self._primary, self.host, self.port = primary, primary.host, primary.port
                await super().connect_check_health(check_health, retry_socket_connect=False)
                if not self._followed.is_news(primary):
                    return
            except exceptions.AuthenticationError:
                raise  # a ConnectionError for redis-py, but no other node would take this password
            except (exceptions.ConnectionError, exceptions.TimeoutError):
                if time.monotonic() >= give_up_at:
                    raise
                await self._followed.look_again(self._primary)

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*arguments, **options)
        except exceptions.ReadOnlyError:
            await self.disconnect()
            await self._followed.look_again(self._primary, HANDOVER_S)
            raise exceptions.ConnectionError(f"{self.host}:{self.port} is not the primary any more") from None


class PrimaryPool(redis.asyncio.ConnectionPool):
    """``sentinels`` are URLs. A connection is tried for ``patience_s`` seconds before its error is raised.

    ``options`` are those of redis-py's ConnectionPool, such as ``password`` or ``max_connections``.
    """

    def __init__(
        self, sentinels: Sequence[str], group: str, *, patience_s: float = 10.0, **options: Any
    ) -> None:
        self.followed = FollowedPrimary(sentinels, group)
        options = {"retry": Retry(NoBackoff(), 3), "socket_timeout": 2.0, **options}
        super().__init__(PrimaryConnection, followed=self.followed, patience_s=patience_s, **options)

    async def aclose(self) -> None:
        """Stop following, and disconnect."""
        await self.followed.aclose()
        await super().aclose()
