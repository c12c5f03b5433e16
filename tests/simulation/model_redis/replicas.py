"""The primary's side of replication: who is attached, what each is sent, and what it has acknowledged.

A replica with replicas of its own passes on what it gets, byte for byte, and adds nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tests.simulation.model_redis.link import End
from tests.simulation.model_redis.messages import (
    Ack,
    Continue,
    Entry,
    FullSync,
    Introduce,
    Introduced,
    Message,
    Newline,
    Ping,
    Pong,
    Psync,
    Refused,
    Snapshot,
    Words,
)
from tests.simulation.model_redis.pauses import ALL
from tests.simulation.model_redis.stream import SELECT, wire_bytes

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

WAITS_FOR_START, WAITS_FOR_END, ONLINE = "wait_bgsave (start)", "wait_bgsave (end)", "online"
LOADING = "LOADING Redis is loading the dataset in memory"
GETACK: Words = ("REPLCONF", "GETACK", "*")


class Replica:
    """A connection that a replica made to us; a client like any other until its PSYNC was accepted."""

    def __init__(self, server: ModelServer, end: End) -> None:
        self._server = server
        self.end = end
        self.host = end.peer.process.host
        self.port = 0
        self.state = ""
        self.ack_offset = 0
        self.ack_s = 0
        self.waits_since_s = 0
        self.held: list[Entry] | None = None
        """What it is owed once it has loaded its snapshot; None when it gets the stream."""
        self._postponed: deque[Message] = deque()
        end.on_message = self.receive
        end.on_closed = lambda: server.replicas.drop(self)

    @property
    def attached(self) -> bool:
        return self.state != ""

    def receive(self, message: Message) -> None:
        if not self.attached and (self._postponed or self._server.pauses.kind == ALL):
            self._postponed.append(message)
            return
        match message:
            case Ack(offset):
                self._server.replicas.acknowledged(self, offset)
            case _ if self._server.loading and not isinstance(message, Introduce):
                self.end.send(Refused(LOADING))
            case Ping():
                self.end.send(Pong())
            case Introduce(port):
                self.port = port
                self.end.send(Introduced())
            case Psync() if not self.attached:
                self._server.replicas.psync(self, message)
            case _:
                raise AssertionError(f"a replica does not send {message}")

    def resume(self) -> None:
        waiting, self._postponed = self._postponed, deque()
        for message in waiting:
            self.receive(message)

    def stream(self, entry: Entry) -> None:
        if self.held is not None:
            self.held.append(entry)
        elif self.state != WAITS_FOR_START:
            self.end.send(entry)


class Replicas:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self.clients: list[Replica] = []
        """Connected, but no replica yet."""
        self.attached: list[Replica] = []
        self.good = 0
        self.full_syncs = self.partial_ok = self.partial_refused = 0
        self.empty_since_s = server.unix_s
        self._child: list[Replica] | None = None
        """Those whom the snapshot is for that is being sent."""
        self._child_sent = False

    def accept(self, end: End) -> None:
        self.clients.append(Replica(self._server, end))

    def find(self, address: tuple[str, int]) -> Replica | None:
        return next((r for r in self.attached if (r.host, r.port) == address), None)

    def count_acks(self, offset: int) -> int:
        return sum(r.state == ONLINE and r.ack_offset >= offset for r in self.attached)

    # The stream

    def feed(self, commands: tuple[Words, ...], *, wants_ack: bool = False, select: bool = True) -> None:
        """Our own writes. A replica has none, and who has no backlog keeps no count."""
        stream = self._server.stream
        if self._server.following.host is not None or stream.backlog is None:
            return
        if select and not stream.selected:
            stream.selected = True
            commands = (SELECT, *commands)
        self.pass_on(Entry(commands, sum(map(wire_bytes, commands)), wants_ack))

    def ask_acks(self) -> None:
        self.feed((GETACK,), wants_ack=True, select=False)

    def pass_on(self, entry: Entry) -> None:
        self._server.stream.append(entry)
        for replica in self.attached:
            replica.stream(entry)

    # Synchronisation

    def psync(self, replica: Replica, asked: Psync) -> None:
        server, stream = self._server, self._server.stream
        refused = self._refused(asked)
        if refused:
            replica.end.send(Refused(refused))
            return
        self.clients.remove(replica)
        self.attached.append(replica)
        if stream.can_continue(asked.replid, asked.offset):
            self.partial_ok += 1
            replica.state, replica.ack_s = ONLINE, server.unix_s
            replica.end.send(Continue(stream.replid))
            for entry in stream.since(asked.offset):
                replica.end.send(entry)
            self.recount()
            return
        self.partial_refused += asked.replid != "?"
        self.full_syncs += 1
        replica.state, replica.waits_since_s = WAITS_FOR_START, server.unix_s
        if stream.backlog is None:
            stream.renew_id()
            stream.ensure_backlog()
        if self._child is None and not server.options.sync_delay_s:
            self._start_child()

    def _refused(self, asked: Psync) -> str | None:
        following = self._server.following
        if asked.failover:
            if following.host is None:
                return "ERR PSYNC FAILOVER can't be sent to a master."
            if asked.replid != self._server.stream.replid:
                return "ERR PSYNC FAILOVER replid must match my replid."
            following.unset()
        if self._server.failover.active:
            return "NOMASTERLINK Can't SYNC while failing over"
        if following.host is not None and not following.connected:
            return "NOMASTERLINK Can't SYNC while not connected with my master"
        return None

    def _start_child(self) -> None:
        server, stream = self._server, self._server.stream
        self._child = [r for r in self.attached if r.state == WAITS_FOR_START]
        self._child_sent = False
        for replica in self._child:
            replica.state, replica.held = WAITS_FOR_END, []
            stream.selected = False
            replica.end.send(FullSync(stream.replid, stream.offset))
        child, snapshot = self._child, Snapshot(server.data.snapshot())
        server.later(server.options.full_sync_s, lambda: self._send_snapshot(child, snapshot))

    def _send_snapshot(self, child: list[Replica], snapshot: Snapshot) -> None:
        if child is not self._child:
            return
        for replica in child:
            replica.end.send(snapshot)
        self._child_sent = True
        self._server.cron.wake()

    @property
    def child_to_reap(self) -> bool:
        return self._child is not None and self._child_sent

    def reap_child(self) -> None:
        """Once a snapshot is sent its replicas count as online, though they have it still to load."""
        if self._child is None or not self._child_sent:
            return
        for replica in self._child:
            replica.state, replica.ack_s = ONLINE, self._server.unix_s
        self._child = None
        self.recount()
        self._start_pending_child()

    def _start_pending_child(self) -> None:
        waiting = [r.waits_since_s for r in self.attached if r.state == WAITS_FOR_START]
        delay_s = self._server.options.sync_delay_s
        if self._child is None and waiting and self._server.unix_s - min(waiting) >= delay_s:
            self._start_child()

    def acknowledged(self, replica: Replica, offset: int) -> None:
        if not replica.attached:
            return
        replica.ack_offset = max(replica.ack_offset, offset)
        replica.ack_s = self._server.unix_s
        if replica.state == WAITS_FOR_END:
            self.reap_child()
        if replica.held is not None and replica.state == ONLINE:
            held, replica.held = replica.held, None
            for entry in held:
                replica.end.send(entry)

    # Leaving

    def drop(self, replica: Replica) -> None:
        """It has gone, or has to."""
        replica.end.close()
        if replica in self.clients:
            self.clients.remove(replica)
        if replica not in self.attached:
            return
        self.attached.remove(replica)
        if self._child is not None and replica in self._child:
            self._child.remove(replica)
            if not self._child:
                self._child = None
        if not self.attached:
            self.empty_since_s = self._server.unix_s
        self.recount()

    def drop_all(self) -> None:
        for replica in list(self.attached):
            self.drop(replica)

    def drop_clients(self) -> int:
        """CLIENT KILL TYPE normal, which takes those for normal clients that have not sent PSYNC yet."""
        dropped = list(self.clients)
        for replica in dropped:
            self.drop(replica)
        return len(dropped)

    # Each second

    def cron(self, *, ping: bool) -> None:
        server = self._server
        if ping and self.attached and not (server.failover.timed and server.pauses.kind):
            self.feed((("PING",),), select=False)
        timeout_s = server.options.repl_timeout_s
        for replica in list(self.attached):
            if replica.state != ONLINE:
                replica.end.send(Newline())
            elif server.unix_s - replica.ack_s > timeout_s:
                self.drop(replica)
        self._forget_backlog()
        self._start_pending_child()
        self.recount()

    def _forget_backlog(self) -> None:
        """Without replicas it is kept only for a time. Then writes are not counted, hence a new history."""
        server = self._server
        ttl_s = server.options.backlog_ttl_s
        if self.attached or not ttl_s or server.following.host is not None or server.stream.backlog is None:
            return
        if server.unix_s - self.empty_since_s > ttl_s:
            server.stream.renew_id()
            server.stream.free_backlog()

    def recount(self) -> None:
        """Good replicas are counted now and then, not at each write; whole seconds of lag."""
        wanted, max_lag_s = self._server.config.min_replicas
        if not wanted or not max_lag_s:
            return
        unix_s = self._server.unix_s
        self.good = sum(r.state == ONLINE and unix_s - r.ack_s <= max_lag_s for r in self.attached)

    @property
    def enough(self) -> bool:
        wanted, max_lag_s = self._server.config.min_replicas
        return self._server.following.host is not None or not max_lag_s or self.good >= wanted
