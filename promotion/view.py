"""One immutable snapshot of a node, made from its newest INFO: what the deciding code knows of the node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from promotion.step_types import SEAL_HOST, SEAL_PORT, Known, WriteSafety

Version: TypeAlias = tuple[str, tuple[int, ...]]

SEALED = f"{SEAL_HOST}:{SEAL_PORT}"


@dataclass(frozen=True, slots=True)
class AttachedReplica:
    """A replica as its primary reports it."""

    host: str
    port: int
    state: str
    offset_bytes: int
    lag_s: int | None


@dataclass(frozen=True, slots=True)
class NodeView:
    """``name`` is the identity; ``host`` and ``port`` are what other nodes should connect to."""

    name: str
    host: str
    port: int
    reachable: bool = True
    """The node answered when it was last asked."""
    down: bool = False
    """The detector calls it subjectively down."""
    age_s: float = 0.0
    """Seconds since this was observed."""
    run_id: str = ""
    role: str = ""
    """``master`` or ``slave``, as Redis says it; empty if it never answered."""
    keys: int = 0
    offset_bytes: int | None = None
    replid: str = ""
    replid2: str | None = None
    """The history that it followed before its last promotion, up to before ``second_offset``."""
    second_offset: int | None = None
    follows: str | None = None
    """The name of the node that it replicates from; ``host:port`` if that node is not of this group."""
    follows_host: str = ""
    """That node's host as the replica spells it; the replica's machine may be unable to resolve it."""
    link_up: bool = False
    link_down_s: float | None = None
    last_io_s: float | None = None
    """Whole seconds since it last heard from the node that it follows; None if it never did."""
    sync_in_progress: bool = False
    coming: tuple[str, int] | None = None
    """The history and offset that it will hold at least, once it has loaded the copy that it is sent."""
    loading: bool = False
    priority: int = 100
    zone: str | None = None
    attached: tuple[AttachedReplica, ...] = ()
    strangers: int = 0
    """How many of ``attached`` are not nodes of this group."""
    handover: bool = False
    """A ``FAILOVER`` of its own is in progress and not decided yet."""
    fence_missing: bool = False
    """The node evicts keys, and has evicted the fence."""
    safety: WriteSafety | None = None
    """Its ``min-replicas`` settings; None if they were not read."""
    hands_off: str = ""
    """Why nothing may be changed at this node: it may not be the group's own. Empty if it may be changed."""
    undecided: bool = False
    """``hands_off`` holds only for the moment: soon it is known whether the node is the group's."""
    discovered: bool = False
    """No configuration names it."""
    barred: str = ""
    """Why it is never promoted, whatever it holds; empty if it may be promoted."""
    version: Version = ("", ())
    """The server's product and version numbers; older ones sort first."""

    @property
    def known(self) -> Known | None:
        """The server that a discovered node must still be when a step runs: its address may change hands.

        None for a configured node: the configuration is proof enough.
        """
        return Known(self.run_id, self.role, self.replid) if self.discovered else None

    would_refuse: str = ""
    """Why a replica would refuse writes as a primary, by its INFO; empty if it would not."""
    free_memory: float | None = None
    """The free share of its ``maxmemory``; None if it has no limit, or evicts keys."""

    def held(self, history: str) -> int | None:
        """The offset up to which it holds ``history``; None if it is not known to hold any of it."""
        if history == self.replid:
            return self.offset_bytes
        if history == self.replid2 and self.second_offset is not None:
            return self.second_offset - 1
        return None

    @property
    def sealed(self) -> bool:
        """A leader cut this replica off: its data cannot grow until it follows a node again."""
        return self.role == "slave" and self.follows == SEALED


def find(name: str | None, views: Iterable[NodeView]) -> NodeView | None:
    """The node of this name, if it is among them."""
    return next((view for view in views if view.name == name), None)
