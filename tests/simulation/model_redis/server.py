"""One modelled redis-server: its process, which runs, hangs or has died, and the parts that make it up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.conversation import ReplyError
from tests.simulation.model_redis.commands import COMMANDS
from tests.simulation.model_redis.config import Config
from tests.simulation.model_redis.cron import Cron
from tests.simulation.model_redis.data import DataSet
from tests.simulation.model_redis.disk import Disk, Saved, SavedConfig, Saving
from tests.simulation.model_redis.failover import Failover
from tests.simulation.model_redis.following import Following
from tests.simulation.model_redis.limits import TOO_MANY_CLIENTS, Limits
from tests.simulation.model_redis.link import End
from tests.simulation.model_redis.messages import Refused, Words
from tests.simulation.model_redis.options import Options
from tests.simulation.model_redis.pauses import Pauses
from tests.simulation.model_redis.refusals import CONNECT, How, Refusals
from tests.simulation.model_redis.replicas import Replicas
from tests.simulation.model_redis.session import Session
from tests.simulation.model_redis.shutdown import Shutdown
from tests.simulation.model_redis.stream import Stream, new_id

if TYPE_CHECKING:
    from tests.simulation.model_redis.world import ModelWorld

MAX_INBOX = 1_000_000
MAX_SETTLING = 1000


class ModelServer:
    """Added by ``ModelWorld.add``; ``start`` it. Each start makes its parts anew; its ``disk`` stays."""

    def __init__(self, world: ModelWorld, name: str, host: str, port: int, options: Options) -> None:
        self.world = world
        self.name = name
        self.host = host
        self.port = port
        self.options = options
        self.disk = Disk()
        self.refusals = Refusals()
        self.cluster_enabled = False
        """What its configuration says; a process that runs stays in the mode that it began in."""
        self.running = False
        self.hung = False
        self.boots = 0
        self._boot()

    def _boot(self) -> None:
        """The state of a process that has just begun."""
        self.started = self.world.now
        self.loading = False
        self.run_id = new_id(self.world.rng)
        self.in_cluster = self.cluster_enabled
        self.sessions: list[Session] = []
        self.wants_acks = False
        self._inbox: deque[Callable[[], None]] = deque()
        self._late: list[Callable[[], None]] = []
        self._unblocked: list[Session] = []
        self._calls: list[Words] = []
        self.config = Config(self)
        self.data = DataSet()
        self.stream = Stream(self.world.rng, self.options.backlog_bytes)
        self.pauses = Pauses(self)
        self.failover = Failover(self)
        self.shutdown = Shutdown(self)
        self.replicas = Replicas(self)
        self.following = Following(self, None if self.in_cluster else self.config.replicaof)
        self.saving = Saving(self)
        self.limits = Limits(self)

    @property
    def unix_s(self) -> int:
        """Redis counts most of its waiting in whole seconds of the clock."""
        return int(self.world.now)

    @property
    def needs_ticks(self) -> bool:
        """Whether something may happen within this second."""
        return (
            self.failover.active
            or self.shutdown.under_way
            or self.pauses.ticking
            or self.replicas.child_to_reap
        )

    # The process

    def start(self) -> None:
        if self.running:
            return
        self.running, self.hung = True, False
        self.boots += 1
        self._boot()
        self.cron = Cron(self)
        saved = self.disk.snapshot
        if saved is not None:
            found = saved
            self.loading = True
            self.later(self.options.load_s, lambda: self._restored(found))

    def _restored(self, saved: Saved) -> None:
        self.loading = False
        self.saving.restore(saved)

    def crash(self) -> None:
        """SIGKILL. The kernel closes its connections."""
        if not self.running:
            return
        self.running = self.hung = False
        self.following.leave()
        for replica in [*self.replicas.clients, *self.replicas.attached]:
            replica.end.close()
        for session in list(self.sessions):
            session.cut()

    def hang(self) -> None:
        """SIGSTOP: connections stay, are even accepted, and nothing is answered."""
        if self.running and not self.hung:
            self.hung = True
            self.cron.freeze()

    def resume(self) -> None:
        """SIGCONT: first what has arrived, then what was due."""
        if not self.hung:
            return
        self.hung = False
        while self._inbox and self.running:
            self._inbox.popleft()()
            self._settle()
        late, self._late = self._late, []
        for action in late:
            self.deliver(action)
        self.cron.resume()

    def wipe(self, *, config: bool = True) -> None:
        """Its files are gone; with ``config`` the rewritten configuration too."""
        if self.running:
            raise ValueError(f"{self.name} is running; only a stopped server can be wiped")
        self.disk.snapshot = None
        if config:
            self.disk.config = None

    def told_to_follow(self, host: str, port: int) -> None:
        """From its next start on its command line says ``--replicaof``, whatever its file says."""
        written = self.disk.config
        self.disk.config = SavedConfig((host, port), written.settings if written is not None else {})

    def forget_history(self) -> None:
        """What it loads next comes from an append-only file, which keeps the data and no history."""
        if self.disk.snapshot is not None:
            self.disk.snapshot = replace(self.disk.snapshot, replid=None)

    def deliver(self, action: Callable[[], None]) -> None:
        """Something has arrived from outside, and is handled when the process runs."""
        if not self.running:
            return
        if self.hung:
            if len(self._inbox) >= MAX_INBOX:
                raise OverflowError(f"{self.name} hangs, and {MAX_INBOX} messages wait for it")
            self._inbox.append(action)
            return
        action()
        self._settle()

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """A timer of this process; one that ends while the process hangs goes off when it goes on."""
        boot = self.boots

        def fire() -> None:
            if self.boots != boot or not self.running:
                return
            if self.hung:
                self._late.append(action)
            else:
                self.deliver(action)

        self.world.events.at(self.world.now + delay_s, fire)

    # Clients

    def open(self, client_host: str) -> Session:
        """Raises ConnectionRefusedError if the process does not run, or is told to refuse.

        Whom it cannot take is sent an error before anything was asked, and cut.
        """
        refusal = self.refusals.look(client_host, CONNECT)
        if not self.running or (refusal is not None and refusal.how is How.CUT):
            raise ConnectionRefusedError(f"{self.name}: connection refused")
        session = Session(self, client_host)
        if self.limits.no_more_clients:
            session.turn_away(ReplyError(TOO_MANY_CLIENTS))
        elif refusal is not None:
            session.turn_away(None if refusal.how.silent else refusal.text(CONNECT))
        else:
            self.sessions.append(session)
        return session

    def accept(self, end: End) -> None:
        """A replica's connection."""
        if self.limits.no_more_clients:
            # It reads that when it has said its first word.
            end.on_message = lambda _message: self._turn_away(end)
        else:
            self.replicas.accept(end)

    def _turn_away(self, end: End) -> None:
        end.send(Refused(TOO_MANY_CLIENTS))
        end.close()

    def unblock_postponed(self) -> None:
        """The pause is over, or milder: who waited for it is served again, and may have to wait again."""
        self._unblocked += [session for session in self.sessions if session.postponed]

    def unblock_with_error(self) -> None:
        """A primary becomes a replica: a WAIT will have no answer."""
        for session in list(self.sessions):
            session.force_unblock()

    # Data

    def call(self, words: Words) -> object:
        """Run a command that touches keys, for a client; what it changed is to be ``propagate``d."""
        reply, changed = self.data.run(words)
        if changed:
            self._changed(words)
            self._calls.append(words)
        return reply

    def apply(self, words: Words) -> None:
        """Run what the primary's stream brought. From 7.0 on a replica that cannot save panics at a write."""
        if COMMANDS[words[0]].writes and self.limits.cannot_save:
            self.crash()
        elif self.data.run(words)[1]:
            self._changed(words)

    def _changed(self, words: Words) -> None:
        self.saving.changes += 1
        if words[0] == "FLUSHALL":
            self.saving.flushed()

    def propagate(self) -> None:
        """What a client's command changed goes into the stream as one entry: a transaction if it is more."""
        calls, self._calls = tuple(self._calls), []
        if len(calls) > 1:
            calls = (("MULTI",), *calls, ("EXEC",))
        if calls:
            self.replicas.feed(calls)

    def _settle(self) -> None:
        """What Redis does before it sleeps again."""
        for _ in range(MAX_SETTLING):
            for session in list(self.sessions):
                session.answer_wait()
            unblocked, self._unblocked = self._unblocked, []
            for session in unblocked:
                session.resume()
            if not self.pauses.kind:
                for replica in list(self.replicas.clients):
                    replica.resume()
            if self.wants_acks and not self.pauses.kind:
                self.wants_acks = False
                self.replicas.ask_acks()
            self.failover.check()
            if not self._unblocked:
                return
        raise AssertionError(f"{self.name} does not come to rest")
