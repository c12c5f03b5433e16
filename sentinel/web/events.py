"""Server-sent events: each event as it happens, and after a lost connection those since then.

A listener is only a position in the event log: events that it has not taken yet wait in the log for all
listeners, so a slow one costs no memory. One that takes nothing at all is disconnected.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from aiohttp import web

from sentinel.group.driver import GroupDriver
from sentinel.peers.in_touch import InTouch
from sentinel.process import clock
from sentinel.process.client_room import kept
from sentinel.process.waiting import Limit, TooManyWaitingError
from sentinel.status import group as group_status
from sentinel.web.event_feed import EventFeed
from sentinel.web.event_log import RESET, StreamEvent
from sentinel.web.needs import KnownGroups
from sentinel.web.openapi import Endpoint, Parameter
from sentinel.web.problem import ProblemError

MAX_LISTENING = 1024
HEARTBEAT_S = 15.0
"""Silence is broken after this long, so that proxies keep the connection and clients see that it lives."""
WRITE_TIMEOUT_S = 10.0
"""A listener that takes nothing for this long, its buffers full, is cut off."""
RETRY_MS = 1000

_CONTENT_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_COUNTERS = {"nodes": {"__all__": {"silence_ms", "offset_bytes", "lag_bytes"}}}
"""Values that grow all the time are no news."""

_GROUP = Parameter("group", {"type": "string"}, "Only what concerns this group.")
_LAST_ID = Parameter(
    "last_event_id", {"type": "string"}, "Like the header Last-Event-ID, for the first connection."
)
_LAST_ID_HEADER = Parameter(
    "Last-Event-ID", {"type": "string"}, "Go on after this id; 'reset' is the answer to one that is unknown."
)

_logger = logging.getLogger(__name__)


class EventHandlers:
    """``listening`` limits how many listen."""

    def __init__(self, *, groups: KnownGroups, in_touch: InTouch, feed: EventFeed, listening: Limit) -> None:
        self._groups = groups
        self._in_touch = in_touch
        self._feed = feed
        self._listening = listening
        for driver in groups:
            self.follow(driver)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "GET",
                "/v1/events",
                self.get_events,
                "Server-sent events: what webhooks tell, with the same bodies; 'group' when a group "
                "looks different now; 'reset' when everything has to be read anew",
                None,
                query=(_GROUP, _LAST_ID),
                headers=(_LAST_ID_HEADER,),
                problems=("unknown-group", "too-many-waiting"),
                content_type=_CONTENT_TYPE,
            ),
        )

    async def release(self, _: web.Application) -> None:
        """End every stream: this sentinel stops."""
        self._feed.close()

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        group = request.query.get("group")
        if group is not None:
            self._groups.named(group)
        if request.method == "HEAD":
            return web.Response(content_type=_CONTENT_TYPE, headers=_HEADERS)
        last_id = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
        try:
            with self._listening, kept(request.protocol), self._feed.listening():
                return await self._stream(request, group, last_id)
        except TooManyWaitingError as error:
            raise ProblemError("too-many-waiting", str(error)) from error

    async def _stream(
        self, request: web.Request, group: str | None, last_id: str | None
    ) -> web.StreamResponse:
        feed, log = self._feed, self._feed.log
        response = web.StreamResponse(headers=_HEADERS | {"Content-Type": _CONTENT_TYPE})
        seq = log.newest if last_id is None else log.seq(last_id)
        # An id without data is no event, but what a client goes on from that loses the connection now.
        text = f"retry: {RETRY_MS}\nid: {log.id(log.newest if seq is None else seq)}\n\n"
        beat_at = clock.monotonic() + HEARTBEAT_S
        try:
            await response.prepare(request)
            while not feed.closed:
                events = None if seq is None else log.since(seq)
                seq = log.newest
                text += self._reset() if events is None else self._written(events, group)
                if text:
                    await _send(response, text)
                    beat_at = clock.monotonic() + HEARTBEAT_S
                await feed.wait(seq, beat_at - clock.monotonic())
                text = ":\n\n" if clock.monotonic() >= beat_at else ""
        except TimeoutError:
            _logger.info("a listener at %s takes nothing, and is cut off", request.remote)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass
        return response

    def _reset(self) -> str:
        return _frame(self._feed.log.id(self._feed.log.newest), RESET, "{}")

    def _written(self, events: Iterable[StreamEvent], group: str | None) -> str:
        log = self._feed.log
        return "".join(
            _frame(log.id(event.seq), event.type, event.data)
            for event in events
            if group in (None, event.group)
        )

    def follow(self, driver: GroupDriver) -> None:
        """Notify the listeners when the group looks different."""

        def look() -> str:
            answer = group_status.group(driver, self._in_touch, clock.monotonic())
            return answer.model_dump_json(exclude=_COUNTERS)

        self._feed.follow(driver, look)


def _frame(id_: str, type_: str, data: str) -> str:
    return f"id: {id_}\nevent: {type_}\ndata: {data}\n\n"


async def _send(response: web.StreamResponse, text: str) -> None:
    """Raises TimeoutError or ConnectionError."""
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(text.encode())
