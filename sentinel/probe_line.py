"""One established connection to a node: commands go out in order, and replies are matched to them in order.

Somebody always waits for the next bytes, so that the end of the connection is seen when it happens,
not when the next command is due.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from redis.asyncio.connection import Connection
from redis.exceptions import InvalidResponse, RedisError

from quorum.evidence import Evidence, EvidenceKind
from sentinel.redis_evidence import classify, is_reply

MAX_OUTSTANDING = 16


@dataclass(slots=True, eq=False)
class Command:
    """``waiters`` hear of the outcome; whoever gets the command back unanswered must see to them."""

    words: tuple[str, ...]
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)
    sent_at: float = 0.0


OnReply: TypeAlias = Callable[[Command, object, float], None]
"""Takes the command, its reply (an error reply as an exception) and the seconds it took."""


class Line:
    """``run`` it once. Invariant: the oldest outstanding command is the one that the next reply answers."""

    def __init__(self, connection: Connection, on_reply: OnReply, silence_s: float) -> None:
        self._connection = connection
        self._on_reply = on_reply
        self._silence_s = silence_s
        self._loop = asyncio.get_running_loop()
        self._unsent: asyncio.Queue[Command] = asyncio.Queue()
        self._outstanding: deque[Command] = deque()
        self._patience: asyncio.Timeout | None = None
        self.answered = False

    def send(self, command: Command) -> None:
        """Queues ``command``; check ``count`` first, for it raises ``OverflowError`` beyond a limit."""
        if len(self._outstanding) >= MAX_OUTSTANDING:
            raise OverflowError(f"{MAX_OUTSTANDING} commands are outstanding")
        command.sent_at = self._loop.time()
        self._outstanding.append(command)
        self._unsent.put_nowait(command)
        if self._patience is not None and self._patience.when() is None:
            self._patience.reschedule(self._loop.time() + self._silence_s)

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
        sender = asyncio.create_task(self._send_all())
        try:
            async with asyncio.timeout(self._silence_s if self._outstanding else None) as self._patience:
                return await self._read_all()
        except TimeoutError:
            return Evidence(EvidenceKind.UNREACHABLE, f"no reply for {self._silence_s:g} s; connecting anew")
        finally:
            self._patience = None
            sender.cancel()
            # First, as it does not wait: whoever cancels us in what waits must not find it left open.
            await self._connection.disconnect(nowait=True)
            # Its error, if any, is the reader's too: a connection that cannot be written to is closed.
            await asyncio.gather(sender, return_exceptions=True)

    async def _read_all(self) -> Evidence:
        while True:
            try:
                reply: object = await self._connection.read_response(
                    disable_decoding=True, timeout=math.inf, disconnect_on_error=False
                )
            except (RedisError, OSError) as error:
                if not is_reply(error):
                    return classify(error)
                reply = error
            if reply is None:
                # How redis-py shows that TCP itself gave up on the other side. No command has this reply.
                return Evidence(EvidenceKind.UNREACHABLE, "the connection timed out")
            self._take(reply)

    def _take(self, reply: object) -> None:
        if not self._outstanding:
            unasked = reply if isinstance(reply, Exception) else InvalidResponse("a reply to no command")
            self._on_reply(Command(()), unasked, 0.0)
            return
        command = self._outstanding.popleft()
        self.answered = True
        now = self._loop.time()
        if self._patience is not None:
            self._patience.reschedule(now + self._silence_s if self._outstanding else None)
        self._on_reply(command, reply, now - command.sent_at)

    async def _send_all(self) -> None:
        while True:
            command = await self._unsent.get()
            # Health checks are off: redis-py would send its own PING in between.
            await self._connection.send_command(*command.words, check_health=False)
