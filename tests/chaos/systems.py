"""What is compared: each variant as data, and what the tests ask of a system while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.chaos.schedules import Moment

GROUP = "mymaster"
REDIS_PORT = 6379
DOWN_AFTER_MS = 1000
FAILOVER_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Variant:
    """``group``: options of Vedette's group. ``redis``: more lines for redis.conf."""

    name: str
    kind: Literal["vedette", "redis-sentinel", "valkey-sentinel"]
    group: Mapping[str, Any] = field(default_factory=dict)
    redis: Sequence[str] = ()
    down_after_ms: int = DOWN_AFTER_MS


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("vedette", "vedette"),
        Variant(
            "vedette-safe",
            "vedette",
            group={
                "write_safety": {"min_replicas": 1, "max_lag": "2s"},
                "fence_wait": True,
                "self_fence": True,
                "durability": "wait",
            },
        ),
        Variant("redis-sentinel", "redis-sentinel"),
        Variant(
            "redis-sentinel-safe",
            "redis-sentinel",
            redis=("min-replicas-to-write 1", "min-replicas-max-lag 2"),
        ),
        Variant("valkey-sentinel", "valkey-sentinel"),
    )
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a host's sentinel lives: ``state`` is the directory that it must be able to write."""

    name: str
    address: str
    directory: Path
    state: Path


class System(Protocol):
    """One system, installed on hosts. Every question is answered within about a second."""

    server: str
    """The command of the servers that it watches."""

    def command(self, site: Site) -> list[str]:
        """Writes the configuration where there is none yet; returns how the sentinel is started."""

    def primary(self, address: str) -> str | None:
        """Who is primary, says the sentinel at ``address``."""

    def content(self, address: str) -> bool:
        """Whether this sentinel knows every node and peer, and finds nothing wrong."""

    def switchover(self, address: str) -> str | None:
        """Ask for a switchover; what was objected, or None."""

    def aftermath(self, address: str) -> str | None:
        """What became of the switchover that was asked of this sentinel, unless it was completed."""

    def foretell(self, address: str) -> str | None:
        """The host address of the replica that a switchover now would promote, if that can be asked."""

    def tells(self, moment: Moment) -> str:
        """The text within a line of the log that tells of ``moment``."""

    def chosen(self, line: str) -> str | None:
        """The address of the replica that a line of the log says was chosen."""
