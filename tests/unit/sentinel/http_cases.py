"""A sentinel with real coordinators, drivers and state, an in-memory Redis, and its HTTP API on loopback."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import ThreadedResolver, web
from multidict import CIMultiDictProxy

from config.address import Address
from promotion.candidates import Policy
from promotion.sealing import WriteRules
from promotion.step_types import Freeze, Handover, Promote, Rehearse, Repoint, Rewrite, Step, Taken, Thaw
from promotion.work_settings import WorkSettings
from quorum.detector import Patience
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Watch
from quorum.member_config import MemberConfig
from quorum.membership import Membership
from quorum.messages import Entry, HardState, Message, Topology
from quorum.timing import Timing
from sentinel.coordination.contested import Contested
from sentinel.coordination.coordinator import Coordinator
from sentinel.coordination.inputs import InfoSeen, LinkHeard, Look
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.situation import CoordinatorConfig
from sentinel.group.driver import GroupDriver
from sentinel.metrics.clients import ClientCollector
from sentinel.metrics.groups import GroupCollector
from sentinel.metrics.redis_exporter import RedisExporterCollector
from sentinel.metrics.registry import Metrics
from sentinel.notices.notice import Notice
from sentinel.operations.book import Operations
from sentinel.operations.lookup import OperationLookup
from sentinel.peers.in_touch import InTouch
from sentinel.peers.report import PeerState
from sentinel.preflight.facts import GroupFacts, Problem
from sentinel.preflight.report import Report
from sentinel.process import clock
from sentinel.process.client_room import ClientRoom
from sentinel.state.store import Store
from sentinel.state.thread import OnDurable
from sentinel.status.authority import Authority
from sentinel.status.can_fail_over import FailoverChances
from sentinel.status.cluster import ClusterView
from sentinel.status.confirmed import Confirmed
from sentinel.web.app import KeptClients, make_app, make_runner, make_site
from sentinel.web.checks import CheckHandlers
from sentinel.web.directives import DirectiveHandlers
from sentinel.web.event_feed import EventFeed
from sentinel.web.event_log import EventLog
from sentinel.web.events import EventHandlers
from sentinel.web.groups import GroupHandlers
from sentinel.web.guard import Guard
from sentinel.web.health import HealthHandlers
from sentinel.web.needs import KnownGroups
from sentinel.web.operations import OperationHandlers
from sentinel.web.pages import Pages
from sentinel.web.preflight import PreflightHandlers
from sentinel.web.webhooks import WebhookHandlers
from sentinel.webhooks.event import Endpoint
from sentinel.webhooks.outbox import Outbox
from tests.unit.quorum.member_cases import raft_member

GROUP = "mymaster"
A, B, C = "10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"
SINCE_MS = 1_767_225_600_123
TERM_7 = Topology(A, 7, B, "refused", "s1", SINCE_MS, 312)
ANY_PAGES = Pages()
PATIENT = Patience(refused_after_s=0.0, down_after_s=3600.0, loading_after_s=3600.0)
FAST = Timing(heartbeat_s=0.01, election_min_s=0.03, election_max_s=0.05, lease_s=0.02, stagger_s=0.0)


def info(role: str, *, offset_bytes: int = 1000, follows: str | None = None, keys: int = 5) -> NodeInfo:
    """What a healthy node says; ``follows`` is the primary's name."""
    host, _, port = (follows or "").rpartition(":")
    return NodeInfo(
        run_id="r" * 40,
        version="7.0.15",
        role=role,
        replid="a" * 40,
        replid2=None,
        second_offset=None,
        master_offset_bytes=offset_bytes,
        replica_offset_bytes=offset_bytes if role == "slave" else None,
        master_host=host or None,
        master_port=int(port) if port else None,
        link_up=role == "slave",
        link_down_s=None,
        last_io_s=0 if role == "slave" else None,
        sync_in_progress=False,
        priority=100,
        read_only=role == "slave",
        loading=False,
        async_loading=False,
        keys=keys,
        attached=(),
        uptime_s=0,
    )


HEALTHY = {
    A: info("master"),
    B: replace(info("slave", offset_bytes=990, follows=A), run_id="b" * 40),
    C: replace(info("slave", offset_bytes=900, follows=A), run_id="c" * 40),
}


