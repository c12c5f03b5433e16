"""Makes the parts of one Vedette process and wires them. It decides nothing.

No part is handed out before the parts that it uses exist: first the listeners of events, then the groups that
cause them, and the peers last.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from functools import partial

from config import Settings
from quorum.cluster import CLUSTER
from quorum.membership import Membership
from quorum.messages import HardState
from sentinel.catalogue.catalogue import Catalogue, GroupOpened
from sentinel.catalogue.from_file import FileCatalogue
from sentinel.coordination.contested import Contested
from sentinel.coordination.neighbours import Neighbours
from sentinel.group.cluster_driver import ClusterDriver
from sentinel.group.driver import GroupDriver
from sentinel.group.election_line import ElectionLine
from sentinel.group.facts import FactsGatherer, watched
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
from sentinel.peers.in_touch import InTouch
from sentinel.peers.links import PeerLinks
from sentinel.peers.notes import ChangeNote, DeliveredNote
from sentinel.peers.report import PeerState, peer_states
from sentinel.peers.stored import Ledger
from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.other_monitors import client_id
from sentinel.preflight.schedule import Checked, Preflights
from sentinel.process import clock
from sentinel.process.background import Background
from sentinel.process.resolver import HttpResolver, Resolver
from sentinel.process.run_check import RunCheck
from sentinel.process.version import VERSION
from sentinel.resp.server import RespServer
from sentinel.state.lowered_terms import HIGH, terms_run_out
from sentinel.state.store import Store
from sentinel.status.authority import Authority
from sentinel.status.cluster import ClusterView
from sentinel.status.confirmed import Confirmed
from sentinel.status.freshness import Freshness
from sentinel.web.doors import Doors
from sentinel.web.event_feed import EventFeed
from sentinel.web.event_log import EventLog
from sentinel.webhooks.alerts import Alerts
from sentinel.webhooks.briefing import About
from sentinel.webhooks.duty import WebhookDuty, endpoints
from sentinel.webhooks.outbox import Outbox

logger = logging.getLogger(__name__)


class Parts:
    """Of one process. ``fatal``: going on would be unsafe."""

    def __init__(self, settings: Settings, store: Store, fatal: Callable[[BaseException], None]) -> None:
        self.settings = settings
        self.store = store
        self._fatal = fatal
        catalogue = FileCatalogue(settings)
        self.doors = Doors(settings, catalogue.groups)
        self.rng = random.Random()
        self.background = Background(fatal)
        self.check_run = RunCheck()
        self.resolver = Resolver(max(group.dns_timeout for group in catalogue.groups.values()))
        self.groups: dict[str, GroupRuntime] = {}
        self.drivers: dict[str, GroupDriver] = {}
        me, members = settings.sentinel.id, settings.cluster.members
        self._stored = Ledger()
        self.links = PeerLinks(
            me,
            members,
            cluster_secret(settings),
            peer_timeout_s=settings.cluster.peer_timeout,
            rng=self.rng,
            resolver=HttpResolver(self.resolver),
            stored=self._stored,
        )
        self.in_touch = InTouch(me, Membership.of(members), self.links.in_touch)
        freshness = Freshness(settings.cluster.peer_timeout)
        self.check_run.tell(freshness.stalled)
        self._registers = Registers(self.check_run)
        confirmed = Confirmed(self.in_touch, self.links, freshness)
        self.authority = Authority(self.in_touch, confirmed)
        self._make_tellers()
        self._make_registers(catalogue)
        self.participation = Participation(
            drivers=self.drivers,
            cluster=self.cluster,
            store=store,
            spawn=self.background.start,
            links=self.links,
            membership=self.in_touch.membership,
        )
        self.links.report_to(
            FromPeers(
                registers=self._registers,
                groups=self.groups,
                cluster=self.cluster,
                keep=self._keep,
                on_delivered=self.duty.on_delivered_elsewhere,
                on_touch=self.events.touch_all,
                on_word=confirmed.on_word,
            )
        )

    def _make_tellers(self) -> None:
        """The listeners of the groups' events, and the records that they keep."""
        settings, store, links = self.settings, self.store, self.links
        me, members = settings.sentinel.id, settings.cluster.members
        self.events = EventFeed(EventLog(f"{me}.{store.boot}"))
        self.operations = Operations(me)
        self.lookup = OperationLookup(me, members, HttpResolver(self.resolver))
        self.metrics = Metrics(me, VERSION)
        self.outbox = Outbox(store.thread, endpoints(settings.webhooks))
        self.duty = WebhookDuty(
            Alerts(self.in_touch, store.boot),
            self.outbox,
            start=self.background.start,
            on_event=self.events.tell,
            on_counts=self.metrics.set_webhooks,
        )
        password = settings.sentinel.resp_password
        self.resp = RespServer(
            drivers=self.drivers,
            authority=self.authority,
            password=password.get_secret_value() if password else None,
            room=self.doors.room,
        )
        self._gatherer = FactsGatherer(members, links.clocks.told_apart, links.twins, links.clusters)
        self.preflights = Preflights(
            self.rng, self.metrics.preflight_problems, on_facts=self.metrics.on_facts
        )
        self._recorders: dict[str, Recorder] = {}

    def _make_registers(self, catalogue: Catalogue) -> None:
        settings, store = self.settings, self.store
        states = store.hard_states()
        for name, state in states.items():
            if state.term >= HIGH:
                logger.error("%s: %s", name, terms_run_out(state.term))
        self.cluster = ClusterDriver(
            settings,
            store,
            states,
            send=self.links.send,
            fatal=self._fatal,
            check_run=self.check_run,
            on_id=self.links.clusters.adopt,
            rng=self.rng,
        )
        around = Surroundings(
            settings=settings,
            store=store,
            send=self.links.send,
            stored_at=self.links.stored_at,
            on_notice=self._on_notice,
            on_latency=self.metrics.observe_probe,
            fatal=self._fatal,
            check_run=self.check_run,
            rng=self.rng,
            line=ElectionLine(),
            infos=info_pace(),
            neighbours=Neighbours(),
            contested=Contested(),
            links=link_pace(),
            stored=self._stored,
        )
        self._registers.add(self.cluster)
        catalogue.on_change(partial(self._open, around, states))
        store.retire({*self.groups, CLUSTER})

    def _open(self, around: Surroundings, states: Mapping[str, HardState], opened: GroupOpened) -> None:
        """Register the group with every part that has to know it. It is watched once it is started."""
        name, settings, me = opened.name, opened.settings, self.settings.sentinel.id
        around.neighbours.add(name, map(node_spec, settings.nodes))
        link = redis_link(settings, self.resolver, client_id(me, self.settings.cluster.members))
        group = GroupRuntime(name, settings, around, link, states.get(name, HardState()))
        self.groups[name], self.drivers[name] = group, group.driver
        self.metrics.watch(name)
        self._recorders[name] = Recorder(name, me, self._keep, self._spread)
        self._registers.add(group.driver)
        gather = partial(self._gatherer.of, group)
        driver = group.driver
        checked = Checked(settings.preflight_interval, gather, group.is_calm, lambda: watched(driver.view))
        self.preflights.watch(name, checked, clock.monotonic())
        driver.on_change(partial(self.preflights.touch, name))
        group.driver.on_published(partial(self._look_anew, name))
        self.duty.begin(name, group.driver.view.published, self._about(group))

    def _about(self, group: GroupRuntime) -> About:
        page, settings = self.settings.api.public_url, group.settings
        return About(
            owner=settings.owner,
            runbook=settings.runbook,
            dashboard=None if page is None else f"{page}/#g/{group.name}",
            replicas_left=lambda: group.driver.view.replicas_up,
        )

    # -- what is asked -------------------------------------------------------------------------

    def cluster_view(self) -> ClusterView:
        return ClusterView(
            sentinel=self.settings.sentinel.id,
            version=VERSION,
            cluster_id=self.cluster.id,
            membership=self.in_touch.membership,
            former_members=tuple(self.participation.former_members),
            peers=self.peers(),
        )

    def peers(self) -> Mapping[str, PeerState]:
        return peer_states(self.links, self.participation.apart)

    async def gather(self, name: str) -> GroupFacts:
        """A new look at a group's nodes, as a preflight takes it."""
        return await self._gatherer.of(self.groups[name])

    # -- what is told --------------------------------------------------------------------------

    def _on_notice(self, notice: Notice) -> None:
        story.tell(notice)
        self.metrics.on_notice(notice)
        self.operations.on_notice(notice)
        self.resp.on_notice(notice)
        self._recorders[notice.group].on_notice(notice, clock.monotonic())
        self.duty.on_notice(notice)

    def on_delivered(self, event_id: str) -> None:
        """A webhook: nobody else need deliver it."""
        self.links.send_note_to_all(DeliveredNote((event_id,)))

    def _look_anew(self, name: str) -> None:
        self.preflights.primary_changed(name, clock.monotonic())

    def _keep(self, change: Change) -> None:
        self.background.start(self.store.add_change(change))

    def _spread(self, change: Change) -> None:
        self.metrics.on_timeline(change)
        self._keep(change)
        self.links.send_note_to_all(ChangeNote(change))
