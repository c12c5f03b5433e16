"""The HTTP API: puts the routes together, with what holds for all of them. No group is decided about here.

Clients may ask any sentinel. One that is not in touch with a majority says so instead of naming a primary
that may have been replaced unseen.
"""

from __future__ import annotations

import json
from functools import wraps

from aiohttp import web
from aiohttp.typedefs import Handler

from sentinel.metrics.clients import ClientCollector
from sentinel.metrics.groups import GroupCollector
from sentinel.metrics.redis_exporter import RedisExporterCollector
from sentinel.process.client_room import ClientRoom
from sentinel.process.listening import LET_IN_TOGETHER
from sentinel.process.waiting import MAX_WAITING, Limit
from sentinel.web import openapi, problem
from sentinel.web import preflight as http_preflight
from sentinel.web.checks import CheckHandlers
from sentinel.web.dashboard_files import FILES, Dashboard
from sentinel.web.deps import HttpDeps
from sentinel.web.directives import DirectiveHandlers
from sentinel.web.events import MAX_LISTENING, EventHandlers
from sentinel.web.groups import GroupHandlers
from sentinel.web.health import HealthHandlers
from sentinel.web.inputs import MAX_BODY_BYTES, query
from sentinel.web.openapi import Endpoint
from sentinel.web.operations import OperationHandlers
from sentinel.web.server import Runner, Site
from sentinel.web.webhooks import WebhookHandlers

__all__ = ["HttpDeps", "make_app", "make_runner", "make_site"]

PEER_PATH = "/v1/peer"
KEEPALIVE_S = 75.0
SHUTDOWN_S = 2.0
MAX_LINE_BYTES = 8190
WAITING = web.AppKey("waiting", Limit)
"""How many clients wait for the next primary."""
LISTENING = web.AppKey("listening", Limit)
"""How many clients listen to the events."""


def make_app(
    deps: HttpDeps,
    room: ClientRoom,
    max_waiting: int = MAX_WAITING,
    max_listening: int = MAX_LISTENING,
) -> web.Application:
    """Also begins to follow the drivers' groups, for the metrics and for who waits or listens.

    Those that wait or listen do not make room for others, so they never fill half of it.
    """
    waiting = Limit(min(max_waiting, room.share(3)))
    listening = Limit(min(max_listening, room.share(1)))
    groups, events, health, dashboard = (
        GroupHandlers(deps, waiting),
        EventHandlers(deps, listening),
        HealthHandlers(deps),
        Dashboard(),
    )
    endpoints = (
        *groups.endpoints(),
        *http_preflight.endpoints(deps),
        *CheckHandlers(deps).endpoints(),
        *OperationHandlers(deps).endpoints(),
        *DirectiveHandlers(deps).endpoints(),
        *WebhookHandlers(deps).endpoints(),
        *events.endpoints(),
        *health.endpoints(),
        *dashboard.endpoints(),
    )
    described = openapi.document(endpoints, deps.version, token=deps.guard.token is not None)
    health.description = json.dumps(described).encode()
    middlewares = (problem.middleware(deps.peer_handler), deps.guard.middleware(PEER_PATH))
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=middlewares)
    for endpoint in endpoints:
        if endpoint.method == "GET":
            # aiohttp answers HEAD as well where it is given a GET.
            app.router.add_get(endpoint.path, _checked(endpoint))
        else:
            app.router.add_route(endpoint.method, endpoint.path, _checked(endpoint))
    app.router.add_get(FILES, dashboard.get_file)
    app.router.add_get(PEER_PATH, deps.peer_handler, allow_head=False)
    app[WAITING], app[LISTENING] = waiting, listening
    app.on_shutdown.extend((groups.release, events.release))
    registry = deps.metrics.registry
    registry.register(
        GroupCollector(deps.drivers, deps.peer_states, lambda: deps.has_majority, deps.confirmed_age_s)
    )
    registry.register(RedisExporterCollector(deps.drivers, deps.members, deps.in_touch))
    registry.register(ClientCollector({"primary": waiting, "events": listening}, room))
    return app


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
