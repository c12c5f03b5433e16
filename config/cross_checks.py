"""Errors that show only when several settings are compared. Each message quotes all the values."""

from __future__ import annotations

from collections.abc import Iterator

from config.address import Address
from config.draft import Draft, Finding
from config.duration import format_duration as shown
from config.errors import Loc, format_path
from config.model import LINK_PING_S, ClusterSettings, SentinelSettings
from config.model_group import GroupSettings

_MEMBERS: Loc = ("cluster", "members")
MIN_SELF_FENCE_LEASE_S = 0.25
"""A shorter stall of a sentinel goes unnoticed: with a shorter lease it would then count as cut off, and
pause a healthy primary."""
FENCE_MARGIN_S = 2.0
"""As in ``promotion.sealing``: Redis counts the lag in whole seconds and checks it once a second."""


def find_errors(draft: Draft) -> Iterator[Finding]:
    """Everything that makes the configuration unusable, in no particular order."""
    if draft.cluster is not None:
        yield from _timing(draft.cluster)
        yield from _members(draft.cluster)
        if draft.sentinel is not None:
            yield from _membership(draft.sentinel, draft.cluster)
            yield from _cluster_secret(draft.sentinel, draft.cluster)
    for name, group in draft.groups.items():
        yield from _group(name, group)
        yield from _write_rules(name, group)
        if draft.cluster is not None:
            yield from _self_fence(name, group, draft.cluster)
            yield from _quorum(name, group, len(draft.cluster.members))
    yield from _nodes(draft)
    yield from _webhooks(draft)


def _timing(cluster: ClusterSettings) -> Iterator[Finding]:
    """The lease must end before a new leader can be elected, and survive one lost heartbeat."""
    heartbeat, lease = cluster.heartbeat, cluster.lease
    low, high = cluster.election_timeout_min, cluster.election_timeout_max

    def finding(key: str, message: str, *others: str) -> Finding:
        return Finding(("cluster", key), message, tuple(("cluster", other) for other in others))

    if heartbeat >= low:
        yield finding(
            "heartbeat",
            f"{shown(heartbeat)} must be shorter than election_timeout_min ({shown(low)})",
            "election_timeout_min",
        )
    elif lease <= 2 * heartbeat:
        if "lease" in cluster.model_fields_set:
            message = f"{shown(lease)} must be longer than two heartbeats (2 x {shown(heartbeat)})"
            yield finding("lease", message, "heartbeat")
        else:
            yield finding("heartbeat", f"{shown(heartbeat)} must be less than half of lease ({shown(lease)})")
    if lease >= low:
        yield finding(
            "lease",
            f"{shown(lease)} must be shorter than election_timeout_min ({shown(low)})",
            "election_timeout_min",
        )
    if low >= high:
        yield finding(
            "election_timeout_max",
            f"{shown(high)} must be longer than election_timeout_min ({shown(low)}), or candidates collide",
            "election_timeout_min",
        )
    if cluster.peer_timeout <= LINK_PING_S:
        yield finding(
            "peer_timeout",
            f"{shown(cluster.peer_timeout)} must be longer than the time between two pings "
            f"of an idle peer link ({shown(LINK_PING_S)})",
        )


def _members(cluster: ClusterSettings) -> Iterator[Finding]:
    seen: dict[object, str] = {}
    for member, address in cluster.members.items():
        first = seen.setdefault(address, member)
        if first != member:
            yield Finding((*_MEMBERS, member), f"'{address}' is already the address of member '{first}'")


def _membership(sentinel: SentinelSettings, cluster: ClusterSettings) -> Iterator[Finding]:
    if sentinel.id not in cluster.members:
        known = ", ".join(cluster.members)
        yield Finding(
            ("sentinel", "id"),
            f"'{sentinel.id}' is not one of cluster.members ({known})",
            ((*_MEMBERS, sentinel.id),),
        )


def _cluster_secret(sentinel: SentinelSettings, cluster: ClusterSettings) -> Iterator[Finding]:
    if cluster.secret is not None:
        return
    places: dict[Loc, Address] = {("sentinel", "http"): sentinel.http}
    for member, address in cluster.members.items():
        places[(*_MEMBERS, member)] = address
    far = next((loc for loc, address in places.items() if not address.is_loopback), None)
    if far is not None:
        yield Finding(
            ("cluster", "secret"),
            f"is required (or secret_file), since {format_path(far)} ({places[far]}) is not loopback",
            (("cluster", "secret_file"), far),
        )


