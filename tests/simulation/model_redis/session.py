"""A client's connection: transactions, watched keys, and waiting for a pause or for acknowledgements.

The checks before a command runs, and their order, are those of ``processCommand`` in Redis.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from promotion.conversation import Reply, ReplyError
from tests.simulation.model_redis.commands import BLOCKED, Command, find
from tests.simulation.model_redis.limits import MISCONF, NEITHER_QUEUED, OOM, STALE
from tests.simulation.model_redis.messages import Words
from tests.simulation.model_redis.pauses import ALL, WRITE
from tests.simulation.model_redis.refusals import How, Refusal, name_of
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
        self._mute = False
        """Nothing is answered any more, nor carried out."""
        self._oom = False
        """Whether the memory was full when the command began that is being run."""
        self._wait: Wait | None = None
        self._replies: list[Reply] = []
        self._waiting: deque[tuple[Words, Refusal | None]] = deque()
        self._queue: list[tuple[Command, Words]] | None = None
        self._queue_failed = False

    def send(self, words: Sequence[str | int]) -> None:
        """What is sent on a closed connection is lost."""
        if self.closed:
            return
        command = tuple(str(word) for word in words)
        self._server.deliver(lambda: self._receive(command))

    @property
    def answered(self) -> bool:
        """Whether there is something to ``take``."""
        return bool(self._replies)

    def take(self) -> list[Reply]:
        replies, self._replies = self._replies, []
        return replies

    def turn_away(self, error: ReplyError | None) -> None:
        """Instead of serving it: an error that nobody asked for, and the end; None: nothing at all."""
        if error is None:
            self._mute = True
        else:
            self._replies.append(error)
            self.closed = self._cut = True

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
        while self._waiting and not (self._wait or self.postponed or self._cut or self._mute):
            self._take(*self._waiting.popleft())

    def _receive(self, words: Words) -> None:
        if self._cut or self._mute:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.cut()
            return
        refusal = self._server.refusals.look(self.client_host, name_of(words))
        self._waiting.append((words, refusal))
        if not (self._wait or self.postponed):
            self.resume()

    # One command

    def _take(self, words: Words, refusal: Refusal | None) -> None:
        if refusal is None:
            self._process(words, None)
            return
        if not (refusal.how in (How.ERROR, How.ERROR_AT_EXEC) or refusal.how.carried_out):
            self._fall_silent(refusal.how)
            return
        answered = len(self._replies)
        self._process(words, refusal)
        if refusal.how.carried_out and not self.postponed:
            del self._replies[answered:]
            self._fall_silent(refusal.how)

    def _fall_silent(self, how: How) -> None:
        if how.silent:
            self._mute = True
        else:
            self.cut()

    def _process(self, words: Words, refusal: Refusal | None) -> None:
        server = self._server
        words, command, error = find(words, server.limits.hidden)
        if refusal is not None and refusal.how is How.ERROR:
            error = refusal.text(name_of(words)).message
            command = None if error.startswith("ERR unknown") else command
            self._reject(words, command, error)
            return
        if command is None:
            self._reject(words, command, error)
            return
        is_exec = words[0] == "EXEC"
        all_of_it = [command, *(queued for queued, _ in self._queue or ())] if is_exec else [command]
        self._oom = server.limits.out_of_memory
        refused = self._refused(words, all_of_it)
        if refused:
            self._reject(words, command, refused)
            return
        pause = server.pauses.kind
        if pause == ALL or (pause == WRITE and any(each.may_write for each in all_of_it)):
            self.postponed = True
            self._waiting.appendleft((words, refusal))
            return
        if refusal is not None and refusal.how is How.ERROR_AT_EXEC:
            answer = refusal.text(name_of(words))
            if is_exec:
                # However an EXEC is refused that the server knows, there is no transaction behind it.
                self._reject(words, command, answer.message)
                return
            command = replace(command, run=lambda _session, _server, _words: answer)
        if self._queue is not None and words[0] not in NOT_QUEUED:
            self._queue.append((command, words))
            self._replies.append(b"QUEUED")
            return
        own = words[0] in TRANSACTION and (refusal is None or refusal.how.carried_out)
        reply = self._transaction(words) if own else command.run(self, server, words)
        if reply is not BLOCKED:
            self._replies.append(reply)
        server.propagate()
        if reply is not BLOCKED:
            self.written_offset = server.stream.offset

    def _refused(self, words: Words, all_of_it: Sequence[Command]) -> str | None:
        """Why the command, or one of those that EXEC would run, is not taken now; Redis's order."""
        limits = self._server.limits
        writes = any(each.writes for each in all_of_it)
        denied = limits.no_permission(words)
        if denied:
            return denied
        queued = self._queue is not None and words[0] not in NEITHER_QUEUED
        if self._oom and (queued or any(each.deny_oom for each in all_of_it)):
            return OOM
        if limits.cannot_save and (writes or words[0] == "PING"):
            return MISCONF
        refused = self.refused_write() if writes else None
        if refused is None and limits.stale and not all(each.while_stale for each in all_of_it):
            refused = STALE
        if refused is None and self._server.loading and not all(each.while_loading for each in all_of_it):
            refused = LOADING
        return refused

    def refused_write(self) -> str | None:
        if not self._server.replicas.enough:
            return NO_REPLICAS
        return READ_ONLY if self._server.following.host is not None else None

    def refused_in_script(self) -> str | None:
        """Why a script's SET is not run."""
        if self._server.following.host is not None:
            return READ_ONLY
        if self._server.limits.cannot_save:
            return MISCONF
        if not self._server.replicas.enough:
            return NO_REPLICAS
        return OOM if self._oom else None

    def _reject(self, words: Words, command: Command | None, error: str) -> None:
        """``command`` None: it is not known, so Redis does not take it for an EXEC either."""
        if command is not None and words[0] == "EXEC" and self._queue is not None:
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
        self.unwatch()
        replies = [command.run(self, self._server, words) for command, words in queue]
        self._end_transaction()
        return replies

    def _end_transaction(self) -> None:
        self._queue, self._queue_failed = None, False
        self.unwatch()

    def unwatch(self) -> None:
        self._server.data.unwatch(self)
        self.watch_broken = False


TRANSACTION = frozenset({"MULTI", "EXEC", "DISCARD", "WATCH"})
