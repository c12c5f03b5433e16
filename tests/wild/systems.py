"""What is compared, and what a situation asks of a system: the same of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.processes import Process

GROUP = "mymaster"
DOWN_AFTER_MS = 1000
FAILOVER_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Watched:
    """What an operator configures: the group's nodes as ``host:port``, the primary first.

    ``listed``: the replicas are written down too, under these very names; Sentinel is told so by
    ``known-replica``. ``others``: more groups, by name. ``announce`` and ``options`` are for what only
    Vedette can be told: where clients and replicas reach a node, and the group's settings.
    """

    nodes: Sequence[str]
    listed: bool = False
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    username: str = ""
    password: str = ""
    announce: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = GROUP


class System(Protocol):
    """Three sentinels. No question takes more than a few seconds, or raises because somebody is down."""

    name: str

    @property
    def processes(self) -> list[Process]: ...

    def start(self, watched: Watched) -> None: ...

    def restart(self, number: int, watched: Watched | None = None) -> None:
        """Start a sentinel again, killed or not, with another configuration if one is given."""

    def forget(self, number: int, watched: Watched) -> None:
        """Start a sentinel again with its first configuration, and nothing of what it kept."""

    def named(self) -> list[str | None]:
        """Whom each running sentinel names to clients; None for one that names nobody."""

    def content(self, nodes: int) -> bool:
        """Whether every sentinel knows the others and this many nodes, and finds all up."""

    def replicas_told(self) -> set[int]:
        """The ports of the replicas that clients are told of."""

    def switchover(self) -> str:
        """Ask for a planned change, and see it through. Returns what was objected, if anything."""

    def says(self) -> list[str]:
        """Every complaint so far: warnings in the logs, and nodes that are shown as anything but well."""

    def recoveries(self, port: int) -> int:
        """How often the node at ``port`` was told to be up again."""

    def log(self) -> str: ...

    def stop(self) -> None: ...
