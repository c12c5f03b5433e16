"""The facts that a preflight gathers of a group, and the problems that it finds: plain data.

No secret is in here: the result of trying a node's replication password is known, the password is not.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sentinel.coordination.node_info import NodeInfo

Severity: TypeAlias = Literal["error", "warning"]
"""``error``: the next failover would fail, or lose data. ``warning``: it would be worse than it need be."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning")

Address: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """``node`` is None for a problem of the whole group. ``code`` is stable, for programs."""

    node: str | None
    severity: Severity
    code: str
    problem: str
    advice: str


class Denial(enum.Enum):
    """Why a node would not run a command."""

    COMMAND = "the user may not run it"
    KEY = "the user may not touch the key"
    UNKNOWN = "the server does not have it"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a node could not be inspected. ``code`` is the code of the resulting problem."""

    code: Literal["unreachable", "credentials", "protected-mode", "tls", "not-usable"]
    detail: str


@dataclass(frozen=True, slots=True)
class Monitor:
    """A Vedette that is connected to a node. ``tag`` is its cluster's; None for a release without one."""

    id: str
    tag: str | None
    host: str


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One node, as far as it could be inspected from here.

    ``reach`` is the address for other nodes; ``addresses`` are the names and IPs that it is known by.
    ``info_fields`` are fields of its INFO that ``NodeInfo`` leaves out. ``settings`` are its answers to
    CONFIG GET, empty if that is denied. ``denied`` are the denied permissions, as ACL SETUSER writes them.
    """

    name: str
    reach: Address
    addresses: frozenset[str] = frozenset()
    port: int = 0
    discovered: bool = False
    priority: int | None = None
    """The configured priority; None if the node's own ``replica-priority`` counts."""
    failure: Failure | None = None
    info: NodeInfo | None = None
    info_fields: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, Denial] = field(default_factory=dict)
    fence: str | None = None
    """The content of the fence's key; None if it is missing, or was not read."""
    hello_subscribers: int = 0
    """How many clients subscribe to the channel on which Redis Sentinels find each other."""
    monitors: tuple[Monitor, ...] = ()
    longest_script_s: float | None = None
    """The 99.9th percentile of its scripts' durations (or the mean); None if it has run none."""
    certificate_ends_s: float | None = None
    """The expiry of its certificate in Unix time; None without TLS."""
    run_ids: tuple[str, ...] = ()
    """The run ids of the servers that further connections reached, one after the other."""
    refused_by: Mapping[str, str] = field(default_factory=dict)
    """The other nodes that do not accept its replication password, with their reasons."""

    def is_at(self, address: Address) -> bool:
        host, port = address
        return address == self.reach or (host in self.addresses and port in (self.port, self.reach[1]))

    @property
    def effective_priority(self) -> int | None:
        """The configured priority, else the node's own; None if unknown."""
        return self.priority if self.priority is not None or self.info is None else self.info.priority

    @property
    def announced(self) -> Address | None:
        """The address that it announces; None if it announces none: others then see its connection's."""
        host, port = self.settings.get("replica-announce-ip"), self.number("replica-announce-port")
        return (host or self.reach[0], port or self.port) if host or port else None

    def number(self, name: str) -> int | None:
        """A number from INFO or CONFIG GET; None if the node did not report it."""
        text = self.settings.get(name) or self.info_fields.get(name) or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True, slots=True)
class Stranger:
    """An address that ``reporter`` reports, which is not a node of the group and not reachable from here."""

    reporter: str
    address: Address
    as_primary: bool
    detail: str
    as_itself: bool = False
    """``reporter`` announces it as its own address, whether or not it is a replica now."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the group's settings require of the nodes."""

    username: str = "default"
    fence_key: str | None = None
    write_safety: bool = False
    self_fence: bool = False
    promote_discovered: bool = False
    durability: bool = False
    down_after_s: float = 1.0


@dataclass(frozen=True, slots=True)
class OwnTls:
    """The expiry of this sentinel's own certificate and of its CA file, Unix time; None without such a file.
    ``trouble`` says why the files on disk cannot be used."""

    own_ends_s: float | None = None
    ca_ends_s: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    nodes: tuple[NodeFacts, ...]
    strangers: tuple[Stranger, ...] = ()
    required: Requirements = Requirements()
    unwatched: Mapping[str, str] = field(default_factory=dict)
    """Replicas that the primary reports but this sentinel does not watch, with the reasons."""
    balanced: Mapping[str, str] = field(default_factory=dict)
    """Names that a sentinel saw lead to several servers in turn, with the evidence."""
    contested: Mapping[str, str] = field(default_factory=dict)
    """The nodes that another group lists too, with that group and the node's name in it."""
    unlisted: str | None = None
    """The agreed primary, if this configuration does not list it."""
    unwatched_primary: str | None = None
    """The agreed primary, if it is not watched."""
    members: frozenset[str] = frozenset()
    """The ids of this cluster's sentinels."""
    cluster_tag: str | None = None
    """The cluster's tag in their client names; None: not to be compared."""
    tls: OwnTls = OwnTls()
    at_s: float = 0.0
    """The Unix time of the facts."""
    clocks: Mapping[str, str] = field(default_factory=dict)
    """The peers whose wall clocks differ from this sentinel's, and how."""
    no_part: str = ""
    """Why this sentinel takes no part in the group's elections."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """The peers that it does not listen to, and why."""
    twice: frozenset[str] = frozenset()
    """The peers whose id two processes use."""
    foreign: Mapping[str, str] = field(default_factory=dict)
    """The peers of another cluster, with its id."""
    newest_term: int | None = None
    """The highest term of this cluster; None if unknown."""
    own_term: int = 0
    """This sentinel's term."""

    @property
    def seen(self) -> tuple[NodeFacts, ...]:
        """The nodes that could be inspected."""
        return tuple(node for node in self.nodes if node.info is not None)

    @property
    def primary(self) -> NodeFacts | None:
        """The only node that answers as a primary; None if there are none or several."""
        found = [node for node in self.seen if node.info is not None and node.info.role == "master"]
        return found[0] if len(found) == 1 else None

    @property
    def replicas(self) -> tuple[NodeFacts, ...]:
        return tuple(node for node in self.seen if node.info is not None and node.info.role == "slave")

    def at(self, address: Address) -> NodeFacts | None:
        """The node at this address, if it is one of the group's."""
        return next((node for node in self.nodes if node.is_at(address)), None)
