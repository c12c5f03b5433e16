"""What travels on a replication link, in either direction. ``Entry`` is a piece of the stream itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.simulation.model_redis.data import Values

Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """The first thing a replica says; a server that is loading refuses it."""


@dataclass(frozen=True, slots=True)
class Introduce:
    """REPLCONF listening-port."""

    port: int


@dataclass(frozen=True, slots=True)
class Psync:
    replid: str
    """``?`` asks for a full sync."""
    offset: int
    """The first byte that the replica lacks."""
    failover: bool


@dataclass(frozen=True, slots=True)
class Ack:
    offset: int


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Introduced:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """An error in the handshake."""

    message: str


@dataclass(frozen=True, slots=True)
class Continue:
    replid: str


@dataclass(frozen=True, slots=True)
class FullSync:
    replid: str
    offset: int


@dataclass(frozen=True, slots=True)
class Newline:
    """Keeps a waiting replica from giving up; counts for nothing else."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    values: Values


@dataclass(frozen=True, slots=True)
class Entry:
    """What one call added to the stream: a command, or a whole transaction. Applied all at once."""

    commands: tuple[Words, ...]
    size_bytes: int
    wants_ack: bool = False


Message: TypeAlias = (
    Ping
    | Introduce
    | Psync
    | Ack
    | Pong
    | Introduced
    | Refused
    | Continue
    | FullSync
    | Newline
    | Snapshot
    | Entry
)
