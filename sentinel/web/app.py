"""The HTTP API: assembles the routes, with the rules that hold for all of them. It decides nothing about a
group.

Clients may ask any sentinel. One that is not in touch with a majority reports that, instead of naming a
primary that may have been replaced unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import wraps
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from sentinel.process.client_room import ClientRoom
from sentinel.process.listening import LET_IN_TOGETHER
from sentinel.process.waiting import MAX_WAITING, Limit
from sentinel.web import openapi, problem
from sentinel.web.dashboard_files import FILES, Dashboard
from sentinel.web.events import MAX_LISTENING
from sentinel.web.guard import Guard
from sentinel.web.inputs import MAX_BODY_BYTES, query
from sentinel.web.openapi import Endpoint
from sentinel.web.server import Runner, Site

PEER_PATH = "/v1/peer"
KEEPALIVE_S = 75.0
SHUTDOWN_S = 2.0
MAX_LINE_BYTES = 8190


class Handlers(Protocol):
    """The requests of one subject."""

    def endpoints(self) -> tuple[Endpoint, ...]: ...


class KeptClients:
    """The numbers of clients that may wait for the next primary, and that may listen to the events.

    These clients do not make room for others, so they never fill half of it.
    """

    def __init__(
        self, room: ClientRoom, *, max_waiting: int = MAX_WAITING, max_listening: int = MAX_LISTENING
    ) -> None:
        self.waiting = Limit(min(max_waiting, room.share(3)))
        self.listening = Limit(min(max_listening, room.share(1)))


def make_app(
    handlers: Iterable[Handlers], *, guard: Guard, peer_handler: Handler, version: str
) -> web.Application:
    """``guard`` checks every request: no foreign page gets an answer, and a change needs permission.
    ``peer_handler`` takes over the connections of the other sentinels.
    """
    dashboard = Dashboard()
    described = _Description()
    endpoints = (
        *(endpoint for each in handlers for endpoint in each.endpoints()),
        *described.endpoints(),
        *dashboard.endpoints(),
    )
    described.text = json.dumps(openapi.document(endpoints, version, token=guard.token is not None)).encode()
    middlewares = (problem.middleware(peer_handler), guard.middleware(PEER_PATH))
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=middlewares)
    app.on_response_prepare.append(_name_no_version)
    for endpoint in endpoints:
        if endpoint.method == "GET":
            # aiohttp answers HEAD as well where it is given a GET.
            app.router.add_get(endpoint.path, _checked(endpoint))
        else:
            app.router.add_route(endpoint.method, endpoint.path, _checked(endpoint))
    app.router.add_get(FILES, dashboard.get_file)
    app.router.add_get(PEER_PATH, peer_handler, allow_head=False)
    return app


async def _name_no_version(_: web.Request, response: web.StreamResponse) -> None:
    """aiohttp would tell strangers its version, and Python's."""
    response.headers["Server"] = problem.SERVER


class _Description:
    """``text`` is set once all routes are known."""

    def __init__(self) -> None:
        self.text = b""

    def endpoints(self) -> tuple[Endpoint, ...]:
        description = "This description (OpenAPI 3.1)"
        return (Endpoint("GET", "/openapi.json", self.get_openapi, description, None),)

    async def get_openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self.text, content_type="application/json")


def make_runner(app: web.Application, room: ClientRoom) -> web.AppRunner:
    """With limits on what a client may send, how long it may idle, and how many may be connected (``room``).

    A handler ends with its connection, so that clients which gave up waiting do not count as waiting.
    """
    return Runner(
        app,
        room=room,
        access_log=None,
        auto_decompress=False,
        handler_cancellation=True,
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=SHUTDOWN_S,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
    )


def make_site(runner: web.AppRunner, host: str, port: int) -> web.TCPSite:
    return Site(runner, host, port, backlog=LET_IN_TOGETHER)


def _checked(endpoint: Endpoint) -> Handler:
    """Health checks and scrapers may add what they like to the query, the API's clients may not."""
    if not endpoint.path.startswith("/v1/"):
        return endpoint.handler

    @wraps(endpoint.handler)
    async def check_query(request: web.Request) -> web.StreamResponse:
        query(request, endpoint.query_names)
        return await endpoint.handler(request)

    return check_query
