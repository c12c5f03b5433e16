"""One node of a group: its addresses, and its newest INFO."""

from __future__ import annotations

from dataclasses import dataclass

from sentinel.coordination.node_info import NodeInfo


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node as configured, or as discovered. ``announce`` is what other nodes should connect to."""

    name: str
    host: str
    port: int
    announce_host: str | None = None
    announce_port: int | None = None
    priority: int | None = None
    zone: str | None = None
    discovered: bool = False
    """Nobody configured it."""
    unlisted: bool = False
    """And yet it is watched for as long as an entry names it as the primary, or as about to be."""
    run_id: str = ""
    """As an entry has it, which may be from before its last restart."""

    @property
    def reach(self) -> tuple[str, int]:
        return (self.announce_host or self.host, self.announce_port or self.port)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """``info_at`` and ``asked_at`` are monotonic: when the newest INFO was taken in, and when asked for.

    ``peer_ip`` is None until the node was reached once.
    """

    spec: NodeSpec
    info: NodeInfo | None = None
    info_at: float = 0.0
    peer_ip: str | None = None
    asked_at: float = 0.0
