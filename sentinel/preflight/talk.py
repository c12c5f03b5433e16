"""One connection to a node for a preflight's questions: what is sent behind MULTI must never run.

redis-py connects anew by itself, and what was meant to be queued would then be carried out. So here a lost
connection is an error, and nothing that needs MULTI is sent before MULTI was answered with OK.
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
"""For all that is asked of a node on one connection."""
TRIAL_TIMEOUT_S = 2.0
"""Of it, for what is queued and not run."""

Words: TypeAlias = tuple[str, ...]


async def ask(connection: Connection, *commands: Words) -> list[object]:
    """The reply to each, an error reply as the exception. Raises what a lost connection raises."""
    if not connection.is_connected:
        raise RedisConnectionError("connection closed")
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    return [await _reply(connection) for _ in commands]


async def denied(
    connection: Connection, harmless: Sequence[Trial], queued: Sequence[Trial]
) -> dict[str, Denial]:
    """What the node would not let us do, by permission. Leaves a transaction open: close the connection.

    While writes are paused (CLIENT PAUSE), what may write is not even refused: then that is left open.
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
    """redis-py cuts the code off the errors that it has a class for."""
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
