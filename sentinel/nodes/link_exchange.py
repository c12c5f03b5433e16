"""A step's conversation over the connection that a probe has open anyway, where no new one can be had.

A node at ``maxclients`` turns every newcomer away; a certificate has expired, or a name no longer resolves:
the link that is open still works, and a failover must not fail for want of another.

All of a transaction goes out in one write, so that nothing of the probe's own comes between MULTI and EXEC.
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
    """``on_close`` is called once, when the line may be used for another conversation."""

    def __init__(self, line: Line, on_close: Callable[[], None]) -> None:
        self._line = line
        self._on_close = on_close
        self.unanswered: tuple[Word, ...] | None = None

    async def write(self, commands: tuple[tuple[Word, ...], ...]) -> list[Reply]:
        asked = [_command(words) for words in commands]
        self._line.send_all(asked)
        try:
            replies: list[Reply] = []
            for words, command in zip(commands, asked, strict=True):
                self.unanswered = words
                assert command.reply is not None
                replies.append(as_reply(await command.reply))
            self.unanswered = None
            return replies
        finally:
            for command in asked:
                _drop(command)

    async def close(self) -> None:
        """What was watched is no concern of the next conversation."""
        unwatch = _command(("UNWATCH",))
        with suppress(RedisConnectionError):
            self._line.send_all([unwatch])
        _drop(unwatch)
        self._on_close()


def _command(words: tuple[Word, ...]) -> Command:
    return Command(tuple(str(word) for word in words), reply=asyncio.get_running_loop().create_future())


def _drop(command: Command) -> None:
    """Nobody waits for the reply any more; of what was lost together, the first was told."""
    reply = command.reply
    if reply is not None and not reply.cancel() and not reply.cancelled():
        reply.exception()
