"""redis-py, following the primary as Vedette's sentinels tell it over HTTP.

    pool = PrimaryPool(["http://host-1:8700", "http://host-2:8700", "http://host-3:8700"], "mymaster")
    client = redis.Redis(connection_pool=pool)
    client.set("key", "value")
    pool.close()

A thread waits at a sentinel for the next primary (the long poll), so that connections change over when the
primary does, mostly before anything has failed; one that still waits for a reply of the old primary is cut
off, as that may never come. A connection that is lost, or whose node has become a replica, asks the sentinels
again. The ``term`` only grows: an answer with a lower one is older, and is not believed.

A command that was under way when its connection was lost is sent again, as redis-py does by default, and so
may be carried out twice. Pass ``retry=Retry(NoBackoff(), 0)`` to be given the error instead.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

ASK_TIMEOUT_S = 1.0
WAIT_S = 30.0
LOOK_AGAIN_S = 0.05
HANDOVER_S = 0.5
"""In a planned change the old primary refuses writes a moment before the new one is published."""


@dataclass(frozen=True)
class Primary:
    host: str
    port: int
    term: int


def path(group: str, after_term: int | None) -> str:
    """The path to GET; with ``after_term`` the answer comes once there is a primary of a newer term."""
    where = f"/v1/groups/{quote(group, safe='')}/primary"
    return where if after_term is None else f"{where}?after_term={after_term}&wait={WAIT_S:.0f}s"


def read(status: int, body: bytes) -> Primary:
    """Raises ValueError with the sentinel's reason if it does not name a primary."""
    answer = json.loads(body)
    if status != 200:
        raise ValueError(answer.get("detail", f"status {status}"))
    return Primary(answer["host"], answer["port"], answer["term"])


class FollowedPrimary:
    """The primary, by the newest answer of any sentinel. For any number of threads."""

    def __init__(self, sentinels: Sequence[str], group: str) -> None:
        if not sentinels:
            raise ValueError("sentinels: name at least one URL")
        self._sentinels = list(sentinels)
        self._group = group
        self._newest: Primary | None = None
        self._changed = threading.Condition()
        self._connections: weakref.WeakSet[PrimaryConnection] = weakref.WeakSet()
        self._closed = threading.Event()
        threading.Thread(target=self._follow, name=f"primary of {group}", daemon=True).start()

    def get(self) -> Primary:
        """Raises ConnectionError if it is not known yet and no sentinel names it."""
        return self._newest or self._ask()

    def look_again(self, doubted: Primary | None, wait_s: float = LOOK_AGAIN_S) -> None:
        """After a failure: wait a moment for a newer primary than ``doubted``, then ask all over again."""
        with self._changed:
            if self._changed.wait_for(lambda: self._newest != doubted, wait_s):
                return
        try:
            self._ask()
        except exceptions.ConnectionError:
            return  # the sentinels may just be electing one: the caller tries again

    def is_news(self, primary: Primary) -> bool:
        """Whether a newer primary than ``primary`` is known."""
        return self._newest != primary

    def watch(self, connection: PrimaryConnection) -> None:
        """Disconnect ``connection`` whenever there is a newer primary than its own."""
        with self._changed:
            self._connections.add(connection)

    def close(self) -> None:
        self._closed.set()

    def _ask(self) -> Primary:
        reasons = []
        for url in self._sentinels:
            try:
                return self._learn(self._fetch(url, None, ASK_TIMEOUT_S))
            except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
                reasons.append(f"{url}: {error}")
        raise exceptions.ConnectionError(f"nobody names the primary of {self._group}: {'; '.join(reasons)}")

    def _learn(self, found: Primary) -> Primary:
        with self._changed:
            if self._newest is None or found.term > self._newest.term:
                self._newest = found
                self._changed.notify_all()
                for connection in self._connections:
                    connection.cut_off(found)
            return self._newest

    def _follow(self) -> None:
        turn = 0
        while not self._closed.is_set():
            url = self._sentinels[turn % len(self._sentinels)]
            try:
                term = self._newest.term if self._newest else 0
                self._learn(self._fetch(url, term, WAIT_S + ASK_TIMEOUT_S))
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                turn += 1
                self._closed.wait(LOOK_AGAIN_S)

    def _fetch(self, url: str, after_term: int | None, timeout_s: float) -> Primary:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        try:
            connection.request("GET", path(self._group, after_term))
            answer = connection.getresponse()
            return read(answer.status, answer.read())
        finally:
            connection.close()


class PrimaryConnection(redis.Connection):
    """Connects to the primary; after a change it reconnects when it is next used."""

    def __init__(self, *, followed: FollowedPrimary, patience_s: float, **options: Any) -> None:
        super().__init__(**options)
        self._followed = followed
        self._patience_s = patience_s
        self._primary: Primary | None = None
        followed.watch(self)

    def cut_off(self, newest: Primary) -> None:
        """From any thread: a caller waiting for an older primary's reply gets a ConnectionError at once."""
        sock = self._sock
        if sock is not None and self._primary != newest:
            with suppress(OSError):
                # Not TLS's own shutdown, which another thread must not call.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def connect(self) -> None:
        """The pool calls this before each use."""
        self.connect_check_health()

    def connect_check_health(self, check_health: bool = True, *_: Any, **__: Any) -> None:
        """A command calls this after a loss. Raises the last error when the patience is over."""
        give_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                primary = self._followed.get()
                if primary != self._primary:
                    self.disconnect()
                    self._primary, self.host, self.port = primary, primary.host, primary.port
                super().connect_check_health(check_health, retry_socket_connect=False)
                if not self._followed.is_news(primary):
                    return
            except exceptions.AuthenticationError:
                raise  # a ConnectionError for redis-py, but no other node would take this password
            except (exceptions.ConnectionError, exceptions.TimeoutError):
                if time.monotonic() >= give_up_at:
                    raise
                self._followed.look_again(self._primary)

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().read_response(*arguments, **options)
        except exceptions.ReadOnlyError:
            self.disconnect()
            self._followed.look_again(self._primary, HANDOVER_S)
            raise exceptions.ConnectionError(f"{self.host}:{self.port} is not the primary any more") from None


class PrimaryPool(redis.ConnectionPool):
    """``sentinels`` are URLs. A connection is tried for ``patience_s`` seconds before its error is raised.

    ``options`` are those of redis-py's ConnectionPool, such as ``password`` or ``max_connections``.
    """

    def __init__(
        self, sentinels: Sequence[str], group: str, *, patience_s: float = 10.0, **options: Any
    ) -> None:
        self.followed = FollowedPrimary(sentinels, group)
        options = {"retry": Retry(NoBackoff(), 3), "socket_timeout": 2.0, **options}
        super().__init__(PrimaryConnection, followed=self.followed, patience_s=patience_s, **options)

    def close(self) -> None:
        """Stop following, and disconnect."""
        self.followed.close()
        super().close()
