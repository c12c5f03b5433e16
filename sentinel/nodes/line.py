"""One established connection to a node: commands go out in order, and replies are matched to them in order.

redis-py connects, encrypts and authenticates; then this takes the transport over. It is the hot loop of a
sentinel that watches hundreds of nodes, and with redis-py's streams each reply wakes two tasks, while here
it is one callback. The end of the connection is seen when it happens, not when the next command is due.
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
"""Of others' commands (``send_all``)."""

AGAIN_S = 0.02
"""A silence that may only not be read yet is looked at again after that, and not in every turn."""

PONG = b"+PONG\r\n"

_arriving = bytearray(64 * 1024)
"""What arrives at any line is read into this, and taken out of it before anything else arrives: a buffer for
each, of the size that asyncio makes, would be made and cut to seven bytes hundreds of times a second.
"""
_arrived = memoryview(_arriving)

_packed = lru_cache(maxsize=64)(hiredis.pack_command)


def _pack(words: tuple[str, ...]) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


@dataclass(slots=True, eq=False)
class Command:
    """``waiters`` hear of the outcome; whoever gets the command back unanswered must see to them.

    With a ``reply`` it is none of the probe's own: that gets what was answered, or that the line was lost.
    """

    words: tuple[str, ...]
    waiters: Sequence[asyncio.Future[Any]] = ()
    sent_at: float = 0.0
    reply: asyncio.Future[Any] | None = None


OnReply: TypeAlias = Callable[[Command, object, float], None]
"""Takes the command, its reply (an error reply as an exception) and the seconds it took."""


class Line(asyncio.BufferedProtocol):
    """Takes ``connection`` over; ``run`` it once, at once.

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
        self._told_unasked = False
        self._transport = take_over(connection, self)
        self._hurries = 0
        self._fd: int = self._transport.get_extra_info("socket").fileno()

    def send(self, *commands: Command) -> None:
        """Sends them in one write; check ``count`` first, for it raises ``OverflowError`` beyond a limit."""
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
        """Meanwhile what is answered comes before what other nodes say."""
        self._hurries += 1
        can_wait(self._fd, False)
        try:
            yield
        finally:
            self._hurries -= 1
            self._may_wait()

    def _may_wait(self) -> None:
        """Once the node has answered: whether it does is news."""
        if self.answered and not self._hurries and not self._lost.done():
            can_wait(self._fd, True)

    def count(self, words: tuple[str, ...]) -> int:
        """How many such commands wait for their reply."""
        return sum(command.words == words for command in self._outstanding)

    def unanswered(self) -> tuple[Command, ...]:
        return tuple(self._outstanding)

    async def run(self) -> Evidence:
        """Serves the connection until it is lost, and says how it was lost. Raises what ``on_reply`` does.

        If a command waits and nothing was heard for the whole silence, the connection is given up: after
        a change of address nobody at the other end might even know of it.
        """
        try:
            return await self._lost
        finally:
            # From here on nothing is delivered any more, also when somebody cancelled us.
            self._lost.cancel()
            for command in self._outstanding:
                if command.reply is not None and not command.reply.done():
                    command.reply.set_exception(RedisConnectionError("the connection was lost"))
            if self._timer is not None:
                self._timer.cancel()
            can_wait(self._fd, False)
            # Not closed, for TLS would say goodbye and wait for an answer, which a lost node never gives.
            self._transport.abort()

    # -- asyncio.BufferedProtocol --------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return _arrived

    def buffer_updated(self, nbytes: int) -> None:
        # Almost all that ever arrives is the answer to a PING, for which no parser is needed.
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
        """A server that turns us away says so unasked, once. Whoever says more is out of step, or no Redis:
        thousands of such replies arrive in one read, and to tell each of them would hold up all the rest.
        """
        if isinstance(reply, Exception) and not self._told_unasked:
            self._told_unasked = True
            self._tell(Command(()), reply, 0.0)
        else:
            self._lose(classify(InvalidResponse("a reply to no command")))

    def _tell(self, command: Command, reply: object, took_s: float) -> None:
        try:
            self._on_reply(command, reply, took_s)
        except Exception as error:  # noqa: BLE001
            # A bug of whoever is told is not the node's fault, and ``run`` raises it.
            if not self._lost.done():
                self._lost.set_exception(error)

    # -- silence -------------------------------------------------------------------------------

    def _arm(self, again_s: float = 0.0) -> None:
        """One timer that looks when it fires whether to wait on, as moving it at each reply costs more."""
        if self._timer is None and self._outstanding:
            left_s = self._waiting_since + self._silence_s - clock.monotonic()
            self._timer = self._loop.call_later(max(again_s, left_s), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # By what was read, not by now: in a long turn of the loop an answer may lie in the socket.
        if self._outstanding and read_up_to() >= self._waiting_since + self._silence_s:
            detail = f"no reply for {self._silence_s:g} s; connecting anew"
            self._lose(Evidence(EvidenceKind.UNREACHABLE, detail))
        else:
            self._arm(again_s(AGAIN_S, unread_s()))