@dataclass
class MemoryRedis:
    """Ports without sockets: nodes do what they are told, at once."""

    nodes: dict[str, NodeInfo]
    on_notice: Callable[[Notice], None]
    driver: GroupDriver = field(init=False)
    fatal_errors: list[BaseException] = field(default_factory=list)

    def persist(self, state: HardState, done: OnDurable) -> None:
        asyncio.get_running_loop().call_soon(done, None)

    def send(self, to: str, message: Message) -> None:
        pass

    def look_soon(self, how: Look) -> None:
        pass

    async def read(self, nodes: tuple[str, ...]) -> frozenset[str]:
        answered = frozenset(node for node in nodes if node in self.nodes)
        self.look(answered)
        return answered

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        assert guard()
        if isinstance(step, Handover):
            self._promote(step.target)
            self._follow(step.node, f"{step.target_host}:{step.target_port}")
        elif isinstance(step, Promote):
            self._promote(step.node)
        elif isinstance(step, Repoint):
            self._follow(step.node, f"{step.primary_host}:{step.primary_port}")
        else:
            assert isinstance(step, Rewrite | Rehearse | Freeze | Thaw), f"nobody expects {step}"
        return Taken()

    async def command(self, node: str, words: tuple[str, ...]) -> None:
        raise AssertionError(f"nobody asked for {words} at {node}")

    def _promote(self, node: str) -> None:
        self.nodes[node] = replace(
            self.nodes[node],
            role="master",
            replica_offset_bytes=None,
            master_host=None,
            master_port=None,
            link_up=False,
        )

    def _follow(self, node: str, primary: str) -> None:
        self.nodes[node] = replace(info("slave", follows=primary), run_id=self.nodes[node].run_id)

    def tell(self, notice: Notice) -> None:
        self.on_notice(notice)

    def fatal(self, error: BaseException) -> None:
        self.fatal_errors.append(error)

    def look(self, nodes: frozenset[str] | None = None) -> None:
        """Feed what the nodes say of themselves."""
        for node in sorted(nodes if nodes is not None else self.nodes):
            self.driver.feed(InfoSeen(node, self.nodes[node], node.rpartition(":")[0]))

    def lose_primary(self) -> None:
        """A is refused here, and its replicas say that their links to it are down."""
        self.driver.feed(Observed(A, Evidence(EvidenceKind.REFUSED)))
        for node in (B, C):
            self.driver.feed(LinkHeard(node, replace(self.nodes[node].link, up=False)))


@dataclass
class World:
    """One sentinel, with everything that a test may want to touch."""

    store: Store
    redis: dict[str, MemoryRedis]
    drivers: dict[str, GroupDriver]
    operations: Operations
    outbox: Outbox
    events: EventFeed
    metrics: Metrics
    members: frozenset[str]
    in_touch: set[str]
    notices: list[Notice]
    app: web.Application
    kept: KeptClients
    runner: web.AppRunner
    client: aiohttp.ClientSession

    @property
    def driver(self) -> GroupDriver:
        return self.drivers[GROUP]

    def kill(self, node: str) -> None:
        del self.redis[GROUP].nodes[node]

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any], CIMultiDictProxy[str]]:
        async with self.client.get(path, headers=headers) as answer:
            body = await answer.json(content_type=None) if answer.status != 304 else {}
            return answer.status, body, answer.headers


