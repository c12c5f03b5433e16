"""Which commands Vedette needs of a node, how each is tried without doing anything, and what a denial means.

Redis checks the user's permissions when a command is queued in a transaction. So everything that changes
something is queued behind MULTI, and the connection is closed: nothing of it runs. That works since 6.2,
and asks for no permission beyond those that are tried, as ``ACL DRYRUN`` would. As a second safeguard the
commands are such that they would change nothing even if they ran.
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
    Severity,
    Wishes,
)

HELLO = "__sentinel__:hello"
"""Where Redis Sentinels find each other, at each node that they watch."""
_NOBODY = ("0.0.0.0", "none")  # noqa: S104 (no port to replicate from)


@dataclass(frozen=True, slots=True)
class Trial:
    """``permission`` is what ACL SETUSER calls it, behind a plus. ``instead``: what does as well."""

    permission: str
    words: tuple[str, ...]
    instead: tuple[str, ...] = ()


MULTI = Trial("multi", ("MULTI",))
"""Sent alone: only where it is answered with OK may the queued ones follow."""


def harmless(fence_key: str | None, client_name: str) -> tuple[Trial, ...]:
    """What reads, and so is simply done."""
    found = [
        Trial("ping", ("PING",)),
        Trial("info", ("INFO",)),
        Trial("role", ("ROLE",), ("INFO", "replication")),
        Trial("config|get", ("CONFIG", "GET", "min-replicas-to-write")),
        Trial("client|setname", ("CLIENT", "SETNAME", client_name)),
        Trial("pubsub|numsub", ("PUBSUB", "NUMSUB", HELLO)),
        Trial("client|list", ("CLIENT", "LIST", "ID", "1")),
        Trial("exec", ("EXEC",)),  # without a transaction an error, but no denial
    ]
    if fence_key is not None:
        found += [
            Trial("watch", ("WATCH", fence_key)),
            Trial("get", ("GET", fence_key)),
            Trial("unwatch", ("UNWATCH",)),
        ]
    return tuple(found)


def queued(fence_key: str | None) -> tuple[Trial, ...]:
    """What must be sent behind MULTI only."""
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
            # A number that no term has, with a condition that no key meets: neither present nor missing.
            Trial("set", ("SET", fence_key, "0", "NX", "XX")),
        ]
    return tuple(found)


def denial(error: str) -> Denial | None:
    """What an error reply says of the permission; None if the command would have been run."""
    text = error.removeprefix("ERR ")
    if text.lower().startswith("unknown command"):
        return Denial.UNKNOWN
    # EXEC alone answers with an EXECABORT that quotes the reason.
    if "NOPERM" not in text:
        return None
    return Denial.KEY if " key" in text.lower() else Denial.COMMAND


def permission_problems(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.nodes:
        yield from _of_node(node, facts.wishes)


def _of_node(node: NodeFacts, wishes: Wishes) -> Iterator[Problem]:
    for severity in SEVERITIES:
        grave = {p: why for p, why in node.denied.items() if _severity(p, node, wishes) == severity}
        missing = [p for p, why in grave.items() if why is Denial.COMMAND]
        if missing:
            yield Problem(
                node.name,
                severity,
                "permission",
                f"user {wishes.username!r} may not run {_said(missing)}: {_consequence(missing, severity)}",
                f"ACL SETUSER {wishes.username} {' '.join(f'+{p}' for p in missing)}",
            )
        unknown = [p for p, why in grave.items() if why is Denial.UNKNOWN]
        if unknown:
            yield Problem(
                node.name,
                severity,
                "command-missing",
                f"has no {_said(unknown)}: {_consequence(unknown, severity)}",
                "Take it out of rename-command, or use Redis 6.2 or newer. Restrict users by ACL instead.",
            )
    yield from _keys(node, wishes)


def _keys(node: NodeFacts, wishes: Wishes) -> Iterator[Problem]:
    if Denial.KEY in node.denied.values() and wishes.fence_key is not None:
        pattern = "vedette:*" if wishes.fence_key.startswith("vedette:") else wishes.fence_key
        yield Problem(
            node.name,
            "error",
            "key-permission",
            f"user {wishes.username!r} may not touch the key {wishes.fence_key}: no promotion is possible",
            f"ACL SETUSER {wishes.username} ~{pattern}",
        )


def _severity(permission: str, node: NodeFacts, wishes: Wishes) -> Severity:
    """Whether a failover would fail without it, or only what a group may do beside."""
    match permission:
        case "config|get":
            return "error" if wishes.write_safety else "warning"
        case "config|set":
            guarded = wishes.fence_key is not None and (node.number("min-replicas-to-write") or 0) > 0
            return "error" if wishes.write_safety or guarded else "warning"
        case "client|pause" | "client|unpause":
            return "error" if wishes.self_fence else "warning"
        case "failover" | "eval" | "multi" | "exec" | "client|kill" | "config|rewrite":
            # There is another way, or it is missed with a note.
            return "warning"
        case "pubsub|numsub" | "client|list":
            return "warning"
        case _:
            return "error"


_BESIDE: Mapping[str, str] = {
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
    what = dict.fromkeys(_BESIDE[permission] for permission in permissions)
    return f"{' and '.join(what)} would fail"


def _said(permissions: list[str]) -> str:
    return ", ".join(permission.replace("|", " ").upper() for permission in permissions)
