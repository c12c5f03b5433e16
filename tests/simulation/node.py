"""The modelled Redis servers on the simulator's clock and network: what happens in the model, and what of it
the rest of a run can see and do.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tests.simulation.model_redis import ModelServer, ModelWorld
from tests.simulation.model_redis import Session as ModelSession
from tests.simulation.model_redis.disk import Saved
from tests.simulation.model_redis.refusals import Refusals
from tests.simulation.network import Network
from tests.simulation.schedule import Schedule
from tests.simulation.sick import Sickness

OnReply = Callable[[Any], None]


class RefusedError(Exception):
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``saves``: the data set survives a restart, as it was when it was saved last."""

    saves: bool = True
    load_s: float = 0.2
    full_sync_s: float = 0.3
    backlog_bytes: int = 1 << 20
    pausing: bool = True
    """Sentinels may pause writes; where they may not, a primary is asked to hand over by itself."""


class Servers:
    """All of a run's nodes. The model's time is the schedule's: ``look`` brings it up to now."""

    def __init__(
        self,
        schedule: Schedule,
        network: Network,
        rng: random.Random,
        same_host: Callable[[str], str] | None = None,
    ) -> None:
        self.schedule = schedule
        self._model = ModelWorld(lambda one, other, _now: network.route(one, other), rng, schedule.now)
        self._model.same_host = same_host or str
        self._due: float | None = None
        self._sessions: list[Session] = []

    def add(self, host: str, port: int, settings: Settings, follows: tuple[str, int] | None) -> Node:
        server = self._model.add(
            f"{host}:{port}",
            host,
            port,
            persistence="rdb" if settings.saves else "none",
            load_s=settings.load_s,
            full_sync_s=settings.full_sync_s,
            backlog_bytes=settings.backlog_bytes,
            config_file=True,
            replicaof=follows,
        )
        return Node(server, self, settings)

    def look(self) -> None:
        """Let the model catch up, hand over what it answered, and come back when it next does something."""
        self._model.advance(self.schedule.now)
        for session in list(self._sessions):
            session.hand_over()
        due = self._model.next_event()
        if due is not None and (self._due is None or due < self._due):
            self._due = due
            self.schedule.at(due - self.schedule.now, partial(self._on_due, due))

    def opened(self, session: Session) -> None:
        self._sessions.append(session)

    def closed(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.remove(session)

    def _on_due(self, due: float) -> None:
        if self._due == due:
            self._due = None
            self.look()


class Session:
    """One client's connection, at the node. ``on_close`` is called once, when the node ends it."""

    def __init__(
        self, model: ModelSession, servers: Servers, settings: Settings, on_close: Callable[[], None]
    ) -> None:
        self._model = model
        self._servers = servers
        self._settings = settings
        self._on_close = on_close
        self._waiting: deque[OnReply] = deque()
        self._replies: deque[Any] = deque()
        """Nobody has asked for these yet: whom a server turns away is told so before it says a word."""
        self.closed = False

    def send(self, words: Sequence[str | int], on_reply: OnReply) -> None:
        """A request that has arrived. A closed session never answers."""
        if self.closed:
            return
        if words[:2] == ("CLIENT", "PAUSE") and not self._settings.pausing:
            words = ("NOT-ALLOWED",)
        self._waiting.append(on_reply)
        self._model.send(words)
        self._servers.look()

    def hand_over(self) -> None:
        if not (self._model.answered or self._model.closed or self._replies):
            return
        self._replies.extend(self._model.take())
        while self._replies and self._waiting:
            self._waiting.popleft()(self._replies.popleft())
        if self._model.closed and not self.closed and not self._replies:
            self.closed = True
            self._servers.closed(self)
            self._on_close()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._servers.closed(self)
            self._model.close()
            self._servers.look()


class Node:
    """One server, with what faults do to it and what checks ask of it."""

    def __init__(self, server: ModelServer, servers: Servers, settings: Settings) -> None:
        self._server = server
        self._servers = servers
        self._settings = settings
        self.name = server.name
        self.host = server.host
        self.port = server.port
        self.schedule = servers.schedule
        self.sickness = Sickness(server)

    def open(self, client: str, on_close: Callable[[], None] = lambda: None) -> Session:
        try:
            model = self._server.open(client)
        except ConnectionRefusedError as error:
            raise RefusedError(str(error)) from None
        session = Session(model, self._servers, self._settings, on_close)
        self._servers.opened(session)
        return session

    # -- what can be seen ----------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def run_id(self) -> str:
        return self._server.run_id

    @property
    def in_cluster(self) -> bool:
        return self._server.running and self._server.in_cluster

    @property
    def started_at(self) -> float:
        return self._server.started

    @property
    def hung(self) -> bool:
        return self._server.hung

    @property
    def loading(self) -> bool:
        return self._server.loading

    @property
    def follows(self) -> tuple[str, int] | None:
        following = self._server.following
        return None if following.host is None else (following.host, following.port)

    @property
    def link_up(self) -> bool:
        return self.follows is not None and self._server.following.connected

    @property
    def was_linked(self) -> bool:
        """To whom it follows, since it was started or told to."""
        return self.link_up or bool(self._server.following.down_since_s)

    @property
    def handing_over(self) -> bool:
        return self._server.failover.active

    @property
    def writes_paused(self) -> bool:
        return self._server.pauses.kind > 0

    @property
    def safe_to_write(self) -> bool:
        return self._server.replicas.enough

    @property
    def history(self) -> str:
        """The replication id that its offset counts in."""
        return self._server.stream.replid

    @property
    def values(self) -> dict[str, Any]:
        return self._server.data.values

    # -- what is done to it --------------------------------------------------------------------

    def start(self) -> None:
        if not self._server.running:
            self._server.start()
            self.sickness.take_effect()
        self._servers.look()

    def crash(self) -> None:
        self._server.crash()
        self._servers.look()

    def restart_in_cluster_mode(self, on: bool) -> None:
        """Or out of it again. It takes a restart, in which only what was saved is kept."""
        self._server.cluster_enabled = on
        self.crash()
        self.start()

    def terminate(self) -> None:
        """SIGTERM."""
        self._server.shutdown.ask()
        self._servers.look()

    def abort_shutdown(self) -> None:
        if self._server.running:
            self._server.shutdown.abort()
        self._servers.look()

    def hang(self) -> None:
        self._server.hang()

    def resume(self) -> None:
        self._server.resume()
        self._servers.look()

    def save(self) -> None:
        self._server.saving.save()

    def wipe(self) -> None:
        """Its data is gone; the configuration stays."""
        self._server.wipe(config=False)

    def is_replaced(self, values: dict[str, Any]) -> None:
        """Another server, with data and a history of its own, has the address of this one, which is gone."""
        server = self._server
        server.wipe()
        server.options = replace(server.options, replicaof=None)
        server.disk.snapshot = Saved(values, None, 0)
        self.start()

    def supervised(self, of: Node) -> None:
        """Whenever it is started next, its supervisor's command line makes it follow ``of``."""
        self._server.told_to_follow(of.host, of.port)

    def forget_history(self) -> None:
        """It keeps an append-only file."""
        self._server.forget_history()

    # -- what it refuses -----------------------------------------------------------------------

    @property
    def refusals(self) -> Refusals:
        """Its table, to be filled by whoever breaks it on purpose."""
        return self._server.refusals

    def command(self, *words: str | int) -> None:
        """By somebody at the node itself, who does not look at the answer."""
        session = self.open("keyboard")
        session.send(words, lambda _reply: session.close())
