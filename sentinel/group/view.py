"""One immutable picture of a group, for all readers. Pure.

As etcd raft's ``Status`` and pymongo's ``TopologyDescription``: readers get a copy made for them, never the
live core. A value that grows with time alone (a silence, an age) is kept as the moment it counts from, on the
monotonic clock; the reader computes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promotion.places import place_in
from quorum.detector import Verdict
from quorum.directives import Directives
from quorum.membership import Membership
from quorum.messages import Grade, Topology
from quorum.role import Role
from quorum.usability import Refusing
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeSpec

NodeState: TypeAlias = Literal[
    "up", "down", "misconfigured", "unknown", "refuses_writes", "refuses_clients", "not_watched"
]


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The group's configuration, as far as it is shown. ``members`` are sorted, this one included."""

    self_id: str
    members: tuple[str, ...]
    quorum: int
    down_after_s: float
    failover_timeout_s: float
    parallel_syncs: int
    owner: str | None = None
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class Voting:
    """This sentinel's part in an agreement. ``why_not``: why it takes none, in words; empty if it does."""

    why_not: str
    is_stuck: bool
    """It takes no part, and waiting cannot help."""
    is_retired: bool
    """It takes no part, as it was started without the group since it last did."""
    membership: Membership
    apart: Mapping[str, str]
    """The peers that are not listened to, as they have other members, with the reasons."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node, as this sentinel sees it."""

    spec: NodeSpec
    is_primary: bool
    """By the newest topology that is committed."""
    info: NodeInfo | None
    """Its newest INFO; None if there is none."""
    verdict: Verdict
    misconfigured: str | None
    refusing: Refusing | None
    """What it refuses its clients; of one that is down, what it refused before."""
    objectively_down: bool
    called_down: Mapping[str, Grade]
    """The sentinels that call it down."""
    unknown_to: frozenset[str]
    """The sentinels that report to know nothing of it."""
    valid_at: float
    """Its last valid reply to this sentinel, monotonic; -inf: there was none."""
    follows: str | None
    lag_bytes: int | None
    """The bytes behind the primary; None if the offsets are of different histories, or unknown."""
    lag_s: float | None
    """How old its data was when last seen; None where ``lag_bytes`` is."""
    barred: str
    """Why it is never promoted; empty if it may be."""
    hands_off: str
    """Why nothing is changed at it; empty if it may be."""
    contested: str
    """The other groups that have its server too; empty if none has."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def reach(self) -> tuple[str, int]:
        """The address by which clients reach it."""
        return self.spec.reach

    @property
    def state(self) -> NodeState:
        """One that was never reached is unknown until it counts as down, and one that cannot be looked at."""
        if self.verdict.down:
            return "down"
        if self.verdict.unknown:
            return "unknown"
        if self.misconfigured is not None:
            return "misconfigured"
        if self.refusing is not None:
            # New clients of the primary come to write; of a replica, to read.
            writes = self.is_primary or (self.info is not None and self.info.role == "master")
            return "refuses_writes" if writes else "refuses_clients"
        return "up" if self.info is not None else "unknown"

    @property
    def priority(self) -> int | None:
        """The configured one comes first."""
        if self.spec.priority is not None or self.info is None:
            return self.spec.priority
        return self.info.priority

    def silence_s(self, now: float) -> float:
        """Seconds since its last valid reply; infinite if there was none."""
        return max(0.0, now - self.valid_at)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The change of primary under way. ``phase`` is None where another sentinel leads."""

    phase: str | None
    target: str | None
    cause: str | None
    leader: str | None
    operation: str | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """``published`` and ``directives`` are on disk here, so clients may be told of them; ``committed`` is the
    newest that is known to be agreed on, and may still be on its way to the disk.
    """

    name: str
    rules: GroupRules
    until: float
    """Monotonic: from then on time alone may have made another picture of it."""
    term: int
    role: Role
    leader: str | None
    """The leader that this sentinel hears, possibly itself."""
    leads: bool
    """This sentinel leads, with a valid lease."""
    published: Topology | None
    committed: Topology | None
    directives: Directives
    successor: str | None
    """The next primary by the newest entry, or else its primary; None if it names no node."""
    voting: Voting
    change: ChangeView | None
    ambiguous: str | None
    """The reason why the primary is unclear."""
    nodes: Mapping[str, NodeStatus]
    """By the names that are used."""
    aside: Mapping[str, NodeStatus]
    """By the other names: those that lead to another node's server, or to several in turn."""
    doubles: Mapping[str, str]
    balanced: Mapping[str, str]
    not_watched: Mapping[str, str]
    """The replicas that the primary reports and nobody connects to, with the reasons."""
    unwatched_primary: str | None
    unlisted_primary: str | None

    def node(self, name: str) -> NodeStatus | None:
        """By any name that was configured or discovered."""
        return self.nodes.get(name) or self.aside.get(name)

    def reach(self, name: str) -> tuple[str, int] | None:
        """Where clients reach the node; None if its name tells nothing.

        One that is agreed on may be unknown here: taken out of the configuration, or discovered and not seen
        again yet.
        """
        node = self.node(name)
        return node.reach if node is not None else place_in(name)

    @property
    def why_no_primary(self) -> str:
        """In words, while none is known."""
        return self.ambiguous or "the sentinels have not agreed on one yet"

    @property
    def replicas_up(self) -> int:
        """How many nodes beside the committed primary are up, as this sentinel sees them."""
        return sum(not node.is_primary and node.state == "up" for node in self.nodes.values())

    @property
    def primary_address(self) -> tuple[str, int] | None:
        """Where clients reach the primary, as they may be told; None before the first topology."""
        return self.reach(self.published.primary) if self.published is not None else None
