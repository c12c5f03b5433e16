"""Gathers the facts of a group for a preflight: asks each node on new connections, and changes nothing.

``preflight.rules`` draws the conclusions. A node's replication password is read only to try it at the other
nodes (``preflight.password``); it is never logged or sent elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from redis.asyncio.connection import Connection
from redis.exceptions import RedisError

from quorum.evidence import EvidenceKind
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.nodes.evidence import NOT_REDIS, classify
from sentinel.nodes.info import InfoError, parse_info
from sentinel.nodes.link import RedisLink, peer_certificate
from sentinel.nodes.name_looks import reached
from sentinel.preflight.facts import Failure, GroupFacts, Monitor, NodeFacts, OwnTls, Requirements
from sentinel.preflight.other_monitors import MAX_LISTED_CLIENTS, monitors_of
from sentinel.preflight.password import PASSWORD_SETTINGS, Login, is_about_login, is_protected, refusals
from sentinel.preflight.permissions import HELLO, harmless, queued
from sentinel.preflight.scripts import ASK_SCRIPTS, BUSY_SETTINGS, longest_script_s
from sentinel.preflight.strangers import find_strangers
from sentinel.preflight.talk import NODE_TIMEOUT_S, ask, denied
from sentinel.process import clock
from sentinel.process.certificates import expires_at

AT_ONCE = 8
"""The most connections that one preflight has open at the same time."""
MAX_VALUE_CHARS = 1000

_SETTINGS = (
    "appendonly",
    "min-replicas-to-write",
    "repl-backlog-size",
    "repl-diskless-sync-delay",
    "replica-announce-ip",
    "replica-announce-port",
    "save",
    "stop-writes-on-bgsave-error",
    "tls-replication",
)
_INFO_FIELDS = frozenset(
    {
        "aof_last_write_status",
        "cluster_enabled",
        "config_file",
        "maxmemory",
        "maxmemory_policy",
        "rdb_last_bgsave_status",
        "redis_version",
        "used_memory",
        "valkey_version",
    }
)


async def gather(link: RedisLink, specs: Sequence[NodeSpec], required: Requirements) -> GroupFacts:
    """The facts of a group. It raises nothing for a node's faults: those are facts."""
    turn = asyncio.Semaphore(AT_ONCE)
    looks = await asyncio.gather(*(_look(link, turn, spec, required) for spec in specs))
    logins = {facts.name: login for facts, login in looks if login is not None}
    found = GroupFacts(tuple(facts for facts, _ in looks))
    seen = {node.name for node in found.seen}
    # A node's replication password must not be sent to an address that nobody configured.
    reached = [spec for spec in specs if spec.name in seen and not spec.discovered]
    refused = await refusals(link, turn, reached, logins)
    strangers = await find_strangers(link, turn, found)
    nodes = tuple(replace(node, refused_by=refused.get(node.name, {})) for node in found.nodes)
    return GroupFacts(nodes, strangers, required, tls=_own_tls(link), at_s=clock.wall_ms() / 1000)


async def _look(
    link: RedisLink, turn: asyncio.Semaphore, spec: NodeSpec, required: Requirements
) -> tuple[NodeFacts, Login | None]:
    facts = NodeFacts(
        spec.name,
        spec.reach,
        frozenset({spec.host, spec.reach[0]}),
        spec.port,
        discovered=spec.discovered,
        priority=spec.priority,
    )
    try:
        facts = replace(facts, run_ids=await _run_ids(link, turn, spec))
        async with turn, asyncio.timeout(NODE_TIMEOUT_S):
            addresses = facts.addresses | frozenset(await link.addresses(spec.host))
            connection = await link.connection(spec.host, spec.port)
            try:
                shown = peer_certificate(connection)
                ends_s = expires_at(shown) if shown is not None else None
                facts = replace(facts, addresses=addresses, certificate_ends_s=ends_s)
                return await _question(facts, connection, required.fence_key, link.client_name)
            finally:
                # Closing it discards the commands queued in its transaction.
                await connection.disconnect(nowait=True)
    except TimeoutError as error:
        detail = str(error) or f"no answer within {NODE_TIMEOUT_S:g} s"
        return replace(facts, failure=Failure("unreachable", detail)), None
    except (RedisError, OSError, InfoError) as error:
        return replace(facts, failure=_failure(error)), None


