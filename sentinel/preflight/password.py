"""Checks that each node's replication password works at every other node.

A primary has never used its own ``masterauth``. If that is missing or wrong, it shows only at the first
failover: the old primary cannot follow the new one. So each node's password is tried at the others, by
logging in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis.exceptions import AuthenticationError, RedisError

from sentinel.coordination.node_spec import NodeSpec
from sentinel.nodes.link import RedisLink
from sentinel.preflight.talk import NODE_TIMEOUT_S, ask

PASSWORD_SETTINGS = ("masteruser", "masterauth")

_SIGNS = ("NOAUTH", "WRONGPASS", "invalid username-password", "called without any password")


@dataclass(frozen=True, slots=True)
class Login:
    """A node's user and password for its primary. Without a ``password`` it does not log in."""

    username: str | None
    password: str | None = field(repr=False)


def is_about_login(error: Exception) -> bool:
    return isinstance(error, AuthenticationError) or any(sign in str(error) for sign in _SIGNS)


def is_protected(error: Exception) -> bool:
    """Whether the node refuses other machines because it has no password (``protected-mode``)."""
    return str(error).startswith("DENIED")


async def refusals(
    link: RedisLink, turn: asyncio.Semaphore, specs: Sequence[NodeSpec], logins: Mapping[str, Login]
) -> dict[str, dict[str, str]]:
    """For each node: which of ``specs`` would refuse it, and why. Equal logins are tried once."""
    different = {login for login in logins.values() if not link.is_as_user(login.username, login.password)}
    pairs = [(login, spec) for login in different for spec in specs]
    answers = await asyncio.gather(*(_refusal(link, turn, login, spec) for login, spec in pairs))
    reasons = {(login, spec.name): why for (login, spec), why in zip(pairs, answers, strict=True)}
    found: dict[str, dict[str, str]] = {}
    for name, login in logins.items():
        for spec in specs:
            why = reasons.get((login, spec.name))
            if why is not None and spec.name != name:
                found.setdefault(name, {})[spec.name] = why
    return found


async def _refusal(link: RedisLink, turn: asyncio.Semaphore, login: Login, spec: NodeSpec) -> str | None:
    """Why the node refuses the login; None if it does not, or if it cannot be asked."""
    reply: object
    try:
        async with turn, asyncio.timeout(NODE_TIMEOUT_S):
            as_node = link.as_user(login.username if login.password else None, login.password)
            connection = await as_node.connection(spec.host, spec.port)
            try:
                [reply] = await ask(connection, ("PING",))
            finally:
                await connection.disconnect(nowait=True)
    except (RedisError, OSError) as error:
        reply = error
    if not isinstance(reply, Exception) or not is_about_login(reply):
        return None
    if login.password is None:
        return "it asks for a password, and none is set"
    if "without any password" in str(reply):
        return "it has no password, and refuses one"
    return "it refuses the password"
