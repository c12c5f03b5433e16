"""aiohttp's HTTP server, except that its own answers are problems too, and slow clients are disconnected.

aiohttp answers invalid HTTP, and requests that it refuses before any handler, with plain text, and logs a
traceback each time, which lets any stranger fill the log. It gives a request's head as long as an idle
connection may last, and waits for ever for a client to take its answer.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, LineTooLong

from sentinel.process.client_room import HTTP, ClientRoom, Place
from sentinel.process.limited_log import LimitedLog
from sentinel.process.listening import deepen
from sentinel.web import problem
from sentinel.web.problem import ProblemError

HEAD_TIMEOUT_S = 10.0
"""For a request's first line and headers, from their first byte."""

SEND_TIMEOUT_S = 30.0
"""For a client to take in its answer."""

_logger = logging.getLogger(__name__)
_log = LimitedLog(_logger)


class Runner(web.AppRunner):
    """A client for which ``room`` has no place gets 503."""

    def __init__(self, app: web.Application, *, room: ClientRoom, **settings: Any) -> None:
        super().__init__(app, **settings)
        self._room = room

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            room=self._room,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **made._kwargs,
        )


class Site(web.TCPSite):
    """``backlog`` is how many are let in together; more may wait."""

    async def start(self) -> None:
        await super().start()
        deepen(self._server)


class _Server(web.Server):
    def __init__(self, *given: Any, room: ClientRoom, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.room = room

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


class Connection(web.RequestHandler):
    """One client's connection."""

    def __init__(self, manager: _Server, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._server = manager
        self._head_timer: asyncio.TimerHandle | None = None
        self.place: Place | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.place = self._server.room.enter(HTTP, self._leave)
        if self.place is None:
            _log.warning("full", "as many clients as this sentinel can take are connected")
            self._end_with(ProblemError("unavailable", "Too many clients are connected."))

    def data_received(self, data: bytes) -> None:
        had_head = not self._awaits_head
        super().data_received(data)
        if not self._awaits_head:
            self._stop_timer()
            if not had_head:
                self._refresh()
        elif self._head_timer is None:
            self._head_timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT_S, self._on_head_overdue)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        if self.place is not None:
            self.place.left()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to invalid HTTP, and to a failure outside of the problem middleware."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer is half sent")
        if isinstance(exc, HttpProcessingError):
            found = ProblemError("bad-request", _why(exc))
            _log.warning("not http", f"what {request.remote} sent is not HTTP: {found.detail}")
        else:
            self.log_exception(
                "a request from %s failed (%d): %s", request.remote, status, message, exc_info=exc
            )
            found = ProblemError("internal", "It is in this sentinel's log.")
        answer = problem.response(found, request)
        answer.force_close()
        return answer

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException):
            resp = problem.response(problem.from_aiohttp(resp, request), request)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                finished = await super().finish_response(request, resp, start_time)
            self._refresh()
            return finished
        except TimeoutError:
            # Closing would wait until the client takes the buffered answer.
            if self.transport is not None:
                self.transport.abort()
            return resp, True

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """A body that breaks off or is no HTTP is not this sentinel's fault."""
        if isinstance(kw.get("exc_info"), (HttpProcessingError, web.RequestPayloadError)):
            _log.warning("bad body", f"a client's body cannot be read: {type(kw['exc_info']).__name__}")
        else:
            super().log_exception(*args, **kw)

    @property
    def _awaits_head(self) -> bool:
        """No request is being answered, and none is complete."""
        return self._waiter is not None and not self._waiter.done()

    def _refresh(self) -> None:
        if self.place is not None:
            self.place.refresh()

    def _leave(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_head_overdue(self) -> None:
        self._head_timer = None
        if not self._awaits_head or self.transport is None:
            return
        self._end_with(ProblemError("timeout", f"The headers did not arrive within {HEAD_TIMEOUT_S:.0f} s."))

    def _end_with(self, found: ProblemError) -> None:
        """Answer what is no request yet, and close."""
        body = problem.body(found, "/")
        head = (
            f"HTTP/1.1 {found.status} {HTTPStatus(found.status).phrase}\r\n"
            f"Content-Type: {problem.CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        assert self.transport is not None
        self.transport.write(head.encode() + body)
        self.force_close()


def _why(error: HttpProcessingError) -> str:
    """aiohttp's reason, without what it quotes of the request."""
    if isinstance(error, LineTooLong):
        return "A line of the request is too long."
    if isinstance(error, InvalidURLError):
        return "The URL is not valid."
    return error.message.partition("\n")[0].rstrip(".:")[:200] + "."
