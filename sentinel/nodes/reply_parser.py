"""redis-py's reply parser, made safe against a faulty server: limited in size, with one kind of error.

There is one for redis-py's own connections, and one without its streams, for the probes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hiredis
from redis._parsers import _AsyncHiredisParser
from redis._parsers.socket import SERVER_CLOSED_CONNECTION_ERROR
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

from sentinel.nodes.info import MAX_INFO_BYTES
from sentinel.process.announced_sizes import AnnouncedError, AnnouncedSizes

MAX_REPLY_BYTES = 2 * MAX_INFO_BYTES
"""More than the longest INFO that is read, so that a longer INFO gets its own clear error."""

MAX_REPLY_ITEMS = MAX_REPLY_BYTES // 4
"""How many of the shortest items (``$-1``, ``:0``, ``+``) fit into the longest reply."""

_PARSER_TRIPS = (ValueError, TypeError, LookupError, MemoryError)
"""Errors of redis-py and hiredis on replies that no Redis sends, such as ``-MOVED`` without an address."""


class BoundedParser(_AsyncHiredisParser):
    """Raises ``InvalidResponse`` for a reply that is too long, that trips the parser, or that RESP2 lacks.

    Error replies and lost connections are redis-py's own exceptions.
    """

    _room_bytes = MAX_REPLY_BYTES

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._announced = _announced()

    async def read_response(self, disable_decoding: bool = False, push_request: bool = False) -> Any:
        self._room_bytes = MAX_REPLY_BYTES
        try:
            return await super().read_response(disable_decoding, push_request)
        except OSError:
            # Some of these are also ValueErrors (a certificate's), but are not about the reply.
            raise
        except _PARSER_TRIPS as error:
            raise _unreadable(error) from error

    async def read_from_socket(self) -> bool:
        """redis-py's own method, except that the data is judged before it is parsed."""
        reader: Any = self._reader
        stream: Any = self._stream
        data: bytes = await stream.read(self._read_size)
        if not data:
            raise RedisConnectionError(SERVER_CLOSED_CONNECTION_ERROR)
        _judge(self._announced, data)
        reader.feed(data)
        self._room_bytes -= len(data)
        if self._room_bytes < 0:
            raise _too_long()
        return True

    async def handle_push_response(self, response: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        raise _push()


class BoundedReplies:
    """Parses replies from bytes as they arrive; error replies are returned as redis-py's exceptions.

    A parser exists only while a reply is incomplete: hiredis keeps the memory of the last reply.
    """

    def __init__(self) -> None:
        self._reader: hiredis.Reader | None = None
        self._announced = _announced()
        self._room_bytes = MAX_REPLY_BYTES

    @property
    def are_whole(self) -> bool:
        """Whether the next byte begins a reply."""
        return self._announced.is_between and self._room_bytes == MAX_REPLY_BYTES

    def read(self, data: bytes) -> Iterator[object]:
        """The replies that ``data`` completes. Raises ``InvalidResponse`` as ``BoundedParser`` does."""
        _judge(self._announced, data)
        reader = self._reader = self._reader or _reader()
        reader.feed(data)
        self._room_bytes -= len(data)
        while (reply := self._next(reader)) is not _INCOMPLETE:
            self._room_bytes = MAX_REPLY_BYTES
            yield reply
        if self._room_bytes < 0:
            raise _too_long()
        if self.are_whole:
            self._reader = None

    def _next(self, reader: hiredis.Reader) -> object:
        try:
            reply: object = reader.gets(False)
        except _PARSER_TRIPS as error:
            raise _unreadable(error) from error
        if isinstance(reply, hiredis.PushNotification):
            raise _push()
        return reply


_INCOMPLETE = object()


def _reader() -> hiredis.Reader:
    return hiredis.Reader(
        protocolError=InvalidResponse, replyError=BoundedParser.parse_error, notEnoughData=_INCOMPLETE
    )


def _announced() -> AnnouncedSizes:
    return AnnouncedSizes(max_items=MAX_REPLY_ITEMS, max_bulk_bytes=MAX_REPLY_BYTES)


def _judge(announced: AnnouncedSizes, data: bytes) -> None:
    try:
        announced.judge(data)
    except AnnouncedError as error:
        raise InvalidResponse(f"a reply that is not read: {error}") from error


def _too_long() -> InvalidResponse:
    return InvalidResponse(f"a reply is longer than {MAX_REPLY_BYTES} bytes")


def _unreadable(error: Exception) -> InvalidResponse:
    return InvalidResponse(f"a reply that cannot be read ({type(error).__name__})")


def _push() -> InvalidResponse:
    return InvalidResponse("a push message, which RESP2 does not have")
