"""Assembles the HTTP API of one process: each handler gets the parts that it needs."""

from __future__ import annotations

from aiohttp import web

from sentinel.metrics.clients import ClientCollector
from sentinel.metrics.groups import GroupCollector
from sentinel.metrics.redis_exporter import RedisExporterCollector
from sentinel.process.disk import Disk
from sentinel.process.version import VERSION
from sentinel.status.can_fail_over import FailoverChances
from sentinel.web.app import Handlers, KeptClients, make_app
from sentinel.web.checks import CheckHandlers
from sentinel.web.directives import DirectiveHandlers
from sentinel.web.events import EventHandlers
from sentinel.web.groups import GroupHandlers
from sentinel.web.guard import make_guard
from sentinel.web.health import HealthHandlers
from sentinel.web.needs import KnownGroups
from sentinel.web.operations import OperationHandlers
from sentinel.web.preflight import PreflightHandlers
from sentinel.web.webhooks import WebhookHandlers
from sentinel.wiring import Parts


def http_app(parts: Parts) -> web.Application:
    """Also starts following the groups for listeners of the events, and collecting their metrics."""
    settings, in_touch, metrics = parts.settings, parts.in_touch, parts.metrics
    guard, known, kept = make_guard(settings), KnownGroups(parts.drivers), KeptClients(parts.doors.room)
    chances = FailoverChances(in_touch=in_touch, preflight=parts.preflights.report)
    groups = GroupHandlers(
        groups=known,
        authority=parts.authority,
        chances=chances,
        cluster=parts.cluster_view,
        history=parts.store,
        waiting=kept.waiting,
    )
    events = EventHandlers(groups=known, in_touch=in_touch, feed=parts.events, listening=kept.listening)
    handlers: tuple[Handlers, ...] = (
        groups,
        PreflightHandlers(
            groups=known, newest=parts.preflights.report, check=parts.preflights.check, guard=guard
        ),
        CheckHandlers(groups=known, authority=parts.authority),
        OperationHandlers(
            groups=known,
            in_touch=in_touch,
            guard=guard,
            operations=parts.operations,
            ask_taker=parts.lookup.ask,
            preflight=parts.preflights.report,
            gather=parts.gather,
        ),
        DirectiveHandlers(groups=known, in_touch=in_touch, guard=guard, operations=parts.operations),
        WebhookHandlers(sentinel_id=settings.sentinel.id, outbox=parts.outbox, guard=guard),
        events,
        HealthHandlers(
            in_touch=in_touch,
            store=parts.store,
            metrics=metrics,
            no_part=parts.participation.say_why,
            disk=Disk(settings.sentinel.state_dir),
            files=parts.doors.files,
        ),
    )
    metrics.read_off(
        GroupCollector(drivers=parts.drivers, authority=parts.authority, chances=chances, peers=parts.peers)
    )
    metrics.read_off(RedisExporterCollector(parts.drivers, in_touch))
    metrics.read_off(ClientCollector({"primary": kept.waiting, "events": kept.listening}, parts.doors.room))
    app = make_app(handlers, guard=guard, peer_handler=parts.links.handler, version=VERSION)
    app.on_shutdown.extend((groups.release, events.release))
    return app
