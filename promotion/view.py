"""What the deciding code knows of a node: one immutable snapshot, made from its newest INFO."""

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
    """It answered when it was last asked."""
    down: bool = False
    """The detector calls it subjectively down."""
    age_s: float = 0.0
    """Since this was observed."""
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
    """The name of the node that it replicates from, or ``host:port`` if that is none of the group's."""
    follows_host: str = ""
    """That node's host as the replica spells it, which its own machine may not resolve."""
    link_up: bool = False
    link_down_s: float | None = None
    last_io_s: float | None = None
    """Whole seconds since it last heard from the node that it follows; None if it never did."""
    sync_in_progress: bool = False
    coming: tuple[str, int] | None = None
    """What it will hold at least, once it has loaded the copy that it is sent: a history, and how far."""
    loading: bool = False
    priority: int = 100
    zone: str | None = None
    attached: tuple[AttachedReplica, ...] = ()
    strangers: int = 0
    """How many of those attached are none of the group's nodes."""
    handover: bool = False
    """It is handing its role over (``FAILOVER``), which is not decided yet."""
    fence_missing: bool = False
    """It evicts keys, and has evicted the fence."""
    safety: WriteSafety | None = None
    """What it demands of each write as a primary; None if that was not read."""
    hands_off: str = ""
    """Why nothing may be changed at this node, as one that need not be the group's own; empty if it may."""
    undecided: bool = False
    """``hands_off`` for want of time: in a moment it is known whether the node is the group's."""
    discovered: bool = False
    """No configuration names it."""
    barred: str = ""
    """Why it is never promoted, whatever it holds; empty if it may be."""
    version: Version = ("", ())
    """Of the server: its product and the numbers; what is older goes first."""

    @property
    def known(self) -> Known | None:
        """What a discovered node must still be when it is acted on: its address may have changed hands.

        None for one that is configured, which is proof enough.
        """
        return Known(self.run_id, self.role, self.replid) if self.discovered else None

    would_refuse: str = ""
    """Why a replica would refuse writes as a primary, as far as its figures tell; empty if it would not."""
    free_memory: float | None = None
    """Which share of its ``maxmemory`` is left; None where it has no limit, or makes room by evicting."""

    def held(self, history: str) -> int | None:
        """How far it holds that replication history; None if nothing is known to be of it."""
        if history == self.replid:
            return self.offset_bytes
        if history == self.replid2 and self.second_offset is not None:
            return self.second_offset - 1
        return None

    @property
    def sealed(self) -> bool:
        """A leader cut this replica off, so that what it has cannot grow until it follows somebody again."""
        return self.role == "slave" and self.follows == SEALED


def find(name: str | None, views: Iterable[NodeView]) -> NodeView | None:
    """The node of this name, if it is among them."""
    return next((view for view in views if view.name == name), None)
