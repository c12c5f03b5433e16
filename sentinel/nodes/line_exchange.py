"""A step's conversation over the open connection of a probe, for when no new connection is possible.

A node at ``maxclients`` turns every newcomer away; a certificate may have expired, or a name no longer
resolve. The open connection still works, and a failover must not fail for lack of another.

All of a transaction is sent in one write, so no command of the probe comes between MULTI and EXEC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from redis.exceptions import ConnectionError as RedisConnectionError

from promotion.conversation import Reply, Word
from promotion.executor import as_reply
from sentinel.nodes.line import Command, Line


class LineExchange:
    """``on_close`` is called once, when another conversation may use the line."""

    def __init__(self, line: Line, on_close: Callable[[], None]) -> None:
        self._line = line
        self._on_close = on_close
        self.unanswered: tuple[Word, ...] | None = None

    async def write(self, commands: tuple[tuple[Word, ...], ...]) -> list[Reply]:
        sent = [_command(words) for words in commands]
        self._line.send_all(sent)
        try:
            replies: list[Reply] = []
            for words, command in zip(commands, sent, strict=True):
                self.unanswered = words
                assert command.reply is not None
                replies.append(as_reply(await command.reply))
            self.unanswered = None
            return replies
        finally:
            for command in sent:
                _drop(command)

    async def close(self) -> None:
        """Ends the WATCH, which must not affect the next conversation."""
        unwatch = _command(("UNWATCH",))
        with suppress(RedisConnectionError):
            self._line.send_all([unwatch])
        _drop(unwatch)
        self._on_close()


def _command(words: tuple[Word, ...]) -> Command:
    return Command(tuple(str(word) for word in words), reply=asyncio.get_running_loop().create_future())


def _drop(command: Command) -> None:
    """Nobody waits for the reply any more; of several lost replies, the first was reported."""
    reply = command.reply
    if reply is not None and not reply.cancel() and not reply.cancelled():
        reply.exception()
