"""How one sentinel watches the nodes: a connection to each, PING and INFO on it, evidence from what happens.

The daemon's ``probes`` do this with sockets; the evidence and its order are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from promotion.conversation import ReplyError
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, RefusalSeen
from quorum.usability import Refusing, Source
from sentinel.coordination.inputs import InfoSeen, LinkHeard, ReadDone
from sentinel.coordination.link_info import parse_link
from sentinel.coordination.node_refusals import of_ping
from sentinel.nodes.evidence import classify
from sentinel.nodes.info import parse_info, parse_safety
from sentinel.nodes.line import AGAIN_S
from sentinel.nodes.link_asking import EVERY_S
from sentinel.nodes.reconnecting import pause_s
from sentinel.process.lateness import GOSSIPS, INFOS, Rounds, again_s, ping_rounds
from sentinel.process.limits import READ_S, TURNS
from tests.simulation import seen
from tests.simulation.balancing import look
from tests.simulation.naming import BALANCED
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.host import Host

INFO_TICKS = 8
TICK_S = 0.25
GOSSIP_S = 1.0
CONNECT_TIMEOUT_S = 1.0
LASTED_S = 0.25
"""A connection that lasted for longer is made anew at once when it is given up."""
_SAFETY = ("CONFIG", "GET", "min-replicas-*")


class Eye:
    """One node, as seen from one sentinel."""

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name
        self.node = host.world.servers[name]
        self.wire: Wire | None = None
        self.connected = False
        self.asked_at: float | None = None
        self._began_at = 0.0
        self._outstanding = self._infos = 0
        self._waiting_since = 0.0
        """When the oldest outstanding command began to wait for its reply, or the newest reply came."""
        self._answered = self._armed = False
        self._safety: Any = None
        self._loading = False
        self._looked_at = ""
        self._asks_link = False
        self._attempts, self._again_at = 0, 0.0
        self._refused: dict[str, Evidence] = {}
        """What is refused as misconfigured on this connection."""

    @property
    def silence_s(self) -> float:
        return self.host.shape.down_after_s / 2

    def tick(self, *, asks_ping: bool, asks_info: bool) -> None:
        now, read_up_to = self.host.world.schedule.now, self.host.read_up_to
        if self.wire is None:
            if now >= self._again_at:
                self.connect()
        elif not self.connected:
            if read_up_to - self._began_at > CONNECT_TIMEOUT_S:
                self._fail(Evidence(EvidenceKind.UNREACHABLE))
        elif self.asked_at is None and asks_ping:
            self.asked_at = now
            self._ask(("PING",), self._on_pong)
        brain = self.host.brain
        wanted = brain is not None and brain.situation.awaits_witness(self.name, self.host.now)
        if self.connected and (asks_info or wanted):
            self.ask_info()

    def connect(self) -> None:
        if not self.host.awake:
            return
        if self.host.name in self.host.world.out_of_files:
            self.host.world.network.did[seen.NO_FILES] += 1
            self._see(Evidence(EvidenceKind.BLIND, "Too many open files"))
            return
        if self.host.world.network_names_lost(self.host.name, self.node.name):
            self._see(Evidence(EvidenceKind.UNRESOLVED))
            return
        if self.name == BALANCED:
            self.node = self.host.world.servers[BALANCED]
        wire = Wire(self.host.name, self.node, self.host.world.network, self._on_closed, forwarded=True)
        self.wire = wire
        self._refused.clear()
        self._began_at = self.host.world.schedule.now
        wire.open(partial(self._on_open, wire), partial(self._on_refused, wire))

    def ask_info(self, *, anew: bool = False) -> None:
        """Unless that is unanswered yet; ``anew``: one may be under way from before."""
        if not self.connected or self._infos > anew:
            return
        self._infos += 1
        asked_at = self.host.now
        if self.host.shape.rules.safety is not None:
            self._ask(_SAFETY, self._on_safety)
        self._ask(("INFO",), partial(self._on_info, asked_at), self.host.world.info_delay_s(self.node))

    def ask_link(self) -> None:
        """Unless that is unanswered yet."""
        if self.connected and not self._asks_link:
            self._asks_link = True
            self._ask(("INFO", "replication"), partial(self._on_link, self.host.now))

    def close(self) -> None:
        self._asks_link = self._answered = self._armed = False
        self._outstanding = self._infos = 0
        if self.wire is not None:
            self.wire.close()
        self.wire = None
        self.connected = False
        self.asked_at = None

    def _ask(self, words: tuple[str, ...], on_reply: Any, extra_s: float = 0.0) -> None:
        if self.wire is None or not self.connected:
            return
        if not self._outstanding:
            self._waiting_since = self.host.world.schedule.now
        self._outstanding += 1
        self.wire.send(words, partial(self._awake, self.wire, self.host.boots, on_reply), extra_s)
        self._arm(self.wire)

    def _awake(self, wire: Wire, boots: int, on_reply: Any, value: Any) -> None:
        if self.host.boots == boots:
            self._take_in(partial(self._replied, wire, on_reply, value))

    def _take_in(self, call: Callable[[], None]) -> None:
        """In its turn: what a leader waits for comes before what other nodes say."""
        waits = self._answered and not self.host.probing.awaits(self.name)
        self.host.when_awake(call, self if waits else None)

    def _replied(self, wire: Wire, on_reply: Any, value: Any) -> None:
        if self.wire is not wire:
            return
        self._outstanding -= 1
        self._waiting_since = self.host.world.schedule.now
        self._answered = True
        on_reply(value)

    def _arm(self, wire: Wire, again_s: float = 0.0) -> None:
        """As the daemon's line: a connection on which nothing is heard for the whole silence is given up."""
        if self.wire is wire and self._outstanding and not self._armed:
            self._armed = True
            schedule = self.host.world.schedule
            left_s = self._waiting_since + self.silence_s - schedule.now
            schedule.at(max(again_s, left_s), partial(self._on_silence, wire))

    def _on_silence(self, wire: Wire) -> None:
        if self.wire is not wire:
            return
        if self._outstanding and self._is_silent(self.host.world.schedule.now):
            # Whoever was stopped meanwhile takes in first what has arrived.
            look = partial(self.host.when_awake, partial(self._look, wire))
            self.host.when_awake(partial(self.host.world.schedule.at, 0.0, look))
        else:
            self._armed = False
            self._arm(wire)

    def _is_silent(self, now: float) -> bool:
        return now - self._waiting_since > self.silence_s - 1e-9

    def _look(self, wire: Wire) -> None:
        if self.wire is not wire:
            return
        self._armed = False
        if not self._outstanding or not self._is_silent(self.host.read_up_to):
            self._arm(wire, again_s(AGAIN_S, self.host.unread_s()))
            return
        lasted = self._answered and self.host.world.schedule.now - self._began_at > LASTED_S
        self._fail(Evidence(EvidenceKind.UNREACHABLE))
        if lasted:
            self.connect()

    def _on_open(self, wire: Wire) -> None:
        def opened() -> None:
            if self.wire is wire and not wire.closed:
                self.connected = True
                self._attempts = 0
                self.asked_at = self.host.world.schedule.now
                self._ask(("PING",), self._on_pong)
                self.ask_info()

        self.host.when_awake(opened)

    def _on_refused(self, wire: Wire) -> None:
        if self.wire is wire:
            self._take_in(partial(self._fail, Evidence(EvidenceKind.REFUSED)))

    def _on_closed(self) -> None:
        def closed() -> None:
            self._fail(Evidence(EvidenceKind.CLOSED))
            brain = self.host.brain
            if brain is not None and brain.member.primary == self.name:
                self.host.probing.ask_all()
            self.connect()

        self._take_in(closed)

    def _fail(self, evidence: Evidence) -> None:
        if evidence.kind is EvidenceKind.REFUSED:
            self._attempts += 1
            crowd, schedule, brain = self.host.crowd.size, self.host.world.schedule, self.host.brain
            down = brain is not None and brain.member.verdict(self.name, self.host.now).down
            patience_s = self.host.shape.down_after_s
            waits_s = pause_s(self._attempts, TICK_S, crowd, down=down, down_after_s=patience_s)
            self._again_at = schedule.now + waits_s
            if waits_s < TICK_S:
                schedule.at(waits_s, partial(self._try_again, self.host.boots))
        self.close()
        self._see(evidence)

    def _try_again(self, boots: int) -> None:
        """Sooner than at the next tick."""
        if self.host.boots == boots and self.wire is None and self.host.world.schedule.now >= self._again_at:
            self.connect()

    def _see(self, evidence: Evidence) -> None:
        self.host.feed(Observed(self.name, evidence))

    def _on_pong(self, value: Any) -> None:
        self.asked_at = None
        if self.host.world.denied(self.host.name, self.node.name):
            self._see(Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS"))
        elif isinstance(value, ReplyError):
            self._note(of_ping(value.message))
            self._refuse("PING", value)
        else:
            self._note(None)
            self._accept("PING", Evidence(EvidenceKind.ALIVE))
            if self._loading:
                self.ask_info()

    def _note(self, refusing: Refusing | None) -> None:
        brain = self.host.brain
        if brain is not None and brain.member.usability.says(self.node.name, Source.PING) != refusing:
            self.host.feed(RefusalSeen(self.node.name, Source.PING, refusing))

    def _refuse(self, command: str, error: ReplyError) -> None:
        evidence = classify(ResponseError(error.message))
        if evidence.kind is EvidenceKind.MISCONFIGURED:
            self._refused[command] = evidence
        else:
            self._refused.pop(command, None)
        self._report(evidence)

    def _accept(self, command: str, evidence: Evidence) -> None:
        self._refused.pop(command, None)
        self._report(evidence)

    def _report(self, evidence: Evidence) -> None:
        """While one command is refused, the other's success must not make the state flap."""
        self._see(next(iter(self._refused.values()), evidence))

    def _on_safety(self, value: Any) -> None:
        self._safety = parse_safety(value)

    def _on_link(self, asked_at: float, value: Any) -> None:
        self._asks_link = False
        link = None if isinstance(value, ReplyError) else parse_link(value)
        if link is not None and not self.host.world.denied(self.host.name, self.node.name):
            self.host.feed(LinkHeard(self.name, link, self.host.now - asked_at))

    def _on_info(self, asked_at: float, value: Any) -> None:
        self._infos -= 1
        if self.host.world.denied(self.host.name, self.node.name):
            return
        if isinstance(value, ReplyError):
            self._refuse("INFO", value)
            return
        info = replace(parse_info(value), safety=self._safety)
        self._loading = info.loading and not info.async_loading
        self._accept("INFO", Evidence(EvidenceKind.LOADING if self._loading else EvidenceKind.ALIVE))
        if self.name == BALANCED and info.run_id != self._looked_at:
            # As the daemon does: before anything that a name says is believed, and when another answers.
            self._looked_at = info.run_id
            self.host.probing.finds_several |= look(self.host, BALANCED)
        self.host.feed(InfoSeen(self.name, info, self.node.host, self.host.now - asked_at))
        self.host.probing.seen(self.name)
        member = self.host.brain.member if self.host.brain is not None else None
        if member is not None and member.primary == self.name:
            self.host.probing.ask(member.memory.unheard)


class Probing:
    """All the nodes of one sentinel, and the leader's reading of them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._eyes: dict[str, Eye] = {}
        patience_s = host.shape.down_after_s
        self._ping_rounds = ping_rounds(patience_s / 4, patience_s, host.phase)
        self._info_rounds = Rounds(2 * patience_s, INFOS, host.phase)
        self._gossip_rounds = Rounds(GOSSIP_S, GOSSIPS, host.phase)
        self._token = 0
        self._missing: set[str] = set()
        self._answered: set[str] = set()
        self._asks_links = False
        self.finds_several = False
        """A look has shown that a name leads to several servers."""

    def restart(self) -> None:
        self.stop()
        self.follow()

    def follow(self) -> None:
        """Look at what the book says, as the daemon does."""
        brain = self._host.brain
        watched = brain.book.watched if brain is not None else ()
        if len(watched) == len(self._eyes) and all(name in self._eyes for name in watched):
            return
        for name in [name for name in self._eyes if name not in watched]:
            self._eyes.pop(name).close()
        for name in watched:
            if name not in self._eyes:
                self._eyes[name] = Eye(self._host, name)
                self._eyes[name].connect()

    def stop(self) -> None:
        for eye in self._eyes.values():
            eye.close()
        self._eyes = {}
        self._token = 0
        self._asks_links = False
        self.finds_several = False

    def tick(self, ticks: int) -> None:
        spares = self._host.spares
        now = self._host.world.schedule.now
        asks_ping = self._ping_rounds.asks(now, spares=spares)
        asks_info = ticks % INFO_TICKS == 0 and self._info_rounds.asks(now, spares=spares)
        for eye in list(self._eyes.values()):
            eye.tick(asks_ping=asks_ping, asks_info=asks_info)

    def looks_at_gossip(self) -> bool:
        return self._gossip_rounds.asks(self._host.world.schedule.now, spares=self._host.spares)

    def look(self) -> None:
        """After each step: while the primary is in doubt, its replicas are asked for their links."""
        brain = self._host.brain
        if brain is None or self._asks_links:
            return
        names = brain.situation.to_ask(self._host.now)
        for name in names:
            if name in self._eyes:
                self._host.ask_link(self._eyes[name])
        if names:
            self._asks_links = True
            self._host.world.schedule.at(
                again_s(EVERY_S, self._host.unread_s()), partial(self._ask_links_again, self._host.boots)
            )

    def _ask_links_again(self, boots: int) -> None:
        if self._host.boots == boots:
            self._asks_links = False
            self._host.when_awake(self.look)

    def sever(self, node: str) -> None:
        eye = self._eyes.get(node)
        if eye is not None and eye.wire is not None:
            eye.wire.sever()

    def open_wire(self, name: str) -> Wire | None:
        """The connection over which it watches a node, if there is one."""
        eye = self._eyes.get(name)
        return eye.wire if eye is not None and eye.connected else None

    def ask_all(self) -> None:
        """As the daemon does when a topology is new or a leadership over: what was known is from before."""
        self.ask(tuple(self._eyes))

    def ask(self, nodes: Iterable[str]) -> None:
        for name in nodes:
            eye = self._eyes.get(name)
            if eye is not None and eye.connected:
                self._host.ask_info(eye)

    def read(self, token: int, nodes: tuple[str, ...]) -> None:
        """INFO from all of them, anew; done when all answered, or after a while."""
        self._token = token
        self._missing = {name for name in nodes if name in self._eyes}
        self._answered = set()
        for name in sorted(self._missing):
            eye = self._eyes[name]
            if eye.wire is None:
                eye.connect()
            elif eye.connected:
                eye.ask_info(anew=True)
        boots = self._host.boots
        self._host.world.schedule.at(READ_S + TURNS * self._host.late_s(), partial(self._end, boots, token))
        if not self._missing:
            self._host.world.schedule.at(0.0, partial(self._end, boots, token))

    def awaits(self, name: str) -> bool:
        """Whether the leader's reading waits for that node."""
        return name in self._missing

    def seen(self, name: str) -> None:
        if name in self._missing:
            self._missing.discard(name)
            self._answered.add(name)
            if not self._missing:
                self._end(self._host.boots, self._token)

    def _end(self, boots: int, token: int) -> None:
        if self._host.boots == boots and token == self._token:
            self._token = 0
            self._missing = set()
            answered = frozenset(self._answered)
            self._host.when_awake(lambda: self._host.feed(ReadDone(token, answered)))
