"""Watches one node over one connection, and reports everything at the moment it happens.

Nothing is polled: a lost connection is reported and reopened at once. So the refusal of a dead process is
known within milliseconds, and a process that only dropped the connection is known to live. The detector
judges what that means; a probe goes on trying, at a limited rate.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from redis.exceptions import InvalidResponse, RedisError

from quorum.evidence import Evidence, EvidenceKind
from quorum.usability import Refusing, Source
from sentinel.coordination.link_info import LinkInfo, parse_link
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_refusals import of_connecting, of_ping
from sentinel.nodes.evidence import classify, error_text
from sentinel.nodes.extra_questions import ExtraQuestions
from sentinel.nodes.info import InfoError, parse_info
from sentinel.nodes.life import Life
from sentinel.nodes.line import Command, Line
from sentinel.nodes.line_exchange import LineExchange
from sentinel.nodes.link import RedisLink
from sentinel.nodes.reconnecting import pause_s
from sentinel.process import clock

PING = ("PING",)
INFO = ("INFO",)
"""The default sections: several named ones are an error before Redis 7."""
LINK = ("INFO", "replication")

MISCONFIGURED_RETRY_S = 1.0
"""The longest pause. A misconfigured node counts as alive only while that is confirmed, several times within
``down_after``."""
MAX_REFRESHES = 64


_ALIVE = Evidence(EvidenceKind.ALIVE)


class Probe:
    """``node`` is the configured name; ``host`` and ``port`` are where to connect.

    ``start`` once, in the event loop; then ``ping`` and ``request_info`` at intervals; at last ``close``.
    The callbacks get the node's name first, and are called in the order of the events; they must not block or
    raise. ``on_latency`` gets the seconds of each PING, ``on_link`` the answer to ``request_link`` and the
    seconds since it was asked. ``on_refusal`` gets what the node refuses its clients, by its reply to PING or
    to a connection, whenever that changes on this connection.
    ``fence_key``: a node that may evict the fence is asked along with each INFO whether it is there.
    ``read_safety``: the node's ``min-replicas`` settings are read along with each INFO; else only if INFO
    shows that they are set.
    ``reconnect_interval_s`` is the longest pause between attempts to connect, normally the ping interval. It
    is longer if ``crowd`` says that many groups want a leader and ``is_down`` that the node is called down.
    """

    def __init__(
        self,
        node: str,
        host: str,
        port: int,
        link: RedisLink,
        *,
        down_after_s: float,
        reconnect_interval_s: float,
        on_evidence: Callable[[str, Evidence], None],
        on_info: Callable[[str, NodeInfo], None],
        on_latency: Callable[[str, float], None],
        on_refusal: Callable[[str, Source, Refusing | None], None] = lambda _node, _source, _refusing: None,
        on_link: Callable[[str, LinkInfo, float], None] = lambda _node, _link, _took_s: None,
        crowd: Callable[[], int] = lambda: 1,
        is_down: Callable[[], bool] = lambda: False,
        read_safety: bool = False,
        fence_key: str | None = None,
    ) -> None:
        self.node = node
        self.peer_ip: str | None = None
        """The address of the newest connection; None until there was one."""
        self.info_took_s = 0.0
        """How long the newest INFO took to be answered."""
        self._host = host
        self._port = port
        self._link = link
        # As in Redis Sentinel: half of down_after, so that a new connection has the other half to answer.
        self._down_after_s = down_after_s
        self._silence_s = down_after_s / 2
        self._reconnect_interval_s = reconnect_interval_s
        self._crowd = crowd
        self._is_down = is_down
        self._tell_evidence = on_evidence
        self._tell_info = on_info
        self._tell_latency = on_latency
        self._tell_refusal = on_refusal
        self._reported_refusals: dict[Source, Refusing | None] = {}
        self._turned_away: Evidence | None = None
        self._unheard = False
        """Whether the newest connection ended before it gave a proper answer."""
        self._tell_link = on_link
        self._line: Line | None = None
        self._lent: Line | None = None
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._waiting: list[asyncio.Future[NodeInfo | None]] = []
        self._refused: dict[tuple[str, ...], Evidence] = {}
        self._extras = ExtraQuestions(node, read_safety, fence_key)
        self._attempts = 0
        self._refused_last = False
        self._loading = False
        self._plain_pongs = False
        """The last PONG on this connection showed life and nothing else, and another would show the same."""
        self._life = Life()

    def exchange(self) -> LineExchange | None:
        """The open connection, for one conversation; None if there is none, or it is taken."""
        if self._line is None or not self._line.answered or self._line is self._lent:
            return None
        self._lent = self._line
        return LineExchange(self._line, self._give_back)

    def _give_back(self) -> None:
        self._lent = None

    @property
    def connected(self) -> bool:
        return self._line is not None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"probe {self.node}")
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Disconnects. Nothing is reported any more; pending refreshes get None."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._fail_waiting()

    def ping(self, *, and_info: bool = False) -> None:
        """Sends a PING, unless one is unanswered yet or there is no connection. Never blocks.

        ``and_info``: sends an INFO too, in the same write, so that there is one write and one read.
        """
        line = self._line
        if and_info and line is not None and line.count(PING) == line.count(INFO) == 0:
            self._send_info(line, Command(PING))
            return
        self._ask(PING)
        if and_info:
            self._ask(INFO)

    def request_info(self) -> None:
        """Sends an INFO, unless one is unanswered yet or there is no connection."""
        self._ask(INFO)

    def request_link(self) -> None:
        """Asks for the node's replication link, unless that is unanswered yet or there is no connection."""
        self._ask(LINK)

    async def refresh(self, timeout_s: float) -> NodeInfo | None:
        """The node's answer to an INFO that is sent after this call; ``on_info`` gets it too.

        None as soon as an attempt to connect fails, or without a usable answer in time. If there is no
        connection, one is tried at once.
        """
        if self._task is None or self._task.done() or len(self._waiting) >= MAX_REFRESHES:
            return None
        answer: asyncio.Future[NodeInfo | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        # An earlier INFO may be under way; a second one is enough for all callers meanwhile.
        if self._line is None:
            self._hurry.set()
        elif self._line.count(INFO) < 2:
            self._send_info(self._line)
        hurried = self._line.hurried() if self._line is not None else contextlib.nullcontext()
        try:
            with hurried, contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    return await answer
            return None
        finally:
            if answer in self._waiting:
                self._waiting.remove(answer)

    async def _run(self) -> None:
        while True:
            seen = await self._connect_and_serve()
            pause_s = self._pause_s(seen)
            self._attempts += 1
            self._refused_last = seen.kind is EvidenceKind.REFUSED
            self._tell_evidence(self.node, seen)
            if pause_s > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._hurry.wait()

    async def _connect_and_serve(self) -> Evidence:
        """One connection, from the attempt to its end; returns how it failed or was lost."""
        self._hurry.clear()
        self._refused.clear()
        self._reported_refusals.clear()
        self._turned_away = None
        self._plain_pongs = False
        try:
            line = await self._connect()
        except (RedisError, OSError) as error:
            self._fail_waiting()
            self._note_door(error)
            seen = classify(error)
            self._unheard = seen.kind is EvidenceKind.CLOSED or self._turned_away is not None
            return seen
        self._line = line
        self._life.connected()
        self._send_info(line, Command(PING))
        # Sent last, since a server that turns us away says why in its answer to the first command.
        line.send(Command(("CLIENT", "SETNAME", self._link.client_name)))
        opened_at = clock.monotonic()
        try:
            seen = await line.run()
            return self._loss(seen)
        finally:
            self._line = None
            self._unheard = not line.answered or self._turned_away is not None
            lived_s = clock.monotonic() - opened_at
            if line.answered and lived_s > self._reconnect_interval_s:
                self._attempts = 0
            # Callers that waited for an INFO on this connection get the first one of the next.
            lost = [waiter for command in line.unanswered() for waiter in command.waiters]
            self._waiting[:0] = [waiter for waiter in lost if not waiter.done()]

    def _loss(self, seen: Evidence) -> Evidence:
        """A server that turns us away says so and closes: the connection was not lost."""
        return self._turned_away if self._turned_away is not None else seen

    async def _connect(self) -> Line:
        if self._refused_last and (error := await self._link.refusal(self._host, self._port)) is not None:
            raise error
        if self._unheard and (refused := await self._link.greeting(self._host, self._port)) is not None:
            raise refused
        connection = await self._link.connection(self._host, self._port, self.peer_ip)
        self.peer_ip = connection.getpeername() or self.peer_ip
        return Line(connection, self._on_reply, self._silence_s)

    def _pause_s(self, seen: Evidence) -> float:
        if self._attempts and (seen.kind is EvidenceKind.MISCONFIGURED or self._refused):
            return min(MISCONFIGURED_RETRY_S, self._silence_s * 2 / 3)
        crowd = self._crowd() if seen.kind is EvidenceKind.REFUSED else 1
        return pause_s(
            self._attempts,
            self._reconnect_interval_s,
            crowd,
            down=self._is_down(),
            down_after_s=self._down_after_s,
        )

    def _ask(self, words: tuple[str, ...]) -> None:
        if self._line is None or self._line.count(words) > 0:
            return
        if words == INFO:
            self._send_info(self._line)
        else:
            self._line.send(Command(words))

    def _send_info(self, line: Line, *before: Command) -> None:
        waiters, self._waiting = self._waiting, []
        line.send(*before, *map(Command, self._extras.questions()), Command(INFO, waiters))

    def _on_reply(self, command: Command, reply: object, latency_s: float) -> None:
        if command.words == PING:
            self._on_pong(reply, latency_s)
        elif command.words == INFO:
            self.info_took_s = latency_s
            self._on_info(command, reply)
        elif command.words == LINK:
            if (link := parse_link(reply)) is not None:
                self._tell_link(self.node, link, latency_s)
        elif not command.words and isinstance(reply, Exception):
            self._refuse((), reply)
        else:
            self._extras.answered(command.words, reply)

    def _on_pong(self, reply: object, latency_s: float) -> None:
        if isinstance(reply, Exception):
            self._note_door(reply)
            self._note_refusal(Source.PING, of_ping(error_text(reply)))
            self._refuse(PING, reply)
        elif reply != b"PONG":
            self._refuse(PING, InvalidResponse("PING is not answered with PONG"))
        elif self._plain_pongs and not self._refused and not self._loading:
            self._tell_latency(self.node, latency_s)
            self._tell_evidence(self.node, _ALIVE)
        else:
            self._tell_latency(self.node, latency_s)
            self._note_refusal(Source.DOOR, None)
            self._note_refusal(Source.PING, None)
            if (shown := self._life.pong()) is not None:
                self._accept(PING, shown)
            self._plain_pongs = shown == _ALIVE
            if self._loading:
                self._ask(INFO)  # its data is judged once it is all loaded, and then at once

    def _on_info(self, command: Command, reply: object) -> None:
        info = None
        try:
            info = self._extras.complete(_read_info(reply))
        except (RedisError, InfoError) as error:
            self._refuse(INFO, error)
        else:
            self._life.answered()
            self._loading = info.loading and not info.async_loading
            # INFO is answered while loading, which must not hide that other commands are not.
            self._accept(INFO, Evidence(EvidenceKind.LOADING if self._loading else EvidenceKind.ALIVE))
            self._tell_info(self.node, info)
        for waiter in command.waiters:
            if not waiter.done():
                waiter.set_result(info)
        if self._waiting and self._line is not None:
            self._send_info(self._line)

    def _note_door(self, error: Exception) -> None:
        refusing = of_connecting(error_text(error))
        if refusing is not None:
            self._turned_away = classify(error)
            self._note_refusal(Source.DOOR, refusing)

    def _note_refusal(self, source: Source, refusing: Refusing | None) -> None:
        if source not in self._reported_refusals or self._reported_refusals[source] != refusing:
            self._reported_refusals[source] = refusing
            self._plain_pongs = False
            self._tell_refusal(self.node, source, refusing)

    def _accept(self, words: tuple[str, ...], evidence: Evidence) -> None:
        self._refused.pop(words, None)
        self._report(evidence)

    def _refuse(self, words: tuple[str, ...], error: Exception) -> None:
        evidence = self._life.refused(error) if words == INFO else classify(error)
        if evidence.kind is EvidenceKind.MISCONFIGURED:
            self._refused[words] = evidence
        else:
            self._refused.pop(words, None)
        self._report(evidence)

    def _report(self, evidence: Evidence) -> None:
        # While one command is refused, the other's success must not make the state flap.
        refused = next(iter(self._refused.values()), None)
        self._tell_evidence(self.node, refused or evidence)

    def _fail_waiting(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        # A bug, in the probe or in a callback. A probe must not fall silent unnoticed.
        context = {"message": f"the probe of {self.node} failed", "exception": task.exception(), "task": task}
        task.get_loop().call_exception_handler(context)


def _read_info(reply: object) -> NodeInfo:
    if not isinstance(reply, bytes):
        raise reply if isinstance(reply, RedisError) else InfoError("reply", "is not text")
    return parse_info(reply)
