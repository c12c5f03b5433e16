"""Checks Vedette's permissions at a node: which commands it needs, a harmless trial of each, and what a
denial means.

Redis checks the user's permissions when a command is queued in a transaction. So every changing command is
queued behind MULTI, and then the connection is closed: none of them runs. That works since 6.2, and needs no
further permission, as ``ACL DRYRUN`` would. As a second safeguard the commands would change nothing even if
they ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sentinel.preflight.facts import (
    SEVERITIES,
    Denial,
    GroupFacts,
    NodeFacts,
    Problem,
    Requirements,
    Severity,
)

HELLO = "__sentinel__:hello"
"""The channel on which Redis Sentinels find each other, at each node that they watch."""
_NOBODY = ("0.0.0.0", "none")  # noqa: S104 (no port to replicate from)


@dataclass(frozen=True, slots=True)
class Trial:
    """``permission`` is its name in ACL SETUSER, without the plus. ``instead`` is an alternative command."""

    permission: str
    words: tuple[str, ...]
    instead: tuple[str, ...] = ()


MULTI = Trial("multi", ("MULTI",))
"""It is sent alone: the queued commands follow only if the answer is OK."""


def harmless(fence_key: str | None, client_name: str) -> tuple[Trial, ...]:
    """The reading commands, which are simply run."""
    found = [
        Trial("ping", ("PING",)),
        Trial("info", ("INFO",)),
        Trial("role", ("ROLE",), ("INFO", "replication")),
        Trial("config|get", ("CONFIG", "GET", "min-replicas-to-write")),
        Trial("client|setname", ("CLIENT", "SETNAME", client_name)),
        Trial("pubsub|numsub", ("PUBSUB", "NUMSUB", HELLO)),
        Trial("client|list", ("CLIENT", "LIST", "ID", "1")),
        Trial("exec", ("EXEC",)),  # it fails without a transaction, but that is no denial
    ]
    if fence_key is not None:
        found += [
            Trial("watch", ("WATCH", fence_key)),
            Trial("get", ("GET", fence_key)),
            Trial("unwatch", ("UNWATCH",)),
        ]
    return tuple(found)


def queued(fence_key: str | None) -> tuple[Trial, ...]:
    """The changing commands, which may be sent only behind MULTI."""
    found = [
        Trial("replicaof", ("REPLICAOF", *_NOBODY), ("SLAVEOF", *_NOBODY)),
        Trial("config|rewrite", ("CONFIG", "REWRITE")),
        Trial("config|set", ("CONFIG", "SET", "vedette-permission-trial", "0")),
        Trial("client|kill", ("CLIENT", "KILL", "ADDR", "0.0.0.0:0")),
        Trial("client|pause", ("CLIENT", "PAUSE", "0", "WRITE")),
        Trial("client|unpause", ("CLIENT", "UNPAUSE")),
        Trial("failover", ("FAILOVER", "TIMEOUT", "none")),
    ]
    if fence_key is not None:
        found += [
            Trial("eval", ("EVAL", "return 0", "1", fence_key)),
            # 0 is no term, and no key meets NX and XX at once.
            Trial("set", ("SET", fence_key, "0", "NX", "XX")),
        ]
    return tuple(found)


def denial(error: str) -> Denial | None:
    """The denial in an error reply; None if the command would have been run."""
    text = error.removeprefix("ERR ")
    if text.lower().startswith("unknown command"):
        return Denial.UNKNOWN
    # EXEC alone answers with an EXECABORT that quotes the reason.
    if "NOPERM" not in text:
        return None
    return Denial.KEY if " key" in text.lower() else Denial.COMMAND


def permission_problems(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.nodes:
        yield from _of_node(node, facts.required)


def _of_node(node: NodeFacts, required: Requirements) -> Iterator[Problem]:
    for severity in SEVERITIES:
        grave = {p: why for p, why in node.denied.items() if _severity(p, node, required) == severity}
        missing = [p for p, why in grave.items() if why is Denial.COMMAND]
        if missing:
            yield Problem(
                node.name,
                severity,
                "permission",
                f"user {required.username!r} may not run {_commands(missing)}: "
                f"{_consequence(missing, severity)}",
                f"ACL SETUSER {required.username} {' '.join(f'+{p}' for p in missing)}",
            )
        unknown = [p for p, why in grave.items() if why is Denial.UNKNOWN]
        if unknown:
            yield Problem(
                node.name,
                severity,
                "command-missing",
                f"has no {_commands(unknown)}: {_consequence(unknown, severity)}",
                "Take it out of rename-command, or use Redis 6.2 or newer. Restrict users by ACL instead.",
            )
    yield from _keys(node, required)


def _keys(node: NodeFacts, required: Requirements) -> Iterator[Problem]:
    if Denial.KEY in node.denied.values() and required.fence_key is not None:
        pattern = "vedette:*" if required.fence_key.startswith("vedette:") else required.fence_key
        yield Problem(
            node.name,
            "error",
            "key-permission",
            f"user {required.username!r} may not touch the key {required.fence_key}: "
            "no promotion is possible",
            f"ACL SETUSER {required.username} ~{pattern}",
        )


def _severity(permission: str, node: NodeFacts, required: Requirements) -> Severity:
    """``error`` if a failover would fail without the permission, ``warning`` if only something optional."""
    match permission:
        case "config|get":
            return "error" if required.write_safety else "warning"
        case "config|set":
            guarded = required.fence_key is not None and (node.number("min-replicas-to-write") or 0) > 0
            return "error" if required.write_safety or guarded else "warning"
        case "client|pause" | "client|unpause":
            return "error" if required.self_fence else "warning"
        case "failover" | "eval" | "multi" | "exec" | "client|kill" | "config|rewrite":
            # There is an alternative, or the command is optional.
            return "warning"
        case "pubsub|numsub" | "client|list":
            return "warning"
        case _:
            return "error"


_OPTIONAL: Mapping[str, str] = {
    "config|get": "reading min-replicas-to-write",
    "config|set": "setting min-replicas-to-write",
    "client|pause": "switchovers",
    "client|unpause": "switchovers",
    "failover": "switchovers",
    "eval": "raising the fence within the promotion, not a round trip behind it,",
    "multi": "refusing a leader that was paused, not only finding it out,",
    "exec": "refusing a leader that was paused, not only finding it out,",
    "client|kill": "cutting the clients of a demoted node",
    "config|rewrite": "keeping a new role over a restart",
    "pubsub|numsub": "noticing a Redis Sentinel that watches the same node",
    "client|list": "noticing another Vedette that watches the same node",
}


def _consequence(permissions: list[str], severity: Severity) -> str:
    if severity == "error":
        return "a failover would fail"
    what = dict.fromkeys(_OPTIONAL[permission] for permission in permissions)
    return f"{' and '.join(what)} would fail"


def command_of(permission: str) -> str:
    """The command's name, from that of its permission: ``CLIENT PAUSE`` from ``client|pause``."""
    return permission.replace("|", " ").upper()


def _commands(permissions: list[str]) -> str:
    return ", ".join(map(command_of, permissions))
