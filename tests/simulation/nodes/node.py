"""One modelled Redis server: its process, its role and its place in the replication history.

Facts from Redis 7.0 (``replication.c``, ``networking.c``): a replica reconnects once a second; what it
acknowledges, once a second too; a promoted replica keeps the history that it leaves as its second one; a
primary that becomes a replica can go on from its own history.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.simulation.nodes import commands, info_text
from tests.simulation.nodes.data import PING_BYTES, Backlog, DataSet, Op
from tests.simulation.nodes.handover import Handover
from tests.simulation.nodes.link import Link
from tests.simulation.nodes.session import OnReply, RefusedError, Session
from tests.simulation.schedule import Schedule

Route = Callable[[str, str], float | None]
"""From one host to another: the delay in seconds now, or None if nothing gets through."""

CRON_S = 1.0
PING_EVERY_S = 10.0
REPL_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """``saves``: the data set survives a restart (and CONFIG REWRITE works), as it was when it was saved."""

    saves: bool = True
    load_s: float = 0.2
    full_sync_s: float = 0.3
    backlog_ops: int = 100_000
    priority: int = 100
    handover: bool = True
    """``FAILOVER`` is not renamed away."""
    info_delay_s: float = 0.0


class Node:
    """``others`` finds a node by its address. It runs once ``start`` was called."""

    def __init__(
        self,
        host: str,
        port: int,
        schedule: Schedule,
        route: Route,
        others: dict[tuple[str, int], Node],
        rng: random.Random,
        settings: Settings | None = None,
    ) -> None:
        self.name = f"{host}:{port}"
        self.host = host
        self.port = port
        self.schedule = schedule
        self.route = route
        self.rng = rng
        self.settings = settings or Settings()
        self.running = False
        self.hung = False
        self.data = DataSet()
        self.follows: tuple[str, int] | None = None
        self.safety = {"min-replicas-to-write": 0, "min-replicas-max-lag": 10}
        self.sessions: dict[Session, None] = {}
        self.counts = {"sync_full": 0, "sync_partial_ok": 0}
        self._file: tuple[tuple[str, int] | None, dict[str, int]] = (None, dict(self.safety))
        self._saved: tuple[dict, str, int] | None = None  # type: ignore[type-arg]
        self._others = others
        self._life = 0
        others[(host, port)] = self
        self._forget()

    def _forget(self) -> None:
        """What does not outlive the process."""
        self.run_id = f"{self.rng.getrandbits(160):040x}"
        self.replid = f"{self.rng.getrandbits(160):040x}"
        self.replid2 = ""
        self.second_offset = -1
        self.offset = 0
        self.backlog = Backlog(self.settings.backlog_ops)
        self.upstream: Link | None = None
        self.syncing = False
        self.link_down_at: float | None = None
        self.ever_linked = False
        self.downstream: dict[str, Link] = {}
        self.loading_until = 0.0
        self.good_replicas = 0
        self.paused_until = 0.0
        self.handover = Handover(self)
        self.waits: list[commands.Wait] = []
        self._pinged_at = self.schedule.now
        self._pending_demands: list[Callable[[], None]] = []

    # -- the process ---------------------------------------------------------------------------

    def start(self) -> None:
        if self.running:
            return
        self._forget()
        self._life += 1
        self.running = True
        self.hung = False
        self.data = DataSet()
        self.follows, self.safety = self._file[0], dict(self._file[1])
        if self.settings.saves and self._saved is not None:
            values, replid, offset = self._saved
            self.data.values = dict(values)
            self.loading_until = self.schedule.now + self.settings.load_s
            if self.follows is not None:
                # The saved file tells how far it got, so a replica may go on from there.
                self.replid, self.offset = replid, offset
                self.backlog.restart(offset)
        self.schedule.at(self.rng.uniform(0.05, CRON_S), partial(self._cron, self._life))

    def crash(self) -> None:
        if not self.running:
            return
        self.running = False
        for session in list(self.sessions):
            session.close(by_node=True)
        for link in list(self.downstream.values()):
            link.closed_by_primary()
        self.downstream = {}
        self._drop_upstream()

    def save(self) -> None:
        self._saved = (self.data.copy(), self.replid, self.offset)

    def wipe(self) -> None:
        """Its files are gone; the configuration file stays."""
        self._saved = None

    def hang(self) -> None:
        self.hung = True

    def resume(self) -> None:
        self.hung = False
        for session in list(self.sessions):
            session.go_on()

    # -- clients -------------------------------------------------------------------------------

    def open(self, on_close: Callable[[], None] = lambda: None) -> Session:
        if not self.running:
            raise RefusedError
        session = Session(self, on_close)
        self.sessions[session] = None
        return session

    def serving(self, _session: Session) -> bool:
        return self.running and not self.hung

    def holds_back(self, session: Session, words: list[str]) -> bool:
        return self.writes_paused and commands.may_write(session, words)

    def execute(self, session: Session, words: list[str], reply: OnReply) -> None:
        commands.execute(self, session, words, reply)

    @property
    def loading(self) -> bool:
        return self.schedule.now < self.loading_until

    @property
    def writes_paused(self) -> bool:
        return self.schedule.now < self.paused_until or self.handover.pauses

    def pause(self, for_s: float) -> None:
        self.paused_until = max(self.paused_until, self.schedule.now + for_s)
        self.schedule.at(for_s, self.unpause_if_due)

    def unpause_if_due(self) -> None:
        if self.running and not self.writes_paused:
            for session in list(self.sessions):
                session.go_on()

    # -- writing -------------------------------------------------------------------------------

    @property
    def role(self) -> str:
        return "master" if self.follows is None else "slave"

    @property
    def safe_to_write(self) -> bool:
        wanted = self.safety["min-replicas-to-write"]
        return not wanted or not self.safety["min-replicas-max-lag"] or self.good_replicas >= wanted

    def write(self, name: str, key: str = "", value: str = "") -> None:
        """A write of a primary, already allowed."""
        size = PING_BYTES if name == "PING" else 30 + len(key) + len(value)
        self.take_in(Op(self.offset + size, name, key, value))
        self.pass_on()

    def take_in(self, op: Op) -> None:
        self.offset = op.end
        self.data.apply(op)
        self.backlog.add(op)

    def pass_on(self) -> None:
        for link in self.downstream.values():
            link.push()

    # -- roles ---------------------------------------------------------------------------------

    def follow(self, host: str, port: int) -> None:
        """``REPLICAOF host port``."""
        if self.follows == (host, port):
            return
        self._drop_upstream()
        self._drop_downstream()
        self.end_waits()
        self.follows = (host, port)

    def stand_alone(self) -> None:
        """``REPLICAOF NO ONE``: a new history begins, the old one is remembered up to here."""
        if self.follows is None:
            return
        self._drop_upstream()
        self._drop_downstream()
        self.follows = None
        self.shift_history()

    def shift_history(self) -> None:
        self.replid2, self.second_offset = self.replid, self.offset + 1
        self.replid = f"{self.rng.getrandbits(160):040x}"

    def rewrite_config(self) -> None:
        self._file = (self.follows, dict(self.safety))

    # -- replication ---------------------------------------------------------------------------

    @property
    def link_up(self) -> bool:
        return self.upstream is not None and self.upstream.online and not self.syncing

    def lost_replica(self, link: Link) -> None:
        link.known_up = False
        if self.downstream.get(link.replica.name) is link:
            del self.downstream[link.replica.name]
            self.count_good()

    def lost_primary(self, link: Link) -> None:
        link.known_down = False
        if self.upstream is link:
            self._forget_upstream()

    def on_ack(self) -> None:
        for wait in list(self.waits):
            wait.look(self)
        self.handover.look()

    def end_waits(self) -> None:
        waits, self.waits = self.waits, []
        for wait in waits:
            wait.unblock()

    def count_good(self) -> None:
        lag_s, now = self.safety["min-replicas-max-lag"], int(self.schedule.now)
        links = self.downstream.values()
        self.good_replicas = sum(link.online and now - int(link.acked_at) <= lag_s for link in links)

    def _drop_upstream(self) -> None:
        if self.upstream is not None:
            self.upstream.closed_by_replica()
            self._forget_upstream()

    def _forget_upstream(self) -> None:
        if self.ever_linked:
            self.link_down_at = self.schedule.now
        self.upstream = None
        self.syncing = False

    def _drop_downstream(self) -> None:
        for link in self.downstream.values():
            link.closed_by_primary()
        self.downstream = {}
        self.good_replicas = 0

    def _cron(self, life: int) -> None:
        if not self.running or life != self._life:
            return
        self.schedule.at(CRON_S, partial(self._cron, life))
        if self.hung or self.loading:
            return
        now = self.schedule.now
        for link in list(self.downstream.values()):
            if now - link.acked_at > REPL_TIMEOUT_S:
                link.closed_by_primary()
                self.downstream.pop(link.replica.name)
        self.count_good()
        if self.follows is None:
            if now - self._pinged_at >= PING_EVERY_S and self.downstream:
                self._pinged_at = now
                self.write("PING")
            return
        if self.upstream is None:
            self._connect()
        elif now - self.upstream.heard_at > REPL_TIMEOUT_S:
            self._drop_upstream()
        elif self.link_up:
            self.upstream.acknowledge()

    def _connect(self) -> None:
        assert self.follows is not None
        there, back = self.route(self.host, self.follows[0]), self.route(self.follows[0], self.host)
        primary = self._others.get(self.follows)
        if there is not None and back is not None and primary is not None:
            self.schedule.at(there + back, partial(self._synchronise, primary, self.follows, self._life))

    def _synchronise(self, primary: Node, wanted: tuple[str, int], life: int) -> None:
        """PSYNC arrives at ``primary``: it goes on where this replica was, or begins with a full copy."""
        if self.follows != wanted or self._life != life or self.upstream is not None or self.hung:
            return
        asks_handover = self.handover.in_progress
        if not primary.running or primary.hung or primary.loading:
            return
        if asks_handover and not primary.handover.taken_over_by(self):
            self.handover.rejected()
            return
        if primary.follows is not None and not primary.link_up:
            return
        link = Link(primary, self)
        self.upstream = link
        primary.downstream[self.name] = link
        if self._can_go_on_with(primary):
            primary.counts["sync_partial_ok"] += 1
            if self.replid != primary.replid:
                self.replid2, self.second_offset = self.replid, self.offset + 1
                self.replid = primary.replid
                self._drop_downstream()
            self._linked(link)
        else:
            primary.counts["sync_full"] += 1
            self.syncing = True
            copy = (primary.data.copy(), primary.replid, primary.offset)
            self.schedule.at(self.settings.full_sync_s, partial(self._copied, link, copy))
        if asks_handover:
            self.handover.done()

    def _can_go_on_with(self, primary: Node) -> bool:
        same = self.replid == primary.replid
        before = self.replid == primary.replid2 and self.offset < primary.second_offset
        return (same or before) and primary.backlog.reaches(self.offset) and self.offset <= primary.offset

    def _copied(self, link: Link, copy: tuple[dict, str, int]) -> None:  # type: ignore[type-arg]
        if self.upstream is not link or not link.known_down:
            return
        values, self.replid, self.offset = copy
        self.data.replace(values)
        self.replid2, self.second_offset = "", -1
        self.backlog.restart(self.offset)
        self._drop_downstream()
        self.syncing = False
        self._linked(link)

    def _linked(self, link: Link) -> None:
        link.online = True
        link.heard_at = link.acked_at = self.schedule.now
        self.ever_linked = True
        self.link_down_at = None
        link.primary.count_good()
        link.push()

    def info(self) -> bytes:
        return info_text.text(self)
