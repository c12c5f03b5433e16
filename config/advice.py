"""Warnings: settings that are allowed but probably not intended, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from config.draft import Draft, Finding
from config.duration import format_duration as shown
from config.errors import Loc
from config.model import ClusterSettings, SentinelSettings
from config.model_group import GroupSettings

MIN_SECRET_CHARS = 16


def find_warnings(draft: Draft) -> Iterator[Finding]:
    """Every warning about a configuration, in no particular order."""
    if draft.cluster is not None:
        yield from _member_count(len(draft.cluster.members))
        yield from _short_secret(("cluster", "secret"), draft.cluster.secret)
        if draft.sentinel is not None:
            yield from _own_port(draft.sentinel, draft.cluster)
    if draft.sentinel is not None:
        yield from _resp_password(draft.sentinel)
    if draft.sentinel is not None and draft.api is not None:
        yield from _api_token(draft.sentinel, draft.api.token)
    for name, group in draft.groups.items():
        yield from _group(("groups", name), group)
        if draft.cluster is not None:
            yield from _low_quorum(("groups", name), group, len(draft.cluster.members))


def _member_count(count: int) -> Iterator[Finding]:
    loc: Loc = ("cluster", "members")
    if count == 1:
        yield Finding(loc, "one member tolerates no failure: while it is down, nobody fails over (use three)")
    elif count == 2:
        yield Finding(loc, "two members tolerate no failure: a majority of two is both (use three)")
    elif count % 2 == 0:
        yield Finding(
            loc,
            f"{count} members tolerate no more failures than {count - 1}, and more of them must answer: "
            "use an odd number",
        )


def _short_secret(loc: Loc, secret: SecretStr | None) -> Iterator[Finding]:
    if secret is not None and len(secret.get_secret_value()) < MIN_SECRET_CHARS:
        yield Finding(loc, f"is short enough to be guessed: use {MIN_SECRET_CHARS} characters or more")


def _own_port(sentinel: SentinelSettings, cluster: ClusterSettings) -> Iterator[Finding]:
    announced = cluster.members.get(sentinel.id)
    if announced is not None and announced.port != sentinel.http.port:
        yield Finding(
            ("sentinel", "http"),
            f"port {sentinel.http.port} is not the one that peers are told "
            f"(cluster.members.{sentinel.id} is {announced})",
            (("sentinel", "id"), ("cluster", "members")),
        )


def _resp_password(sentinel: SentinelSettings) -> Iterator[Finding]:
    if sentinel.resp_password is not None and sentinel.resp is None:
        yield Finding(("sentinel", "resp_password"), "has no effect, for resp is not set")


def _api_token(sentinel: SentinelSettings, token: SecretStr | None) -> Iterator[Finding]:
    if token is None and not sentinel.http.is_loopback:
        yield Finding(
            ("api", "token"),
            f"is not set and sentinel.http ({sentinel.http}) is not loopback: POST requests will be refused",
            (("sentinel", "http"), ("api", "token_file")),
        )
    yield from _short_secret(("api", "token"), token)


def _low_quorum(loc: Loc, group: GroupSettings, member_count: int) -> Iterator[Finding]:
    majority = member_count // 2 + 1
    if group.quorum is not None and group.quorum < majority:
        yield Finding(
            (*loc, "quorum"),
            f"{group.quorum} of {member_count} members, a minority, may declare the primary down; "
            f"the failover itself still takes a majority ({majority})",
            (("cluster", "members"),),
        )


def _group(loc: Loc, group: GroupSettings) -> Iterator[Finding]:
    if group.refused_after > group.down_after:
        yield Finding(
            (*loc, "refused_after"),
            f"{shown(group.refused_after)} has no effect beyond down_after ({shown(group.down_after)})",
            ((*loc, "down_after"),),
        )
    yield from _candidates(loc, group)
    if group.tls is not None and not group.tls.verify:
        yield Finding((*loc, "tls", "verify"), "is false: anyone can pose as a node and be sent the password")


def _candidates(loc: Loc, group: GroupSettings) -> Iterator[Finding]:
    """Warns of a group without a node to promote: with only the primary listed, there is no failover."""
    where, nodes = (*loc, "nodes"), ((*loc, "nodes"),)
    able = [node for node in group.nodes if node.priority != 0]
    if not able:
        yield Finding(where, "all have priority 0, which is never promoted", nodes)
    elif len(able) == 1 and group.discover_replicas != "promote":
        only = "is a single node" if len(group.nodes) == 1 else "has one node with a priority other than 0"
        unlisted = (
            "replicas that are not listed are watched but never promoted, so nothing can be: "
            "list the replicas, or set discover_replicas to promote"
            if group.discover_replicas
            else "discover_replicas is false: nothing can be promoted in its place"
        )
        yield Finding(where, f"{only}, and {unlisted}", (*nodes, (*loc, "discover_replicas")))
