"""What a preflight knows of a group, and what it finds: plain data between the gatherer and the rules.

No secret is in here: whether a node's replication password works elsewhere is known, the password is not.
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
    """``node`` is None for what is wrong with the group as a whole. ``code`` is stable, for programs."""

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
    """Why a node could not be looked at. ``code`` is that of the problem which it makes."""

    code: Literal["unreachable", "credentials", "protected-mode", "tls", "not-usable"]
    detail: str


@dataclass(frozen=True, slots=True)
class Monitor:
    """A Vedette that is connected to a node. ``tag`` is its cluster's; None of a release that tells none."""

    id: str
    tag: str | None
    host: str


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One node, as far as it could be looked at from here.

    ``reach`` is where other nodes are told to find it, ``addresses`` what it is known by: names and IPs.
    ``said`` are fields of its INFO that ``NodeInfo`` leaves out; ``settings`` are its answers to CONFIG GET,
    empty where that is denied. ``denied`` names what the user may not do, as ACL SETUSER writes it.
    """

    name: str
    reach: Address
    addresses: frozenset[str] = frozenset()
    port: int = 0
    discovered: bool = False
    priority: int | None = None
    """As configured; None leaves it to the node's own ``replica-priority``."""
    failure: Failure | None = None
    info: NodeInfo | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, Denial] = field(default_factory=dict)
    fence: str | None = None
    """What the fence's key holds; None if it is missing, or was not read."""
    hello_subscribers: int = 0
    """How many subscribe to the channel by which Redis Sentinels find each other."""
    monitors: tuple[Monitor, ...] = ()
    longest_script_s: float | None = None
    """How long scripts have taken there, all but the longest one in a thousand; None if it has run none."""
    certificate_ends_s: float | None = None
    """Until when the certificate holds that it shows, Unix time; None without TLS."""
    run_ids: tuple[str, ...] = ()
    """Of the servers that some more connections reached, one after the other."""
    refused_by: Mapping[str, str] = field(default_factory=dict)
    """The other nodes that do not accept its replication password, with their reasons."""

    def is_at(self, address: Address) -> bool:
        host, port = address
        return address == self.reach or (host in self.addresses and port in (self.port, self.reach[1]))

    @property
    def announced(self) -> Address | None:
        """Where it says that it is; None if it does not, so that others find it by its connection."""
        host, port = self.settings.get("replica-announce-ip"), self.number("replica-announce-port")
        return (host or self.reach[0], port or self.port) if host or port else None

    def number(self, name: str) -> int | None:
        """A count out of INFO or CONFIG GET; None if the node did not tell it."""
        text = self.settings.get(name) or self.said.get(name) or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True, slots=True)
class Stranger:
    """An address that ``reporter`` names, that is none of the group's nodes and leads nowhere from here."""

    reporter: str
    address: Address
    as_primary: bool
    detail: str
    as_itself: bool = False
    """``reporter`` announces itself by it, whether or not it is a replica now."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the group's settings ask of the nodes."""

    username: str = "default"
    fence_key: str | None = None
    write_safety: bool = False
    self_fence: bool = False
    promote_discovered: bool = False
    durability: bool = False
    down_after_s: float = 1.0


@dataclass(frozen=True, slots=True)
class OwnTls:
    """What this sentinel shows and trusts, Unix time; None where there is no such file. ``trouble``: why what
    is on disk now cannot be used."""

    own_ends_s: float | None = None
    ca_ends_s: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    nodes: tuple[NodeFacts, ...]
    strangers: tuple[Stranger, ...] = ()
    wishes: Wishes = Wishes()
    unwatched: Mapping[str, str] = field(default_factory=dict)
    """Replicas that the primary reports and this sentinel does not watch, with the reasons."""
    balanced: Mapping[str, str] = field(default_factory=dict)
    """Names that lead to several servers in turn, as a sentinel has seen them, with what shows it."""
    contested: Mapping[str, str] = field(default_factory=dict)
    """The nodes that another group has too, with which and as what."""
    unlisted: str | None = None
    """The agreed primary, if no configuration names it."""
    unwatched_primary: str | None = None
    """The agreed primary, if it is not watched."""
    members: frozenset[str] = frozenset()
    """The ids of this cluster's sentinels."""
    cluster_tag: str | None = None
    """What they call their cluster at the nodes; None: not to be compared."""
    tls: OwnTls = OwnTls()
    at_s: float = 0.0
    """When they were gathered, Unix time."""
    clocks: Mapping[str, str] = field(default_factory=dict)
    """The peers whose wall clocks are apart from this sentinel's, and how."""
    no_part: str = ""
    """Why this sentinel takes no part in the group's elections."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """The peers that it does not listen to, and why."""
    twice: frozenset[str] = frozenset()
    """The peers of whose ids there are two processes."""
    foreign: Mapping[str, str] = field(default_factory=dict)
    """The peers of another cluster, and which."""
    newest_term: int | None = None
    """The highest that this cluster has come to; None where nobody here can know."""
    own_term: int = 0
    """The one that this sentinel is in."""

    @property
    def seen(self) -> tuple[NodeFacts, ...]:
        """The nodes that could be looked at."""
        return tuple(node for node in self.nodes if node.info is not None)

    @property
    def primary(self) -> NodeFacts | None:
        """The only node that answers as one."""
        found = [node for node in self.seen if node.info is not None and node.info.role == "master"]
        return found[0] if len(found) == 1 else None

    @property
    def replicas(self) -> tuple[NodeFacts, ...]:
        return tuple(node for node in self.seen if node.info is not None and node.info.role == "slave")

    def at(self, address: Address) -> NodeFacts | None:
        """The node at this address, if it is one of the group's."""
        return next((node for node in self.nodes if node.is_at(address)), None)
