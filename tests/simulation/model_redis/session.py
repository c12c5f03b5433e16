"""A client's connection: transactions, watched keys, and waiting for a pause or for acknowledgements.

The checks before a command runs, and their order, are those of ``processCommand`` in Redis.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotion.conversation import Reply, ReplyError
from tests.simulation.model_redis.commands import BLOCKED, Command, find
from tests.simulation.model_redis.messages import Words
from tests.simulation.model_redis.pauses import ALL, WRITE
from tests.simulation.model_redis.replicas import LOADING

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

NO_REPLICAS = "NOREPLICAS Not enough good replicas to write."
READ_ONLY = "READONLY You can't write against a read only replica."
FORCED = ReplyError(
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
)
NOT_QUEUED = frozenset({"EXEC", "DISCARD", "MULTI", "WATCH"})
MAX_WAITING = 100_000


@dataclass(frozen=True, slots=True)
class Wait:
    """WAIT, until so many replicas have acknowledged ``offset``."""

    replicas: int
    offset: int


class Session:
    """Made by ``ModelServer.open``. What is sent arrives at once; replies come in order, some later."""

    def __init__(self, server: ModelServer, client_host: str) -> None:
        self._server = server
        self.client_host = client_host
        self.closed = False
        self.watch_broken = False
        self.postponed = False
        self.written_offset = 0
        """The stream's end after this client's last command, which WAIT waits for."""
        self._cut = False
        self._wait: Wait | None = None
        self._replies: list[Reply] = []
        self._waiting: deque[Words] = deque()
        self._queue: list[tuple[Command, Words]] | None = None
        self._queue_failed = False

    def send(self, words: Sequence[str | int]) -> None:
        """What is sent on a closed connection is lost."""
        if self.closed:
            return
        command = tuple(str(word) for word in words)
        self._server.deliver(lambda: self._receive(command))

    def take(self) -> list[Reply]:
        replies, self._replies = self._replies, []
        return replies

    def close(self) -> None:
        """What was sent before is run all the same, also by a server that hangs now."""
        if not self.closed:
            self.closed = True
            self._server.deliver(self.cut)

    def cut(self) -> None:
        """The server's side of it ends."""
        self.closed = self._cut = True
        self._server.data.unwatch(self)
        if self in self._server.sessions:
            self._server.sessions.remove(self)

    # Blocking

    @property
    def in_transaction(self) -> bool:
        return self._queue is not None

    def wait_for(self, replicas: int, timeout_s: float) -> None:
        """Serve nothing else until so many acknowledged what this client wrote; 0 s: without limit."""
        wait = self._wait = Wait(replicas, self.written_offset)
        if timeout_s:
            self._server.later(timeout_s, lambda: self._time_out(wait))

    def answer_wait(self) -> None:
        wait = self._wait
        if wait is not None and self._server.replicas.count_acks(wait.offset) >= wait.replicas:
            self._end_wait(wait)

    def _time_out(self, wait: Wait) -> None:
        if self._wait is wait and not self._cut:
            self._end_wait(wait)

    def _end_wait(self, wait: Wait) -> None:
        self._wait = None
        self._replies.append(self._server.replicas.count_acks(wait.offset))
        self.resume()

    def force_unblock(self) -> None:
        if self._wait is not None:
            self._wait = None
            self._replies.append(FORCED)
            self.cut()

    def resume(self) -> None:
        """Serve what has waited, as far as that goes now."""
        self.postponed = False
        while self._waiting and not (self._wait or self.postponed or self._cut):
            self._process(self._waiting.popleft())

    def _receive(self, words: Words) -> None:
        if self._cut:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.cut()
            return
        self._waiting.append(words)
        if not (self._wait or self.postponed):
            self.resume()

    # One command

    def _process(self, words: Words) -> None:
        words, command, error = find(words)
        if command is None:
            self._reject(words, error)
            return
        is_exec = words[0] == "EXEC"
        all_of_it = [command, *(queued for queued, _ in self._queue or ())] if is_exec else [command]
        writes = any(each.writes for each in all_of_it)
        refused = self._refused(writes, all(each.while_loading for each in all_of_it))
        if refused:
            self._reject(words, refused)
            return
        pause = self._server.pauses.kind
        if pause == ALL or (pause == WRITE and any(each.may_write for each in all_of_it)):
            self.postponed = True
            self._waiting.appendleft(words)
            return
        if self._queue is not None and words[0] not in NOT_QUEUED:
            self._queue.append((command, words))
            self._replies.append(b"QUEUED")
            return
        reply = (
            self._transaction(words) if words[0] in TRANSACTION else command.run(self, self._server, words)
        )
        if reply is not BLOCKED:
            self._replies.append(reply)
        self._server.propagate()
        if reply is not BLOCKED:
            self.written_offset = self._server.stream.offset

    def _refused(self, writes: bool, while_loading: bool) -> str | None:
        refused = self.refused_write() if writes else None
        if refused is None and self._server.loading and not while_loading:
            return LOADING
        return refused

    def refused_write(self) -> str | None:
        if not self._server.replicas.enough:
            return NO_REPLICAS
        return READ_ONLY if self._server.following.host is not None else None

    def _reject(self, words: Words, error: str) -> None:
        if words[0] == "EXEC" and self._queue is not None:
            self._end_transaction()
            error = f"EXECABORT Transaction discarded because of: {error}"
        self._queue_failed = self._queue is not None
        self._replies.append(ReplyError(error))

    # Transactions

    def _transaction(self, words: Words) -> Reply:
        match words[0]:
            case "MULTI":
                if self._queue is not None:
                    return ReplyError("ERR MULTI calls can not be nested")
                self._queue = []
                return b"OK"
            case "DISCARD":
                if self._queue is None:
                    return ReplyError("ERR DISCARD without MULTI")
                self._end_transaction()
                return b"OK"
            case "WATCH":
                if self._queue is not None:
                    return ReplyError("ERR WATCH inside MULTI is not allowed")
                for key in words[1:] if not self.watch_broken else ():
                    self._server.data.watch(self, key)
                return b"OK"
            case "UNWATCH":
                self._unwatch()
                return b"OK"
        return self._exec()

    def _exec(self) -> Reply:
        if self._queue is None:
            return ReplyError("ERR EXEC without MULTI")
        queue, failed, broken = self._queue, self._queue_failed, self.watch_broken
        if failed:
            self._end_transaction()
            return ReplyError("EXECABORT Transaction discarded because of previous errors.")
        if broken:
            self._end_transaction()
            return None
        self._unwatch()
        replies = [command.run(self, self._server, words) for command, words in queue]
        self._end_transaction()
        return replies

    def _end_transaction(self) -> None:
        self._queue, self._queue_failed = None, False
        self._unwatch()

    def _unwatch(self) -> None:
        self._server.data.unwatch(self)
        self.watch_broken = False


TRANSACTION = frozenset({"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"})
