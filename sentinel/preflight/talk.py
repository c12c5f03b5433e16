"""Asks a node on one connection for a preflight; commands queued behind MULTI must never run.

redis-py reconnects by itself, and a command that was meant to be queued would then run. So here a lost
connection is an error, and no command that needs MULTI is sent before MULTI was answered with OK.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TypeAlias

from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, RedisError

from sentinel.nodes.evidence import is_reply
from sentinel.preflight.facts import Denial
from sentinel.preflight.permissions import MULTI, Trial, denial

NODE_TIMEOUT_S = 5.0
"""The limit for all questions on one connection."""
TRIAL_TIMEOUT_S = 2.0
"""The part of it for the queued commands."""

Words: TypeAlias = tuple[str, ...]


async def ask(connection: Connection, *commands: Words) -> list[object]:
    """The reply to each command; an error reply is an exception in the list. Raises if the connection is
    lost.
    """
    if not connection.is_connected:
        raise RedisConnectionError("connection closed")
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    return [await _reply(connection) for _ in commands]


async def denied(
    connection: Connection, harmless: Sequence[Trial], queued: Sequence[Trial]
) -> dict[str, Denial]:
    """The denials, by permission. It leaves a transaction open: close the connection.

    While writes are paused (CLIENT PAUSE), a writing command is not even refused: its denial stays unknown.
    """
    found = await _tried(connection, harmless)
    [opened] = await ask(connection, MULTI.words)
    if opened == b"OK":
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TRIAL_TIMEOUT_S):
                found |= await _tried(connection, queued)
    elif (why := _denial(opened)) is not None:
        found[MULTI.permission] = why
    return found


async def _tried(connection: Connection, trials: Sequence[Trial]) -> dict[str, Denial]:
    replies = await ask(connection, *(trial.words for trial in trials))
    denials = {t: _denial(reply) for t, reply in zip(trials, replies, strict=True)}
    for trial in [t for t, why in denials.items() if why is not None and t.instead]:
        [reply] = await ask(connection, trial.instead)
        denials[trial] = denials[trial] if _denial(reply) is not None else None
    return {trial.permission: why for trial, why in denials.items() if why is not None}


def _denial(reply: object) -> Denial | None:
    """The denial in a reply. redis-py removes the code from errors for which it has a class."""
    if not isinstance(reply, Exception):
        return None
    text = str(reply)
    if isinstance(reply, NoPermissionError) and not text.startswith("NOPERM"):
        text = f"NOPERM {text}"
    return denial(text)


async def _reply(connection: Connection) -> object:
    try:
        return await connection.read_response(disable_decoding=True)
    except RedisError as error:
        if is_reply(error):
            return error
        raise
