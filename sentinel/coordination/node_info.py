"""One node's INFO as typed values. Pure; ``nodes.info`` parses the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promotion.step_types import WriteSafety
from quorum.evidence import DataSeen
from sentinel.coordination.info_limits import UNLIMITED, Limits
from sentinel.coordination.link_info import LinkInfo

_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attached:
    """A replica as its primary reports it. ``offset_bytes`` is what it last acknowledged."""

    ip: str
    port: int
    state: str
    """``online``, or the phase of its first synchronisation (``wait_bgsave``, ``send_bulk``)."""
    offset_bytes: int
    lag_s: int | None
    """Seconds since its last acknowledgement; None if it never sent one."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One INFO reply. A field is None where the node has nothing to say, by its role or its history."""

    run_id: str
    version: str
    role: str
    """``master`` or ``slave``, as Redis says it."""
    replid: str
    replid2: str | None
    """The history it followed before its last promotion, valid up to ``second_offset``."""
    second_offset: int | None
    master_offset_bytes: int
    replica_offset_bytes: int | None
    master_host: str | None
    master_port: int | None
    link_up: bool
    """A replica that hears from its primary. Always False for a primary."""
    link_down_s: int | None
    """Since when the link is down; None if it is up, or was never up since the node started."""
    last_io_s: int | None
    sync_in_progress: bool
    priority: int
    read_only: bool
    loading: bool
    async_loading: bool
    """A replica that still serves its old data while it loads the new (``repl-diskless-load swapdb``)."""
    keys: int
    attached: tuple[Attached, ...]
    uptime_s: int
    handover: bool = False
    """A ``FAILOVER`` is under way at this primary."""
    started_empty: bool = False
    """The process loaded neither a snapshot nor an append-only file when it started."""
    announced: bool = True
    """Whether clients may learn of it (``replica-announced``)."""
    product: str = "redis"
    """``redis`` or ``valkey``."""
    safety: WriteSafety | None = None
    """Its ``min-replicas`` settings, which INFO lacks; None if they were not read."""
    volatile_keys: int = 0
    """How many of its keys expire, and so may be evicted by a ``volatile-`` policy."""
    limits: Limits = UNLIMITED
    cluster_mode: bool = False
    """It can be told to follow nobody: Redis Cluster alone says who does."""
    fence_missing: bool = False
    """It may evict any key, was asked for that of the fence, and does not have it."""

    @property
    def link(self) -> LinkInfo:
        return LinkInfo(self.master_host, self.master_port, self.link_up)

    @property
    def offset_bytes(self) -> int:
        """How much of the replication stream its data set contains.

        On a linked replica both offsets agree. When it is told to resynchronise in full it discards its
        cached primary, and ``slave_repl_offset`` falls to 0 or 1 (6.2 at once, 7.0 while the new data
        set loads), while ``master_repl_offset`` goes on counting the data that it still holds. If the
        primary was wiped, that very replica may be the last copy, so it must not look empty.
        """
        return max(self.master_offset_bytes, self.replica_offset_bytes or 0)

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """``(7, 0, 15)``; empty if it is none."""
        found = _VERSION.match(self.version)
        return tuple(int(part) for part in found[0].split(".")) if found else ()

    @property
    def former(self) -> tuple[str, int] | None:
        """The history that it left, and up to which offset it holds that one."""
        if self.replid2 is None or self.second_offset is None:
            return None
        return self.replid2, self.second_offset - 1

    @property
    def serves(self) -> bool:
        """Whether what it says of its data is so: while it loads, part of it is neither old nor new."""
        return self.async_loading or not self.loading

    @property
    def replids(self) -> tuple[str, ...]:
        """The histories that its data belong to: its own, and the one that it followed before."""
        return tuple(replid for replid in (self.replid, self.replid2) if replid is not None)

    def data_seen(self) -> DataSeen:
        """What a replica has loaded is its own until it was linked, and may be a copy after that."""
        own = self.role == "master" or (not self.link_up and self.link_down_s is None)
        return DataSeen(
            self.run_id,
            self.role,
            self.keys,
            self.offset_bytes,
            self.replid,
            self.former,
            started_empty=self.started_empty and own,
            loading=not self.serves,
            lasting_keys=max(0, self.keys - self.volatile_keys),
        )