async def _run_ids(link: RedisLink, turn: asyncio.Semaphore, spec: NodeSpec) -> tuple[str, ...]:
    """The run ids that several connections to the name reach, as far as they can be made."""
    found: list[str] = []
    if not spec.discovered:
        with suppress(RedisError, OSError, TimeoutError):
            async with turn, asyncio.timeout(NODE_TIMEOUT_S):
                async for run_id in reached(link, spec.host, spec.port):
                    found.append(run_id)  # noqa: PERF401 - what was found before a failure counts
    return tuple(run_id for run_id in found if run_id)


def _own_tls(link: RedisLink) -> OwnTls:
    files = link.tls_files
    if files is None:
        return OwnTls()
    files.look()
    return OwnTls(files.expiry.own, files.expiry.ca, files.trouble)


async def _question(
    facts: NodeFacts, connection: Connection, fence_key: str | None, client_name: str
) -> tuple[NodeFacts, Login | None]:
    [reply] = await ask(connection, ("INFO",))
    # After a DENIED the connection is closed, which would look like no answer at all.
    if isinstance(reply, Exception) and (is_about_login(reply) or is_protected(reply)):
        raise reply
    names = (*_SETTINGS, *BUSY_SETTINGS, *PASSWORD_SETTINGS)
    # Several names in one CONFIG GET are an error before Redis 7.
    replies = await ask(connection, *(("CONFIG", "GET", name) for name in names))
    values = {name: _setting(reply) for name, reply in zip(names, replies, strict=True)}
    username, password = (values.pop(name) for name in PASSWORD_SETTINGS)
    login = Login(username or None, password or None) if password is not None else None
    scripts = await ask(connection, *ASK_SCRIPTS)
    [fence] = await ask(connection, ("GET", fence_key)) if fence_key is not None else [None]
    info = parse_info(reply) if isinstance(reply, bytes) else None
    hello, clients = await _others(connection, info)
    refused = await denied(connection, harmless(fence_key, client_name), queued(fence_key))
    return replace(
        facts,
        info=info,
        hello_subscribers=hello,
        monitors=clients,
        longest_script_s=longest_script_s(scripts),
        info_fields=_fields(reply) if isinstance(reply, bytes) else {},
        settings={name: value for name, value in values.items() if value is not None},
        denied=refused,
        fence=_fence(fence),
    ), login


async def _others(connection: Connection, info: NodeInfo | None) -> tuple[int, tuple[Monitor, ...]]:
    """The other monitors of the node: the number of Redis Sentinels, and the Vedettes; none if denied."""
    [counted] = await ask(connection, ("PUBSUB", "NUMSUB", HELLO))
    subscribers = counted[1] if isinstance(counted, list) and len(counted) == 2 else 0
    listed: object = b""
    if info is not None and info.limits.clients <= MAX_LISTED_CLIENTS:
        [listed] = await ask(connection, ("CLIENT", "LIST", "TYPE", "NORMAL"))
    monitors = monitors_of(listed) if isinstance(listed, bytes) else ()
    return (subscribers if isinstance(subscribers, int) else 0), monitors


def _fence(reply: object) -> str | None:
    """The key's content; None if it is missing or unreadable."""
    if isinstance(reply, Exception) and "wrong kind of value" in str(reply):
        return "another type of value"
    return _text(reply) if isinstance(reply, bytes) else None


def _setting(reply: object) -> str | None:
    """The setting's value; None if CONFIG GET is denied, or the server does not have the setting."""
    match reply:
        case [_, bytes(value)]:
            return _text(value)
        case _:
            return None


def _fields(info: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in _text(info, len(info)).splitlines())
    return {name: value[:MAX_VALUE_CHARS] for name, _, value in pairs if name in _INFO_FIELDS}


def _text(raw: bytes, most: int = MAX_VALUE_CHARS) -> str:
    return raw[:most].decode("utf-8", errors="replace")


def _failure(error: Exception) -> Failure:
    seen = classify(error)
    detail = seen.detail or "no answer"
    if is_about_login(error):
        return Failure("credentials", detail)
    if is_protected(error):
        return Failure("protected-mode", detail)
    if detail.startswith(NOT_REDIS):
        return Failure("not-usable", detail)
    if seen.kind is not EvidenceKind.MISCONFIGURED:
        return Failure("unreachable", detail)
    return Failure("tls" if detail.startswith("TLS") else "not-usable", detail)