def _group(name: str, group: GroupSettings) -> Iterator[Finding]:
    loc: Loc = ("groups", name)
    interval = group.effective_ping_interval
    if interval >= group.down_after:
        yield Finding(
            (*loc, "ping_interval" if group.ping_interval is not None else "down_after"),
            f"the ping interval ({shown(interval)}) must be shorter than down_after "
            f"({shown(group.down_after)}), "
            "or every node is always down",
            ((*loc, "down_after"), (*loc, "ping_interval")),
        )
    if group.primary is not None and group.primary.place not in [node.address.place for node in group.nodes]:
        yield Finding(
            (*loc, "primary"), f"'{group.primary}' is not one of the group's nodes", ((*loc, "nodes"),)
        )


def _self_fence(name: str, group: GroupSettings, cluster: ClusterSettings) -> Iterator[Finding]:
    """A sentinel that is cut off for longer than the lease pauses its primary: the lease must not be tiny."""
    if group.self_fence and cluster.lease < MIN_SELF_FENCE_LEASE_S:
        yield Finding(
            ("groups", name, "self_fence"),
            f"true needs a cluster.lease of {shown(MIN_SELF_FENCE_LEASE_S)} or more, and that is "
            f"{shown(cluster.lease)}: a sentinel that is late by as much would pause its primary",
            (("cluster", "lease"),),
        )


def _write_rules(name: str, group: GroupSettings) -> Iterator[Finding]:
    loc: Loc = ("groups", name)
    others = len(group.nodes) - 1
    safety = group.write_safety
    if group.fence_wait and safety is None:
        yield Finding(
            (*loc, "fence_wait"),
            "true waits for what write_safety makes a primary do, and that is not set",
            ((*loc, "write_safety"),),
        )
    lag_s = safety.max_lag if group.fence_wait and safety is not None else 0.0
    if lag_s and group.failover_timeout <= lag_s + FENCE_MARGIN_S:
        yield Finding(
            (*loc, "failover_timeout"),
            f"{shown(group.failover_timeout)} must be longer than fence_wait takes: write_safety.max_lag "
            f"({shown(lag_s)}) and {shown(FENCE_MARGIN_S)}",
            ((*loc, "fence_wait"), (*loc, "write_safety")),
        )
    demanded = {
        ("write_safety", "min_replicas"): safety.min_replicas if safety else 0,
        ("durability", "wait"): group.durability.wait if group.durability else 0,
    }
    for (setting, key), wanted in demanded.items():
        if wanted > others and not group.discover_replicas:
            yield Finding(
                (*loc, setting, key),
                f"{wanted} is more than the {others} other nodes of the group",
                ((*loc, "nodes"), (*loc, "discover_replicas")),
            )


def _quorum(name: str, group: GroupSettings, member_count: int) -> Iterator[Finding]:
    if group.quorum is not None and group.quorum > member_count:
        yield Finding(
            ("groups", name, "quorum"),
            f"{group.quorum} is more than the {member_count} members: "
            "they could never agree that the primary is down",
            (_MEMBERS,),
        )


def _nodes(draft: Draft) -> Iterator[Finding]:
    """A node may be listed once, in one group: two groups would fight over it.

    Addresses are compared by their canonical text. Whether a name and an IP are one server is found out
    later.
    """
    seen: dict[object, tuple[str, int]] = {}
    for name, group in draft.groups.items():
        for index, node in enumerate(group.nodes):
            first, at = seen.setdefault(node.address.place, (name, index))
            if (first, at) == (name, index):
                continue
            loc: Loc = ("groups", name, "nodes", index)
            where = format_path(("groups", first, "nodes", at))
            yield Finding(
                loc,
                f"'{node.address}' is already listed as {where}",
                (("groups", name, "nodes"), ("groups", first, "nodes")),
            )
        yield from _announced(name, group)


def _announced(name: str, group: GroupSettings) -> Iterator[Finding]:
    """Two nodes may not have one announced address: clients and replicas are sent to it, as to one server."""
    seen: dict[object, int] = {}
    for index, node in enumerate(group.nodes):
        reach = node.announce or node.address
        at = seen.setdefault(reach.place, index)
        if at != index:
            loc: Loc = ("groups", name, "nodes", index)
            where = format_path(("groups", name, "nodes", at))
            key = (*loc, "announce") if node.announce is not None else loc
            if node.address.place != group.nodes[at].address.place:
                yield Finding(key, f"'{reach}' is where {where} is reached already", (loc,))


def _webhooks(draft: Draft) -> Iterator[Finding]:
    """Two receivers may not have one URL. No message repeats the URL: it may hold a password."""
    seen: dict[str, int] = {}
    for index, webhook in enumerate(draft.webhooks):
        first = seen.setdefault(webhook.url, index)
        if first != index:
            where = format_path(("webhooks", first, "url"))
            yield Finding(
                ("webhooks", index, "url"),
                f"is the same as {where}: name each receiver once, with all its events",
                (("webhooks",),),
            )
