"""Events of a group's nodes: their health, their identity, and whether they are watched.

``node`` is the node's name in the group; ``detail`` and ``reason`` are texts for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class NodeDown:
    """This sentinel calls a node down (subjectively). ``after_ms`` counts from the first evidence."""

    name: ClassVar = "node_down"
    node: str
    grade: str
    after_ms: int
    detail: str
    primary: bool


@dataclass(frozen=True, slots=True)
class NodeUp:
    """The node has answered again."""

    name: ClassVar = "node_up"
    node: str


@dataclass(frozen=True, slots=True)
class NodeUnknown:
    """Neither up nor down: this sentinel stalled or could not look since it last judged the node."""

    name: ClassVar = "node_unknown"
    node: str
    detail: str


@dataclass(frozen=True, slots=True)
class QuorumDown:
    """A quorum calls a node down (objectively): the sentinels in ``agree``."""

    name: ClassVar = "quorum_down"
    node: str
    agree: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class QuorumUp:
    """No quorum calls the node down any more; ``agree`` still do. ``may_have_lost``: lost data."""

    name: ClassVar = "quorum_up"
    node: str
    agree: tuple[str, ...]
    primary: bool
    may_have_lost: str | None = None


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """A node refuses our credentials, permissions or TLS."""

    name: ClassVar = "misconfigured"
    node: str
    detail: str


@dataclass(frozen=True, slots=True)
class Blind:
    """This sentinel cannot look at a node: it lacks file descriptors, memory or permission."""

    name: ClassVar = "blind"
    node: str
    detail: str


@dataclass(frozen=True, slots=True)
class Degraded:
    """The primary lives, but has refused writes or new clients for a while."""

    name: ClassVar = "degraded"
    node: str
    refuses: str
    """The kind of refusal, as Redis writes it."""
    detail: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """The primary accepts them again."""

    name: ClassVar = "recovered"
    node: str | None
    refuses: str
    """The kind of refusal that ended."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DataLost:
    """The primary came back with less than it had, and no node holds the rest any more."""

    name: ClassVar = "data_lost"
    node: str | None
    may_have_lost: str


@dataclass(frozen=True, slots=True)
class Discovered:
    """The primary reports a replica that is not in the configuration."""

    name: ClassVar = "discovered"
    node: str


@dataclass(frozen=True, slots=True)
class NotWatched:
    """The primary reports a replica that is not watched, for a reason that people can change."""

    name: ClassVar = "not_watched"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A discovered node is not watched any more: it is not the group's, or is forgotten."""

    name: ClassVar = "dropped"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A configured node is not the group's: it is neither demoted nor re-pointed."""

    name: ClassVar = "foreign"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Double:
    """A configured name leads to the server of another node, whose name, the ``reason``, is used instead."""

    name: ClassVar = "double"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Balanced:
    """A name leads to several servers in turn, so it names no node and is left out of all decisions."""

    name: ClassVar = "balanced"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Contested:
    """A server is configured for another group too: neither changes anything at it."""

    name: ClassVar = "contested"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clustered:
    """A server is in cluster mode, where it cannot be a replica: nothing is changed at it."""

    name: ClassVar = "clustered"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The agreed primary is not in this configuration; it is watched all the same."""

    name: ClassVar = "unlisted"
    node: str


@dataclass(frozen=True, slots=True)
class Unwatched:
    """The agreed primary is not watched here, so this sentinel would not notice its loss."""

    name: ClassVar = "unwatched"
    node: str


@dataclass(frozen=True, slots=True)
class Identified:
    """An earlier event about the node's identity no longer holds: ``was`` is the name of that event."""

    name: ClassVar = "identified"
    node: str
    was: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It is not clear which node is primary; nothing is done until it is."""

    name: ClassVar = "ambiguous"
    reason: str


Identity: TypeAlias = Double | Balanced | Contested | Clustered | Unlisted | Unwatched
"""States of a node's name that hold until ``Identified`` ends them."""

Health: TypeAlias = (
    NodeDown
    | NodeUp
    | NodeUnknown
    | QuorumDown
    | QuorumUp
    | Misconfigured
    | Blind
    | Degraded
    | Recovered
    | DataLost
)

NodeEvent: TypeAlias = (
    Health | Discovered | NotWatched | Dropped | Foreign | Identity | Identified | Ambiguous
)
