"""One Vedette process: starts the parts that ``wiring`` made, and takes them down in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from functools import partial

import aiohttp

from config import Settings
from sentinel import jobs
from sentinel.http_api import http_app
from sentinel.peers.links import TICK_S
from sentinel.preflight.schedule import TICK_S as PREFLIGHT_TICK_S
from sentinel.process import clock, event_loop, memory
from sentinel.process.resolver import HttpResolver
from sentinel.process.scheduler import Scheduler
from sentinel.state.store import Store
from sentinel.webhooks.delivery import Webhooks
from sentinel.wiring import Parts

logger = logging.getLogger(__name__)

START_TOGETHER = 4
START_PAUSE_S = 0.04


class Daemon:
    """``await Daemon(settings, store).run()`` until SIGTERM, SIGINT, or something fatal."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._stop = asyncio.Event()
        self._ticked_at: float | None = None
        self._failure: BaseException | None = None
        self._parts = Parts(settings, store, self._on_fatal)

    async def run(self) -> None:
        """Raises OSError if the HTTP address cannot be listened on, and what was fatal later."""
        loop, parts = asyncio.get_running_loop(), self._parts
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        scheduler = Scheduler()
        try:
            await parts.doors.open(http_app(parts), parts.resp)
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=HttpResolver(parts.resolver)),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session:
                webhooks = Webhooks(
                    parts.outbox,
                    session,
                    parts.on_delivered,
                    parts.rng,
                    parts.metrics.on_delivery,
                    is_over=parts.duty.is_over,
                    self_id=parts.settings.sentinel.id,
                )
                self._schedule(scheduler, webhooks)
                await parts.links.start()
                scheduler.start()
                await self._start_groups()
                memory.keep_for_good()
                own, count = parts.settings.sentinel, len(parts.groups)
                logger.info("sentinel %s watches %d groups, HTTP on %s", own.id, count, own.http)
                await self._stop.wait()
                logger.info("stopping")
                scheduler.shutdown()
                await parts.preflights.close()
                parts.cluster.close()
                await asyncio.gather(*(group.close() for group in parts.groups.values()))
                await webhooks.close()
        finally:
            await parts.doors.close_resp()
            await parts.links.close()
            await parts.doors.close_http()
            await parts.background.finish()
            await parts.store.close()
        if self._failure is not None:
            raise self._failure

    async def _start_groups(self) -> None:
        """A few at a time: what hundreds of connections need while they are made is kept ever after."""
        for number, group in enumerate(self._parts.groups.values(), start=1):
            if self._stop.is_set():
                return
            group.start()
            if number % START_TOGETHER == 0:
                await asyncio.sleep(START_PAUSE_S)

    def _schedule(self, scheduler: Scheduler, webhooks: Webhooks) -> None:
        parts, cluster = self._parts, self._parts.settings.cluster
        settings = [group.settings for group in parts.groups.values()]
        scheduler.every(jobs.WATCH_S, "stall-watch", self._tick)
        self_fencing = any(group.self_fence for group in settings)
        # Whoever must see within the lease that it is cut off has to ask as often as a leader does.
        tick_s = min(TICK_S, cluster.heartbeat) if self_fencing else TICK_S
        scheduler.every(tick_s, "peer-links", self._tick_links)
        jobs.watch_groups(scheduler, parts.groups.values(), cluster.gossip_interval)
        scheduler.every(cluster.gossip_interval, "cluster", parts.cluster.gossip_if_due)
        jobs.wake_at_schedules(scheduler, parts.drivers.values())
        if parts.settings.webhooks:
            scheduler.every(jobs.RETRY_S, "webhooks", partial(parts.duty.look, webhooks))
        scheduler.every(jobs.FILES_S, "files", parts.doors.files.look)
        scheduler.every(jobs.SWEEP_S, "outbox", parts.duty.sweep)
        scheduler.every(jobs.GIVE_BACK_S, "rings", memory.Collecting(lambda: event_loop.late_s() > 0).look)
        scheduler.every(jobs.GIVE_BACK_S, "memory", memory.give_back)
        if any(group.tls is not None for group in settings):
            scheduler.every(jobs.TLS_S, "tls-files", self._look_at_tls_files)
        scheduler.every(PREFLIGHT_TICK_S, "preflight", lambda: parts.preflights.tick(clock.monotonic()))

    def _tick(self) -> None:
        now = clock.monotonic()
        if self._ticked_at is not None:
            self._parts.metrics.observe_loop_lag(max(0.0, now - self._ticked_at - jobs.WATCH_S))
        self._ticked_at = now
        self._parts.check_run(now)

    def _tick_links(self) -> None:
        parts = self._parts
        parts.links.tick()
        parts.metrics.set_participation(*parts.participation.look(clock.monotonic()))
        for group in parts.groups.values():
            group.look_whether_confirmed()

    def _look_at_tls_files(self) -> None:
        for group in self._parts.groups.values():
            group.look_at_tls_files()

    def _on_fatal(self, error: BaseException) -> None:
        """The process ends rather than go on with a state that it cannot keep, or a core that is wrong."""
        if self._failure is None:
            logger.critical("this sentinel must stop: %s", error)
            self._failure = error
            self._stop.set()
