"""Everything that one group needs at one sentinel: its coordinator, its probes, and its connections to the
outside.

Here the group's settings become the parts' parameters; this is the only place that knows them all.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from config import GroupSettings, Settings
from promotion.executor import ConnectionExchange, Exchange, Executor
from promotion.step_types import Step, Taken
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Gossip, Observed, RefusalSeen, StopLeading, Wake, Watch
from quorum.member import Member
from quorum.messages import EntryId, HardState, Message
from quorum.raft.raft import Raft
from sentinel.coordination.contested import Contested
from sentinel.coordination.coordinator import QUIET_GOSSIPS, Coordinator
from sentinel.coordination.inputs import (
    InfoSeen,
    LinkHeard,
    Look,
    LookAgain,
    LookAnew,
    MajorityConfirmed,
    NameLooked,
    WarmUp,
)
from sentinel.coordination.neighbours import Neighbours
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.situation import SETTLE_S
from sentinel.group.driver import GroupDriver
from sentinel.group.election_line import ElectionLine
from sentinel.group.parameters import coordinator_config, member_config
from sentinel.nodes.access import node_spec
from sentinel.nodes.info_pace import InfoPace
from sentinel.nodes.link import RedisLink
from sentinel.nodes.link_asking import LinkAsking
from sentinel.nodes.name_looks import AnotherServerError, NameLooks, connection_to
from sentinel.nodes.probe import Probe
from sentinel.nodes.warm_clients import WarmClients
from sentinel.notices.notice import Notice
from sentinel.peers.stored import Ledger
from sentinel.process import clock, limits
from sentinel.process.event_loop import late_s, spares
from sentinel.process.lateness import GOSSIPS, INFOS, Rounds, ping_rounds
from sentinel.state.store import Store
from sentinel.state.thread import OnDurable

logger = logging.getLogger(__name__)

SECOND_LOOK_S = 0.01
"""So long after what is seen of the nodes counts as news again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all groups of this sentinel share. ``infos`` and ``links`` pace what is asked of the nodes."""

    settings: Settings
    store: Store
    send: Callable[[str, str, Message], None]
    stored_at: Callable[[str, str, EntryId], float]
    """Until when a peer had stored nothing of a group that is newer than that, by its word."""
    on_notice: Callable[[Notice], None]
    on_latency: Callable[[float], None]
    fatal: Callable[[BaseException], None]
    check_run: Callable[[float], None]
    rng: random.Random
    line: ElectionLine
    infos: InfoPace
    neighbours: Neighbours
    contested: Contested
    links: InfoPace
    stored: Ledger


class GroupRuntime:
    """Implements ``driver.Ports``. ``link`` makes the connections to the group's nodes; ``state``: what is on
    disk of it.
    """

    def __init__(
        self, name: str, settings: GroupSettings, around: Surroundings, link: RedisLink, state: HardState
    ) -> None:
        self.name = name
        self.settings = settings
        self._around = around
        self.link = link
        self._probes: dict[str, Probe] = {}
        self._gossips = 0
        interval_s, phase = self.settings.effective_ping_interval, around.rng.randrange(1000)
        self._ping_rounds = ping_rounds(interval_s, self.settings.down_after, phase)
        self._info_rounds = Rounds(self.settings.effective_info_interval, INFOS, phase)
        self._info_due = False
        self._gossip_rounds = Rounds(around.settings.cluster.gossip_interval, GOSSIPS, phase)
        self._second_look: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        now = clock.monotonic()
        book = NodeBook(
            [node_spec(node) for node in self.settings.nodes],
            discover=bool(self.settings.discover_replicas),
            promote=self.settings.discover_replicas == "promote",
        )
        place = around.line.place()
        made_with = member_config(name, settings, around.settings, around.store, state, place)
        member = Member(made_with, Raft(made_with, state, around.rng, now), now)
        config = coordinator_config(name, self.settings)
        elsewhere = partial(around.neighbours.elsewhere, name)
        coordinator = Coordinator(config, member, book, now, elsewhere, around.contested)
        self.driver = GroupDriver(coordinator, self, around.check_run, settings.owner, settings.runbook)
        place.belongs_to(member, partial(self.driver.feed, Wake()))
        self.driver.on_change(place.look)
        self.driver.on_change(self._note_stored)
        self._note_stored()
        self._looks = NameLooks(link, lambda name, run_id: self.driver.feed(NameLooked(name, run_id)))
        self._links = LinkAsking(self._ask_links)
        self.driver.on_change(self._links.look)
        self._clients = WarmClients(self._connect)
        self._executor = Executor(self._reach, self.settings.fence_key, limits.STEP_S, late_s)

    @property
    def probes(self) -> Mapping[str, Probe]:
        return self._probes

    @property
    def specs(self) -> list[NodeSpec]:
        """Of all names that are configured or were discovered, also of those that are not used."""
        book = self.driver.coordinator.book
        return [book[name].spec for name in (*book.names, *book.doubles, *book.balanced.why)]

    def start(self) -> None:
        book = self.driver.coordinator.book
        self.driver.coordinator.who_is_who.keep()
        self.driver.feed(Watch(book.names, book.aliases))
        self._follow_book()
        self.driver.on_change(self._follow_book)

    async def close(self) -> None:
        """Stop leading, so that nobody has to wait for our lease, and stop watching."""
        self.driver.feed(StopLeading())
        if self._second_look is not None:
            self._second_look.cancel()
        self._links.close()
        await self._looks.close()
        await self.driver.close()
        await self._clients.close()
        await asyncio.gather(*(probe.close() for probe in self._probes.values()), *self._closing)

    def ping(self) -> None:
        now, situation = clock.monotonic(), self.driver.coordinator.situation
        asks = self._ping_rounds.asks(now, spares=spares())
        and_info, self._info_due = self._info_due and asks, self._info_due and not asks
        for node, probe in self._probes.items():
            if asks:
                probe.ping(and_info=and_info)
            if situation.awaits_witness(node, now):
                self._around.infos.request(probe)

    def request_info(self) -> None:
        """The periodic round: it is asked along with the next PING."""
        self._info_due = self._info_due or self._info_rounds.asks(clock.monotonic(), spares=spares())

    def gossip(self) -> None:
        """Tell the peers this sentinel's opinions of the nodes."""
        self.driver.feed(Gossip(looks=self._gossip_rounds.asks(clock.monotonic(), spares=spares())))

    def gossip_if_due(self) -> None:
        """Call it at each gossip interval."""
        self._gossips += 1
        if self._gossips % QUIET_GOSSIPS == 0 or not self.driver.coordinator.quiet:
            self.gossip()

    def look_whether_confirmed(self) -> None:
        """A group with ``self_fence`` acts on it; others read it when they ask."""
        if self.settings.self_fence:
            at = self.driver.confirmed_at(self._around.stored_at, clock.monotonic())
            self.driver.feed(MajorityConfirmed(at))

    def look_at_tls_files(self) -> None:
        """Errors of new ones are reported now, and not when the next connection is due."""
        if self.link.tls_files is not None:
            self.link.tls_files.look()

    # -- what is asked of it -------------------------------------------------------------------

    def is_calm(self) -> bool:
        """Whether nobody changes anything, or is about to."""
        member = self.driver.coordinator.member
        busy = self.driver.coordinator.work is not None or member.view.hears_leader(clock.monotonic())
        return not busy and not member.is_odown(member.primary or "")

    def _note_stored(self) -> None:
        self._around.stored.note(self.name, self.driver.coordinator.member.view.stored)

    # -- driver.Ports --------------------------------------------------------------------------

    def persist(self, state: HardState, done: OnDurable) -> None:
        self._note_stored()
        self._around.store.persist(self.name, state, done)

    def send(self, to: str, message: Message) -> None:
        self._around.send(to, self.name, message)

    async def read(self, nodes: tuple[str, ...]) -> frozenset[str]:
        probes = [self._probes[node] for node in nodes if node in self._probes]
        answers = await asyncio.gather(*(probe.refresh(limits.read_s()) for probe in probes))
        return frozenset(probe.node for probe, info in zip(probes, answers, strict=True) if info is not None)

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        return await self._executor.run(step, term, guard)

    async def command(self, node: str, words: tuple[str, ...]) -> None:
        try:
            async with asyncio.timeout(limits.answer_s()):
                made = await self._connect(node)
                try:
                    await made.send_command(*words)
                    await made.read_response()
                finally:
                    await made.disconnect()
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("%s: %s at %s: %s", self.name, " ".join(words), node, str(error) or "no answer")

    def look_soon(self, how: Look) -> None:
        match how:
            case LookAnew():
                self._look_anew()
            case LookAgain():
                self._look_again()
            case WarmUp(node):
                self._clients.prepare(node)

    def tell(self, notice: Notice) -> None:
        self._around.on_notice(notice)

    def fatal(self, error: BaseException) -> None:
        self._around.fatal(error)

    # -- probes --------------------------------------------------------------------------------

    def _follow_book(self) -> None:
        """Start probes for nodes that were discovered, end those of nodes that were dropped."""
        book = self.driver.coordinator.book
        watched = book.watched
        if len(watched) == len(self._probes) and all(name in self._probes for name in watched):
            return
        for name in watched:
            if name not in self._probes:
                self._probes[name] = self._start_probe(book[name].spec)
        for name in [name for name in self._probes if name not in book]:
            task = asyncio.get_running_loop().create_task(self._probes.pop(name).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _start_probe(self, spec: NodeSpec) -> Probe:
        probe = Probe(
            spec.name,
            spec.host,
            spec.port,
            self.link,
            down_after_s=self.settings.down_after,
            reconnect_interval_s=self.settings.effective_ping_interval,
            on_evidence=self._on_evidence,
            on_info=self._on_info,
            on_refusal=lambda *seen: self.driver.feed(RefusalSeen(*seen)),
            on_latency=lambda _node, seconds: self._around.on_latency(seconds),
            on_link=lambda name, link, took_s: self.driver.feed(LinkHeard(name, link, took_s)),
            read_safety=self.settings.write_safety is not None,
            fence_key=self.settings.fence_key,
            crowd=self._around.line.size,
            is_down=lambda: self.driver.coordinator.member.verdict(spec.name, clock.monotonic()).down,
        )
        probe.start()
        return probe

    def _on_evidence(self, node: str, evidence: Evidence) -> None:
        self.driver.feed(Observed(node, evidence))
        if evidence.kind is EvidenceKind.CLOSED and node == self.driver.coordinator.member.primary:
            # If it comes back without its data, what counts is what the others had at this moment.
            self._look_anew()

    def _look_anew(self) -> None:
        for probe in self._probes.values():
            self._around.infos.request(probe)

    def _look_again(self) -> None:
        if self._second_look is not None:
            self._second_look.cancel()
        loop = asyncio.get_running_loop()
        self._second_look = loop.call_later(SETTLE_S + SECOND_LOOK_S, self._look_anew)

    def _on_info(self, node: str, info: NodeInfo) -> None:
        probe, book = self._probes.get(node), self.driver.coordinator.book
        peer_ip, took_s = (probe.peer_ip, probe.info_took_s) if probe is not None else (None, 0.0)
        seen = InfoSeen(node, info, peer_ip, took_s)
        if node in book and self._looks_first(book[node].spec, seen):
            return
        self._take_in(seen)

    def _looks_first(self, spec: NodeSpec, seen: InfoSeen) -> bool:
        """Whether the name has to be looked at before what it says is taken in; else perhaps meanwhile."""
        if spec.discovered and not spec.unlisted:
            return False
        new, run_id = self._looks.is_new(spec.name), seen.info.run_id
        doubtful = spec.name in self.driver.coordinator.book.balanced
        self._looks.look_if_due(spec, run_id, doubtful=doubtful, then=partial(self._looked, spec.name))
        return new

    def _looked(self, name: str) -> None:
        """Whoever answered before may have been replaced meanwhile."""
        if name in self._probes:
            self._probes[name].request_info()

    def _take_in(self, seen: InfoSeen) -> None:
        node, info = seen.node, seen.info
        book = self.driver.coordinator.book
        if node in book and not book[node].spec.discovered:
            self._around.neighbours.saw(self.name, book[node].spec, info.run_id, seen.peer_ip)
        self.driver.feed(seen)
        member = self.driver.coordinator.member
        if node == member.primary:
            # If it restarted, what the others have proves little unless they say so after that.
            for other in member.memory.unheard:
                if other in self._probes:
                    self._around.infos.request(self._probes[other])

    def _ask_links(self) -> bool:
        names = self.driver.coordinator.situation.to_ask(clock.monotonic())
        for name in names:
            if name in self._probes:
                self._around.links.request(self._probes[name])
        return bool(names)

    async def _reach(self, node: str) -> Exchange:
        """A new connection; where none can be had, the probe's, which is there."""
        probe = self._probes.get(node)
        try:
            async with asyncio.timeout(limits.connect_s()):
                return ConnectionExchange(await self._clients.take(node))
        except (RedisError, OSError, TimeoutError) as error:
            lent = probe.exchange() if probe is not None else None
            if lent is None:
                raise
            why = str(error) or "no answer"
            logger.warning("%s: no new connection to %s (%s): acting over the probe's", self.name, node, why)
            return lent

    async def _connect(self, node: str) -> Connection:
        book = self.driver.coordinator.book
        if node not in book:
            raise RedisConnectionError("is not watched any more")
        try:
            return await connection_to(self.link, book[node], limits.answer_s())
        except AnotherServerError as another:
            self.driver.feed(NameLooked(node, another.run_id))
            raise
