"""Whether each node could replicate from each other by the password that it has for its primary.

A primary has never used its own ``masterauth``. If that is missing or wrong, the first failover is when it
shows: the old primary cannot follow the new one. So what a node has is tried at the others, by logging in.
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
    """With what a node introduces itself to its primary; nothing if there is no ``password``."""

    username: str | None
    password: str | None = field(repr=False)


def is_about_login(error: Exception) -> bool:
    return isinstance(error, AuthenticationError) or any(sign in str(error) for sign in _SIGNS)


def is_protected(error: Exception) -> bool:
    """The node has no password, and so refuses whoever comes from another machine (``protected-mode``)."""
    return str(error).startswith("DENIED")


async def refusals(
    link: RedisLink, turn: asyncio.Semaphore, specs: Sequence[NodeSpec], logins: Mapping[str, Login]
) -> dict[str, dict[str, str]]:
    """By node: which of ``specs`` would not let it replicate, and why. Equal logins are tried once a node."""
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
    """None also where nothing can be said, as of a node that went away meanwhile."""
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
