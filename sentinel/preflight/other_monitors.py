"""Finds other monitors of the same nodes, a Redis Sentinel or another Vedette: two would undo each other's
failovers.

Nothing is subscribed to or written for that. Redis Sentinels subscribe to a channel of their own at each
node. A Vedette names its connections after itself and its cluster, and leaves its term in the fence's key.
Pure; ``preflight.gather`` asks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from sentinel.preflight.facts import GroupFacts, Monitor, NodeFacts, Problem
from sentinel.preflight.permissions import HELLO

MAX_LISTED_CLIENTS = 1000
"""With more clients, CLIENT LIST is too expensive for this purpose."""
MAX_SHOWN = 8

_NAME = re.compile(rb"(?:^| )addr=([^ ]+)(?= ).*? name=vedette-([A-Za-z0-9._@-]{1,96})(?= )", re.ASCII)
CHECK = "-check"
"""The suffix of the id in the client name of ``vedette check --live``."""


def client_id(sentinel_id: str, members: Mapping[str, object], *, check: bool = False) -> str:
    """The client name's id at the nodes, with the cluster's tag: two clusters may use the same ids."""
    return f"{sentinel_id}{CHECK if check else ''}@{cluster_tag(members)}"


def cluster_tag(members: Mapping[str, object]) -> str:
    """A tag that is the same at all sentinels with the same members at the same addresses."""
    text = ",".join(f"{member}={address}" for member, address in sorted(members.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def monitors_of(client_list: bytes) -> tuple[Monitor, ...]:
    """The connected Vedettes in a node's CLIENT LIST."""
    found = set()
    for line in client_list.splitlines():
        match = _NAME.search(line)
        if match is None:
            continue
        name, _, tag = match[2].decode("ascii").partition("@")
        host = match[1].decode("ascii", "replace").rpartition(":")[0]
        found.add(Monitor(name.removesuffix(CHECK), tag or None, host))
    return tuple(sorted(found, key=lambda monitor: (monitor.id, monitor.tag or "", monitor.host)))


def other_monitors(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen:
        if node.hello_subscribers:
            yield Problem(
                node.name,
                "error",
                "other-sentinel",
                f"{node.hello_subscribers} Redis Sentinels watch it too (they subscribe to {HELLO}): each "
                "would undo the other's failover",
                "SENTINEL REMOVE it there, or take the group out of Vedette's configuration.",
            )
        yield from _vedettes(node, facts)
        yield from _fence(node, facts)


def _vedettes(node: NodeFacts, facts: GroupFacts) -> Iterator[Problem]:
    strange = [
        m for m in node.monitors if m.id not in facts.members or m.tag not in (None, facts.cluster_tag)
    ]
    if not strange or facts.cluster_tag is None:
        return
    found = _listed(f"{monitor.id} from {monitor.host}" for monitor in strange)
    yield Problem(
        node.name,
        "error",
        "other-vedette",
        f"another Vedette watches it too ({found}), or a sentinel with other cluster.members than this one's",
        "Let one cluster watch it: take the group out of the other, or give all sentinels the same members.",
    )


def _fence(node: NodeFacts, facts: GroupFacts) -> Iterator[Problem]:
    if facts.newest_term is None or node.fence is None or not node.fence.isdecimal():
        return
    if int(node.fence) > facts.newest_term:
        yield Problem(
            node.name,
            "error",
            "foreign-fence",
            f"the key {facts.required.fence_key} holds term {node.fence}, and this cluster has come to term "
            f"{facts.newest_term}: another Vedette wrote it, or the data were restored from elsewhere",
            "See that no other Vedette has these nodes in a group of this name. The next term goes above it, "
            "unless it is more than 2^32 higher: such a fence counts as missing, and is written over.",
        )


def _listed(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - MAX_SHOWN} more" if len(known) > MAX_SHOWN else ""
    return f"{', '.join(known[:MAX_SHOWN])}{more}"
