"""One established connection to a node: sends commands in order and matches the replies to them in order.

redis-py connects, encrypts and authenticates; then a ``Line`` takes the transport over. It is the hot loop of
a sentinel that watches hundreds of nodes: with redis-py's streams each reply wakes two tasks, here it is one
callback. The end of the connection is seen when it happens, not when the next command is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import hiredis
from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.evidence import classify
from sentinel.nodes.link import take_over
from sentinel.nodes.reply_parser import BoundedReplies
from sentinel.process import clock
from sentinel.process.event_loop import can_wait, read_up_to, unread_s
from sentinel.process.lateness import again_s

MAX_OUTSTANDING = 16
MAX_BESIDE = 64
"""The limit for commands of a step (``send_all``)."""

AGAIN_S = 0.02
"""The pause before a silence is judged again if the answer may not be read yet."""

PONG = b"+PONG\r\n"

_arriving = bytearray(64 * 1024)
"""The receive buffer of all lines; it is emptied before anything else arrives. asyncio would allocate a
buffer for each read and cut it to seven bytes, hundreds of times a second.
"""
_arrived = memoryview(_arriving)

_packed = lru_cache(maxsize=64)(hiredis.pack_command)


def _pack(words: tuple[str, ...]) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


@dataclass(slots=True, eq=False)
class Command:
    """``waiters`` get the outcome; the owner of an unanswered command must resolve them.

    A command with a ``reply`` is a step's and not the probe's: that future gets the reply, or the line's
    loss.
    """

    words: tuple[str, ...]
    waiters: Sequence[asyncio.Future[Any]] = ()
    sent_at: float = 0.0
    reply: asyncio.Future[Any] | None = None


OnReply: TypeAlias = Callable[[Command, object, float], None]
"""Gets the command, its reply (an error reply as an exception) and the seconds it took."""


class Line(asyncio.BufferedProtocol):
    """Takes ``connection`` over. Call ``run`` once, at once.

    Invariant: the oldest outstanding command is the one that the next reply answers.
    """

    def __init__(self, connection: Connection, on_reply: OnReply, silence_s: float) -> None:
        self._on_reply = on_reply
        self._silence_s = silence_s
        self._loop = asyncio.get_running_loop()
        self._outstanding: list[Command] = []
        self._replies = BoundedReplies()
        self._lost: asyncio.Future[Evidence] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since = 0.0
        self.answered = False
        self._reported_unasked = False
        self._transport = take_over(connection, self)
        self._hurries = 0
        self._fd: int = self._transport.get_extra_info("socket").fileno()

    def send(self, *commands: Command) -> None:
        """Sends them in one write. Raises ``OverflowError`` beyond a limit, so check ``count`` first."""
        outstanding = self._outstanding
        if outstanding and sum(other.reply is None for other in outstanding) >= MAX_OUTSTANDING:
            raise OverflowError(f"{MAX_OUTSTANDING} commands are outstanding")
        now = clock.monotonic()
        if not outstanding:
            self._waiting_since = now
        for command in commands:
            command.sent_at = now
        outstanding += commands
        packed = [_packed(command.words) for command in commands]
        self._transport.write(packed[0] if len(packed) == 1 else b"".join(packed))
        if self._timer is None:
            self._arm()

    def send_all(self, commands: list[Command]) -> None:
        """Sends them in one write. Raises redis-py's ConnectionError when the line is lost, or too busy."""
        if self._lost.done():
            raise RedisConnectionError("the connection was closed")
        if len(self._outstanding) + len(commands) > MAX_OUTSTANDING + MAX_BESIDE:
            raise RedisConnectionError("too many commands wait for their replies")
        now = clock.monotonic()
        if not self._outstanding:
            self._waiting_since = now
        for command in commands:
            command.sent_at = now
        self._outstanding.extend(commands)
        self._transport.write(b"".join(_pack(command.words) for command in commands))
        self._arm()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """While it is open, this node's replies are read before those of other nodes."""
        self._hurries += 1
        can_wait(self._fd, False)
        try:
            yield
        finally:
            self._hurries -= 1
            self._may_wait()

    def _may_wait(self) -> None:
        """Lets the connection wait its turn, once the node has answered: its first answer is urgent."""
        if self.answered and not self._hurries and not self._lost.done():
            can_wait(self._fd, True)

    def count(self, words: tuple[str, ...]) -> int:
        """How many commands with these words wait for their reply."""
        return sum(command.words == words for command in self._outstanding)

    def unanswered(self) -> tuple[Command, ...]:
        return tuple(self._outstanding)

    async def run(self) -> Evidence:
        """Serves the connection until it is lost; returns how it was lost. Raises what ``on_reply`` raises.

        If a command waits and nothing arrived for ``silence_s``, the connection is given up: after a change
        of address the other end may not even know of it.
        """
        try:
            return await self._lost
        finally:
            # From here on nothing is delivered any more, also after a cancellation.
            self._lost.cancel()
            for command in self._outstanding:
                if command.reply is not None and not command.reply.done():
                    command.reply.set_exception(RedisConnectionError("the connection was lost"))
            if self._timer is not None:
                self._timer.cancel()
            can_wait(self._fd, False)
            # Aborted and not closed: TLS would send a goodbye and wait for the answer of a lost node.
            self._transport.abort()

    # -- asyncio.BufferedProtocol --------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return _arrived

    def buffer_updated(self, nbytes: int) -> None:
        # Almost all data is the answer to a PING, which needs no parser.
        if nbytes == len(PONG) and _arriving.startswith(PONG) and self._replies.are_whole:
            if not self._lost.done():
                self._take(b"PONG")
        else:
            self.data_received(bytes(_arrived[:nbytes]))

    def data_received(self, data: bytes) -> None:
        try:
            for reply in self._replies.read(data):
                if self._lost.done():
                    return
                self._take(reply)
        except InvalidResponse as error:
            self._lose(classify(error))

    def eof_received(self) -> None:
        self._lose(classify(RedisConnectionError("Connection closed by server.")))

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(classify(error or RedisConnectionError("Connection closed by server.")))

    def _lose(self, seen: Evidence) -> None:
        if not self._lost.done():
            self._lost.set_result(seen)

    def _take(self, reply: object) -> None:
        if not self._outstanding:
            self._take_unasked(reply)
            return
        command = self._outstanding.pop(0)
        if not self.answered:
            self.answered = True
            self._may_wait()
        self._waiting_since = now = clock.monotonic()
        if command.reply is not None:
            if not command.reply.done():
                command.reply.set_result(reply)
            return
        self._tell(command, reply, now - command.sent_at)

    def _take_unasked(self, reply: object) -> None:
        """A server that turns us away sends one unasked error. A second unasked reply ends the connection: it
        is out of step or not a Redis, and reporting thousands of replies of one read would block the rest.
        """
        if isinstance(reply, Exception) and not self._reported_unasked:
            self._reported_unasked = True
            self._tell(Command(()), reply, 0.0)
        else:
            self._lose(classify(InvalidResponse("a reply to no command")))

    def _tell(self, command: Command, reply: object, took_s: float) -> None:
        try:
            self._on_reply(command, reply, took_s)
        except Exception as error:  # noqa: BLE001
            # A bug in the callback is not the node's fault, and ``run`` raises it.
            if not self._lost.done():
                self._lost.set_exception(error)

    # -- silence -------------------------------------------------------------------------------

    def _arm(self, again_s: float = 0.0) -> None:
        """One timer, which decides when it fires whether to wait on: moving it at each reply costs more."""
        if self._timer is None and self._outstanding:
            left_s = self._waiting_since + self._silence_s - clock.monotonic()
            self._timer = self._loop.call_later(max(again_s, left_s), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # Judged by the time of reading, not by now: after a long turn an answer may be in the socket.
        if self._outstanding and read_up_to() >= self._waiting_since + self._silence_s:
            detail = f"no reply for {self._silence_s:g} s; connecting anew"
            self._lose(Evidence(EvidenceKind.UNREACHABLE, detail))
        else:
            self._arm(again_s(AGAIN_S, unread_s()))
