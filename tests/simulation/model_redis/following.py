"""The replica's side of replication: connecting to a primary, synchronising, and applying its stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.model_redis.disk import Saved
from tests.simulation.model_redis.link import Dial, End
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
)

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

NONE, CONNECT, CONNECTING, HANDSHAKE = "none", "connect", "connecting", "handshake"
SYNC, CONNECTED = "sync", "connected"
NO_DATA = frozenset({"PING", "REPLCONF", "SELECT", "MULTI", "EXEC"})
"""What the stream holds beside changes."""


@dataclass(slots=True)
class Primary:
    """How far we got in whose history. It is kept when the link breaks, to continue from."""

    replid: str
    offset: int
    heard_s: int


class Following:
    """``host`` None: we follow nobody, and are a primary."""

    def __init__(self, server: ModelServer, replicaof: tuple[str, int] | None) -> None:
        self._server = server
        self.host: str | None = None
        self.port = 0
        if replicaof is not None:
            self.host, self.port = replicaof
        self.state = NONE if replicaof is None else CONNECT
        self.master: Primary | None = None
        self.cached: Primary | None = None
        self.down_since_s = 0
        """0 if never up."""
        self._io_s = 0
        self._dial: Dial | None = None
        self._end: End | None = None
        self._promised = FullSync("", 0)

    @property
    def connected(self) -> bool:
        return self.state == CONNECTED

    # REPLICAOF

    def follow(self, host: str, port: int) -> None:
        was_primary = self.host is None
        self.host = None
        self._break_link()
        self._server.unblock_with_error()
        self.host, self.port = host, port
        self._cancel()
        if was_primary:
            self.cache_myself()
        self._connect()

    def unset(self) -> None:
        """REPLICAOF NO ONE: a new history begins here, which the old one's followers may continue with."""
        if self.host is None:
            return
        self.host = None
        self._break_link()
        self._cancel()
        self.cached = None
        server = self._server
        server.stream.shift_id()
        server.stream.selected = False
        server.replicas.drop_all()
        server.replicas.empty_since_s = server.unix_s
        self.state, self.down_since_s = NONE, 0

    def cache_myself(self) -> None:
        """A primary that begins to follow offers its own history to continue from."""
        stream = self._server.stream
        self.cached = Primary(stream.replid, stream.offset, self._server.unix_s)

    # The link

    def _connect(self) -> None:
        assert self.host is not None
        self.state, self._io_s = CONNECTING, self._server.unix_s
        self._dial = Dial(self._server.world, self._server, (self.host, self.port), self._up, self._failed)

    def _up(self, end: End) -> None:
        self._dial, self._end = None, end
        end.on_message, end.on_closed = self._receive, self._closed
        self.state = HANDSHAKE
        end.send(Ping())

    def _failed(self) -> None:
        """The next cron tries again."""
        self._drop_end()
        self.state = CONNECT

    def _drop_end(self) -> None:
        if self._dial is not None:
            self._dial.give_up()
        if self._end is not None:
            self._end.close()
        self._dial = self._end = None

    def _cancel(self) -> None:
        """Give up a synchronisation that has not come to its end."""
        if self.state in (CONNECTING, HANDSHAKE, SYNC):
            self._failed()

    def leave(self) -> None:
        """The process ends."""
        self._drop_end()

    def _break_link(self) -> None:
        """The primary's connection is gone; what we know of it is kept, and it is dialled at once."""
        if self.master is None:
            return
        self._drop_end()
        self.cached, self.master = self.master, None
        self.state, self.down_since_s = CONNECT, self._server.unix_s
        if self.host is not None:
            self._connect()

    def _closed(self) -> None:
        if self._server.loading:
            return
        if self.state == CONNECTED:
            self._break_link()
        elif self.state == SYNC:
            self._failed()
            self._connect()
        else:
            self._failed()

    # Talking

    def _receive(self, message: Message) -> None:
        self._io_s = self._server.unix_s
        if self.master is not None:
            self.master.heard_s = self._server.unix_s
        match message:
            case Pong():
                self._say(Introduce(self._server.port))
            case Introduced():
                self._say(self._request())
            case Refused(text):
                self._was_refused(text)
            case Continue(replid):
                self._continue(replid)
            case FullSync():
                self._promised = message
                self.state = SYNC
                self._handed_over()
            case Snapshot():
                self._begin_loading(message)
            case Entry():
                self._apply(message)
            case Newline():
                pass
            case _:
                raise AssertionError(f"a primary does not send {message}")

    def _say(self, message: Message) -> None:
        if self._end is not None:
            self._end.send(message)

    def _request(self) -> Psync:
        failover = self._server.failover.state == "failover-in-progress"
        if self.cached is None:
            return Psync("?", -1, failover)
        return Psync(self.cached.replid, self.cached.offset + 1, failover)

    def _was_refused(self, text: str) -> None:
        """Refused a PING or a PSYNC. A failover ends only with an answer to its PSYNC."""
        asked = not text.startswith("LOADING")
        if self._server.failover.state == "failover-in-progress" and asked:
            self._server.failover.abort()
        else:
            self._failed()

    def _handed_over(self) -> None:
        if self._server.failover.state == "failover-in-progress":
            self._server.failover.finish()

    def _continue(self, replid: str) -> None:
        assert self.cached is not None
        stream = self._server.stream
        if replid != self.cached.replid:
            stream.replid2, stream.second_offset = self.cached.replid, stream.offset + 1
            stream.replid = self.cached.replid = replid
            self._server.replicas.drop_all()
        self.master, self.cached = self.cached, None
        self.master.heard_s = self._server.unix_s
        self.state, self.down_since_s = CONNECTED, 0
        stream.ensure_backlog()
        self._handed_over()

    def _begin_loading(self, snapshot: Snapshot) -> None:
        """From here on our old data and history are gone. Without a disk to write it to nothing is taken."""
        server = self._server
        if server.disk.broken:
            self._failed()
            return
        self.cached = None
        server.replicas.drop_all()
        server.stream.free_backlog()
        server.data.clear()
        saved = Saved(snapshot.values, self._promised.replid, self._promised.offset)
        server.saving.received(saved)
        server.loading = True
        server.later(server.options.load_s, lambda: self._loaded(saved))

    def _loaded(self, saved: Saved) -> None:
        server = self._server
        assert saved.replid is not None
        server.loading = False
        server.data.load(saved.values)
        self.master = Primary(saved.replid, saved.offset, server.unix_s)
        self.state, self.down_since_s = CONNECTED, 0
        server.stream.adopt(saved.replid, saved.offset)
        server.stream.ensure_backlog()
        self.send_ack()
        if self._end is None or not self._end.open:
            self._break_link()

    def _apply(self, entry: Entry) -> None:
        assert self.master is not None
        server = self._server
        if entry.wants_ack:
            # Redis counts a command once it has run, so the request itself is not acknowledged.
            self.send_ack()
        for words in entry.commands:
            if words[0] not in NO_DATA:
                server.apply(words)
        if not server.running:
            return
        self.master.offset += entry.size_bytes
        server.replicas.pass_on(entry)

    def send_ack(self) -> None:
        if self.master is not None:
            self._say(Ack(self.master.offset))

    # Each second

    def cron(self) -> None:
        if self.host is None:
            return
        timeout_s, unix_s = self._server.options.repl_timeout_s, self._server.unix_s
        if self.state in (CONNECTING, HANDSHAKE, SYNC) and unix_s - self._io_s > timeout_s:
            self._cancel()
        elif self.master is not None and unix_s - self.master.heard_s > timeout_s:
            self._break_link()
        if self.state == CONNECT:
            self._connect()
        self.send_ack()