async def eventually(condition: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    deadline = clock.monotonic() + limit_s
    while not condition():
        assert clock.monotonic() < deadline, f"waited {limit_s} s: {what}"
        await asyncio.sleep(0.005)


def make_driver(
    group: str,
    redis: MemoryRedis,
    *,
    members: frozenset[str],
    topology: Topology | None,
    specs: tuple[NodeSpec, ...] = (),
    limit_s: float = 30.0,
    rules: WriteRules | None = None,
    contested: Contested | None = None,
) -> GroupDriver:
    now = clock.monotonic()
    entry = Entry(topology.term, 1, topology) if topology else Entry(0, 0, None)
    state = HardState(term=entry.term, entry=entry, committed=entry)
    config = MemberConfig(
        "s1", group, members, len(members) // 2 + 1, PATIENT, FAST, opinion_ttl_s=3600.0, boot=1, vouched=True
    )
    member = raft_member(config, state, random.Random(1), now)
    default = tuple(NodeSpec(name, name.rpartition(":")[0], 6379) for name in (A, B, C))
    book = NodeBook(specs or default, discover=False)
    work = WorkSettings(
        Policy(max_link_down_s=10.0, max_age_s=3600.0), 1, limit_s, rules=rules or WriteRules()
    )
    made_with = CoordinatorConfig(group, work, None)
    coordinator = Coordinator(made_with, member, book, now, contested=contested)
    driver = GroupDriver(coordinator, redis, lambda _: None)
    redis.driver = driver
    driver.feed(Watch(book.names))
    return driver


@asynccontextmanager
async def running(
    tmp_path: Path,
    *,
    members: frozenset[str] = frozenset({"s1"}),
    in_touch: frozenset[str] = frozenset(),
    topology: Topology | None = TERM_7,
    specs: tuple[NodeSpec, ...] = (),
    groups: tuple[str, ...] = (GROUP,),
    token: str | None = None,
    open_posts: bool = True,
    pages: Pages = ANY_PAGES,
    max_waiting: int = 100,
    max_listening: int = 100,
    max_connections: int = 1000,
    kept_events: int = 1000,
    receivers: tuple[Endpoint, ...] = (),
    limit_s: float = 30.0,
    rules: WriteRules | None = None,
    peer_handler: Callable[[web.Request], object] | None = None,
    elsewhere: Mapping[str, Address] | None = None,
    problems: tuple[Problem, ...] = (),
    check: Callable[[str], Awaitable[Report]] | None = None,
    gather: Callable[[str], Awaitable[GroupFacts]] | None = None,
    confirmed: Confirmed | None = None,
    contested: Contested | None = None,
) -> AsyncIterator[World]:
    store = Store.open(tmp_path / "state", "s1")
    operations, metrics = Operations("s1"), Metrics("s1", "1.2.3")
    events = EventFeed(EventLog("s1.1", kept_events), look_s=0.01)
    outbox = Outbox(store.thread, receivers)
    notices: list[Notice] = []
    touched = set(in_touch)

    def on_notice(notice: Notice) -> None:
        notices.append(notice)
        operations.on_notice(notice)
        metrics.on_notice(notice)

    async def no_peers(request: web.Request) -> web.StreamResponse:
        raise web.HTTPUpgradeRequired(text="Peer links are websockets.\n", headers={"Upgrade": "websocket"})

    redis = {group: MemoryRedis(dict(HEALTHY), on_notice) for group in groups}
    drivers = {
        group: make_driver(
            group,
            ports,
            members=members,
            topology=topology,
            specs=specs,
            limit_s=limit_s,
            rules=rules,
            contested=contested,
        )
        for group, ports in redis.items()
    }
    room = ClientRoom(max_connections)
    kept = KeptClients(room, max_waiting=max_waiting, max_listening=max_listening)
    in_touch_now = InTouch("s1", Membership.of(members), lambda: frozenset(touched))
    authority, known = Authority(in_touch_now, confirmed), KnownGroups(drivers)
    guard = Guard(token, open_posts, pages)

    def peers() -> dict[str, PeerState]:
        answers = PeerState(in_touch=True, rtt_s=0.0015, clock_ahead_ms=-20.3)
        silent = PeerState(in_touch=False)
        return {peer: answers if peer in touched else silent for peer in sorted(members - {"s1"})}

    def cluster() -> ClusterView:
        return ClusterView("s1", "1.2.3", "", in_touch_now.membership, (), peers())

    def preflight(_group: str) -> Report:
        return Report(0, problems)

    async def checked(group: str) -> Report:
        return preflight(group)

    chances = FailoverChances(in_touch=in_touch_now, preflight=preflight)
    group_handlers = GroupHandlers(
        groups=known,
        authority=authority,
        chances=chances,
        cluster=cluster,
        history=store,
        waiting=kept.waiting,
    )
    event_handlers = EventHandlers(groups=known, in_touch=in_touch_now, feed=events, listening=kept.listening)
    app = make_app(
        (
            group_handlers,
            PreflightHandlers(groups=known, newest=preflight, check=check or checked, guard=guard),
            CheckHandlers(groups=known, authority=authority),
            OperationHandlers(
                groups=known,
                in_touch=in_touch_now,
                guard=guard,
                operations=operations,
                ask_taker=OperationLookup("s1", elsewhere or {}, ThreadedResolver()).ask,
                preflight=preflight,
                gather=gather,
            ),
            DirectiveHandlers(groups=known, in_touch=in_touch_now, guard=guard, operations=operations),
            WebhookHandlers(sentinel_id="s1", outbox=outbox, guard=guard),
            event_handlers,
            HealthHandlers(in_touch=in_touch_now, store=store, metrics=metrics, no_part=str),
        ),
        guard=guard,
        peer_handler=peer_handler or no_peers,  # type: ignore[arg-type]
        version="1.2.3",
    )
    app.on_shutdown.extend((group_handlers.release, event_handlers.release))
    for collector in (
        GroupCollector(drivers=drivers, authority=authority, chances=chances, peers=peers),
        RedisExporterCollector(drivers, in_touch_now),
        ClientCollector({"primary": kept.waiting, "events": kept.listening}, room),
    ):
        metrics.registry.register(collector)
    runner = make_runner(app, room)
    try:
        await runner.setup()
        await make_site(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
            yield World(
                store,
                redis,
                drivers,
                operations,
                outbox,
                events,
                metrics,
                members,
                touched,
                notices,
                app,
                kept,
                runner,
                client,
            )
    finally:
        await runner.cleanup()
        for driver in drivers.values():
            await driver.close()
        await store.close()
    assert not [error for ports in redis.values() for error in ports.fatal_errors]
