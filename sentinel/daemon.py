"""One Vedette process: makes the parts, wires them, and takes them down in order. It decides nothing."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Mapping
from functools import partial

import aiohttp

from config import Settings
from quorum.cluster import CLUSTER
from quorum.messages import HardState
from sentinel import jobs
from sentinel.coordination.contested import Contested
from sentinel.coordination.neighbours import Neighbours
from sentinel.group.cluster_driver import ClusterDriver
from sentinel.group.driver import GroupDriver
from sentinel.group.election_line import ElectionLine
from sentinel.group.facts import FactsGatherer
from sentinel.group.from_peers import FromPeers
from sentinel.group.parameters import cluster_secret
from sentinel.group.participation import Participation
from sentinel.group.registers import Registers
from sentinel.group.runtime import GroupRuntime, Surroundings
from sentinel.metrics.registry import Metrics
from sentinel.nodes.access import node_spec, redis_link
from sentinel.nodes.info_pace import info_pace, link_pace
from sentinel.notices import story
from sentinel.notices.change import Change
from sentinel.notices.notice import Notice
from sentinel.notices.recorder import Recorder
from sentinel.operations.book import Operations
from sentinel.operations.lookup import OperationLookup
from sentinel.peers.links import TICK_S, PeerLinks
from sentinel.peers.notes import ChangeNote, DeliveredNote, Note
from sentinel.peers.report import peer_states
from sentinel.peers.stored import Ledger
from sentinel.preflight.other_monitors import client_id
from sentinel.preflight.schedule import TICK_S as PREFLIGHT_TICK_S
from sentinel.preflight.schedule import Checked, Preflights
from sentinel.process import clock, event_loop, memory
from sentinel.process.background import Background
from sentinel.process.disk import Disk
from sentinel.process.resolver import HttpResolver, Resolver
from sentinel.process.run_check import RunCheck
from sentinel.process.scheduler import Scheduler
from sentinel.process.version import VERSION
from sentinel.resp.server import RespServer
from sentinel.state.lowered_terms import HIGH, terms_run_out
from sentinel.state.store import Store
from sentinel.status.confirmed import Confirmed
from sentinel.status.freshness import Freshness
from sentinel.web.deps import HttpDeps
from sentinel.web.doors import Doors
from sentinel.web.event_feed import EventFeed
from sentinel.web.event_log import EventLog
from sentinel.web.guard import make_guard
from sentinel.webhooks.alerts import Alerts
from sentinel.webhooks.delivery import Webhooks
from sentinel.webhooks.duty import WebhookDuty, endpoints
from sentinel.webhooks.outbox import Outbox

logger = logging.getLogger(__name__)

START_TOGETHER = 4
START_PAUSE_S = 0.04


class Daemon:
    """``await Daemon(settings, store).run()`` until SIGTERM, SIGINT, or something fatal."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._doors = Doors(settings)
        self._rng = random.Random()
        self._stop = asyncio.Event()
        self._ticked_at: float | None = None
        self._failure: BaseException | None = None
        self._background = Background(self._on_fatal)
        self._check_run = RunCheck()
        self._resolver = Resolver(max(group.dns_timeout for group in settings.groups.values()))
        self._groups: dict[str, GroupRuntime] = {}
        self._drivers: dict[str, GroupDriver] = {}
        me, members = settings.sentinel.id, settings.cluster.members
        self._stored = Ledger()
        self._links = PeerLinks(
            me,
            members,
            cluster_secret(settings),
            peer_timeout_s=settings.cluster.peer_timeout,
            rng=self._rng,
            resolver=HttpResolver(self._resolver),
            stored=self._stored,
        )
        self._freshness = Freshness(settings.cluster.peer_timeout)
        self._check_run.tell(self._freshness.stalled)
        self._registers = Registers(self._check_run)
        self._confirmed = Confirmed(frozenset(members), self._links, self._freshness)
        # Who is told of what happens comes before what it happens to: the groups, and then the peers.
        self._make_tellers()
        self._make_registers()
        self._participation = Participation(
            drivers=self._drivers,
            cluster=self._cluster,
            store=store,
            spawn=self._background.start,
            links=self._links,
            members=frozenset(members),
        )
        self._links.report_to(
            FromPeers(
                registers=self._registers,
                groups=self._groups,
                cluster=self._cluster,
                keep=self._keep,
                on_delivered=self._duty.on_delivered_elsewhere,
                on_touch=self._events.touch_all,
                on_word=self._confirmed.on_word,
            )
        )

    def _make_tellers(self) -> None:
        """Whoever is told of what happens in the groups, and what of it is kept."""
        settings, store, links = self._settings, self._store, self._links
        me, members = settings.sentinel.id, settings.cluster.members
        self._events = EventFeed(EventLog(f"{me}.{store.boot}"))
        self._operations = Operations(me)
        self._lookup = OperationLookup(me, members, HttpResolver(self._resolver))
        self._metrics = Metrics(me, VERSION, tuple(settings.groups))
        self._outbox = Outbox(store.thread, endpoints(settings.webhooks))
        self._duty = WebhookDuty(
            Alerts(me, frozenset(members), links.in_touch, store.boot),
            self._outbox,
            start=self._background.start,
            on_event=self._events.tell,
            on_counts=self._metrics.set_webhooks,
        )
        password = settings.sentinel.resp_password
        self._resp = RespServer(
            me,
            members,
            self._drivers,
            links.in_touch,
            password.get_secret_value() if password else None,
            self._confirmed,
            self._doors.room,
        )
        self._gatherer = FactsGatherer(members, links.clocks.told_apart, links.twins, links.clusters)
        self._preflights = Preflights(
            self._rng, self._metrics.preflight_problems, on_facts=self._metrics.on_facts
        )
        self._recorders = {name: Recorder(name, me, self._keep, self._spread) for name in settings.groups}

    def _make_registers(self) -> None:
        settings, store = self._settings, self._store
        states = store.hard_states()
        for name, state in states.items():
            if state.term >= HIGH:
                logger.error("%s: %s", name, terms_run_out(state.term))
        self._cluster = ClusterDriver(
            settings,
            store,
            states,
            send=self._links.send,
            fatal=self._on_fatal,
            check_run=self._check_run,
            on_id=self._links.clusters.adopt,
            rng=self._rng,
        )
        around = Surroundings(
            settings=settings,
            store=store,
            send=self._links.send,
            stored_at=self._links.stored_at,
            on_notice=self._on_notice,
            on_latency=self._metrics.observe_probe,
            fatal=self._on_fatal,
            check_run=self._check_run,
            rng=self._rng,
            line=ElectionLine(),
            infos=info_pace(),
            neighbours=Neighbours({name: map(node_spec, g.nodes) for name, g in settings.groups.items()}),
            contested=Contested(),
            links=link_pace(),
            stored=self._stored,
        )
        self._registers.add(self._cluster)
        for name in settings.groups:
            self._open(name, around, states)
        store.retire({*self._groups, CLUSTER})

    def _open(self, name: str, around: Surroundings, states: Mapping[str, HardState]) -> None:
        settings = self._settings.groups[name]
        me = client_id(self._settings.sentinel.id, self._settings.cluster.members)
        group = GroupRuntime(name, around, redis_link(settings, self._resolver, me), states)
        self._groups[name], self._drivers[name] = group, group.driver
        self._registers.add(group.driver)
        gather = partial(self._gatherer.of, group)
        checked = Checked(settings.preflight_interval, gather, group.is_calm)
        self._preflights.watch(name, checked, clock.monotonic())
        group.driver.on_published(partial(self._look_anew, name))

    async def run(self) -> None:
        """Raises OSError if the HTTP address cannot be listened on, and what was fatal later."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        scheduler = Scheduler()
        try:
            await self._doors.open(self._http_deps(), self._resp)
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=HttpResolver(self._resolver)),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session:
                webhooks = Webhooks(
                    self._outbox, session, self._on_delivered, self._rng, self._metrics.on_delivery
                )
                self._schedule(scheduler, webhooks)
                await self._links.start()
                scheduler.start()
                await self._start_groups()
                memory.keep_for_good()
                own = self._settings.sentinel
                logger.info("sentinel %s watches %d groups, HTTP on %s", own.id, len(self._groups), own.http)
                await self._stop.wait()
                logger.info("stopping")
                scheduler.shutdown()
                await self._preflights.close()
                self._cluster.close()
                await asyncio.gather(*(group.close() for group in self._groups.values()))
                await webhooks.close()
        finally:
            await self._doors.close_resp()
            await self._links.close()
            await self._doors.close_http()
            await self._background.finish()
            await self._store.close()
        if self._failure is not None:
            raise self._failure

    async def _start_groups(self) -> None:
        """A few at a time: what hundreds of connections need while they are made is kept ever after."""
        for number, group in enumerate(self._groups.values(), start=1):
            if self._stop.is_set():
                return
            group.start()
            if number % START_TOGETHER == 0:
                await asyncio.sleep(START_PAUSE_S)

    # -- wiring --------------------------------------------------------------------------------

    def _http_deps(self) -> HttpDeps:
        settings = self._settings
        return HttpDeps(
            sentinel_id=settings.sentinel.id,
            drivers=self._drivers,
            in_touch=self._links.in_touch,
            members=frozenset(settings.cluster.members),
            peer_states=lambda: peer_states(self._links, self._participation.apart),
            cluster_id=lambda: self._cluster.id,
            store=self._store,
            operations=self._operations,
            ask_taker=self._lookup.ask,
            outbox=self._outbox,
            events=self._events,
            metrics=self._metrics,
            guard=make_guard(settings),
            peer_handler=self._links.handler,
            version=VERSION,
            preflight=self._preflights.report,
            gather=lambda name: self._gatherer.of(self._groups[name]),
            disk=Disk(settings.sentinel.state_dir),
            files=self._doors.files,
            confirmed=self._confirmed,
            no_part=lambda: self._participation.why,
            former_members=lambda: self._participation.former_members,
        )

    def _schedule(self, scheduler: Scheduler, webhooks: Webhooks) -> None:
        scheduler.every(jobs.WATCH_S, "stall-watch", self._tick)
        self_fencing = any(group.settings.self_fence for group in self._groups.values())
        # Whoever must see within the lease that it is cut off has to ask as often as a leader does.
        tick_s = min(TICK_S, self._settings.cluster.heartbeat) if self_fencing else TICK_S
        scheduler.every(tick_s, "peer-links", self._tick_links)
        gossip_s = self._settings.cluster.gossip_interval
        jobs.watch_groups(scheduler, self._groups.values(), gossip_s)
        scheduler.every(gossip_s, "cluster", self._cluster.gossip_if_due)
        jobs.wake_at_schedules(scheduler, self._drivers.values())
        if self._settings.webhooks:
            scheduler.every(jobs.RETRY_S, "webhooks", partial(self._duty.look, webhooks))
        scheduler.every(jobs.FILES_S, "files", self._doors.files.look)
        scheduler.every(jobs.SWEEP_S, "outbox", self._duty.sweep)
        scheduler.every(jobs.GIVE_BACK_S, "rings", memory.Collecting(lambda: event_loop.late_s() > 0).look)
        scheduler.every(jobs.GIVE_BACK_S, "memory", memory.give_back)
        if any(group.settings.tls is not None for group in self._groups.values()):
            scheduler.every(jobs.TLS_S, "tls-files", self._look_at_tls_files)
        if any(group.settings.preflight_interval is not None for group in self._groups.values()):
            scheduler.every(PREFLIGHT_TICK_S, "preflight", lambda: self._preflights.tick(clock.monotonic()))

    # -- what happens --------------------------------------------------------------------------

    def _tick(self) -> None:
        now = clock.monotonic()
        if self._ticked_at is not None:
            self._metrics.observe_loop_lag(max(0.0, now - self._ticked_at - jobs.WATCH_S))
        self._ticked_at = now
        self._check_run(now)

    def _tick_links(self) -> None:
        self._links.tick()
        self._metrics.set_participation(*self._participation.look(clock.monotonic()))
        for group in self._groups.values():
            group.look_whether_confirmed()

    def _look_anew(self, name: str) -> None:
        self._preflights.primary_changed(name, clock.monotonic())

    def _look_at_tls_files(self) -> None:
        for group in self._groups.values():
            group.look_at_tls_files()

    def _on_notice(self, notice: Notice) -> None:
        story.tell(notice)
        self._metrics.on_notice(notice)
        self._operations.on_notice(notice)
        self._resp.on_notice(notice)
        self._recorders[notice.group].on_notice(notice, clock.monotonic())
        self._duty.on_notice(notice)

    def _on_delivered(self, event_id: str) -> None:
        self._tell_peers(DeliveredNote((event_id,)))

    def _on_fatal(self, error: BaseException) -> None:
        """The process ends rather than go on with a state that it cannot keep, or a core that is wrong."""
        if self._failure is None:
            logger.critical("this sentinel must stop: %s", error)
            self._failure = error
            self._stop.set()

    def _keep(self, change: Change) -> None:
        self._background.start(self._store.add_change(change))

    def _spread(self, change: Change) -> None:
        self._metrics.on_timeline(change)
        self._keep(change)
        self._tell_peers(ChangeNote(change))

    def _tell_peers(self, note: Note) -> None:
        for member in self._settings.cluster.members:
            if member != self._settings.sentinel.id:
                self._links.send_note(member, note)
