"""Derives from a node's INFO whether it accepts writes, or would as a primary. Pure.

Redis decides by these very figures whether it refuses (``processCommand``: maxmemory, the state of its disk,
the number of good replicas), so they are as good as its refusal. If they are a moment old, or leave a doubt
(the size of the next write, whether anything can be evicted), the counters of errors decide: one that grew
since the last look means that a client was refused since then.
"""

from __future__ import annotations

from promotion.disk_refusal import disk_refusal
from quorum.usability import Refusal, Refusing
from sentinel.coordination.node_info import NodeInfo

MB = 1 << 20


def refused_now(info: NodeInfo, before: NodeInfo | None) -> Refusing | None:
    """What a primary refuses. ``before`` is what it said at the last look. None for a replica's writes.

    That its snapshots fail is not taken from here: whether it refuses writes because of that depends on
    settings that INFO leaves out, and its reply to PING says it.
    """
    full = _full(info)
    if info.role != "master":
        return full
    grown = _grown(info, before)
    return (
        _ending(info)
        or _disk(info, snapshots=False)
        or _no_room(info, grown)
        or _too_few_replicas(info, grown)
        or full
    )


def would_refuse(info: NodeInfo) -> Refusing | None:
    """What a replica would refuse as a primary, as far as its figures tell."""
    found = _ending(info) or _disk(info) or _no_room(info, frozenset())
    if found is None:
        return None
    return Refusing(found.kind, found.detail.replace("refuses", "as a primary it would refuse", 1))


def of_ping(error: str) -> Refusing | None:
    """What an error reply to PING says. Of the refusals only this one is given to a PING."""
    if not error.startswith("MISCONF"):
        return None
    return Refusing(
        Refusal.MISCONF,
        "refuses writes (-MISCONF): its data cannot be written to disk; see its log, and whether the disk is "
        "full or its directory gone",
    )


def of_connecting(error: str) -> Refusing | None:
    """What the error that a new connection was met with says."""
    if "max number of clients" not in error:
        return None
    return Refusing(
        Refusal.MAXCLIENTS,
        "turns new clients away (max number of clients reached): close idle ones, or raise maxclients",
    )


def _ending(info: NodeInfo) -> Refusing | None:
    if not info.limits.ends:
        return None
    return Refusing(
        Refusal.SHUTDOWN,
        "refuses writes: it was told to end, and they wait as it does for replicas that lag; SHUTDOWN ABORT "
        "takes that back",
    )


def _disk(info: NodeInfo, *, snapshots: bool = True) -> Refusing | None:
    failed = snapshots and info.limits.snapshot_failed
    why = disk_refusal(snapshot_failed=failed, aof_failed=info.limits.aof_failed)
    if why is None:
        return None
    detail = f"refuses writes (-MISCONF): {why}; see its log, and whether the disk is full"
    return Refusing(Refusal.MISCONF, detail)


def _no_room(info: NodeInfo, grown: frozenset[str]) -> Refusing | None:
    limits = info.limits
    if not (0 < limits.max_bytes < limits.used_bytes and not _can_evict(info)) and "OOM" not in grown:
        return None
    used = f"{_mb(limits.used_bytes)} of {_mb(limits.max_bytes)} are used"
    return Refusing(
        Refusal.OOM,
        f"refuses writes (-OOM): {used}, with maxmemory-policy {limits.policy}; raise maxmemory, or delete "
        "data",
    )


def free_memory(info: NodeInfo) -> float | None:
    """Which share of its ``maxmemory`` is left; None where it has none, or makes room by evicting."""
    limits = info.limits
    if limits.max_bytes <= 0 or _can_evict(info):
        return None
    return 1 - limits.used_bytes / limits.max_bytes


def _can_evict(info: NodeInfo) -> bool:
    policy = info.limits.policy
    return policy.startswith("allkeys") or (policy.startswith("volatile") and info.volatile_keys > 0)


def _too_few_replicas(info: NodeInfo, grown: frozenset[str]) -> Refusing | None:
    good, asked = info.limits.good_replicas, info.safety.min_replicas if info.safety is not None else 1
    too_few = good is not None and good < asked
    if not too_few and "NOREPLICAS" not in grown:
        return None
    demand = f"min-replicas-to-write asks for {asked}" if info.safety is not None else "it asks for more"
    return Refusing(
        Refusal.NOREPLICAS,
        f"refuses writes (-NOREPLICAS): {good or 0} replicas keep up, and {demand}; mend the replicas, or "
        "lower min-replicas-to-write",
    )


def _full(info: NodeInfo) -> Refusing | None:
    clients, most = info.limits.clients, info.limits.max_clients
    if most is None or clients < most:
        return None
    return Refusing(
        Refusal.MAXCLIENTS,
        f"turns new clients away: {clients} of {most} are connected; close idle ones, or raise maxclients",
    )


def _grown(info: NodeInfo, before: NodeInfo | None) -> frozenset[str]:
    """Which of its errors clients were given since the last look."""
    if before is None or before.run_id != info.run_id or before.role != info.role:
        return frozenset()
    counted = dict(before.limits.errors)
    # CONFIG RESETSTAT takes them to 0.
    return frozenset(name for name, count in info.limits.errors if count > counted.get(name, 0))


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / MB:.0f} MB" if size_bytes >= 10 * MB else f"{size_bytes / MB:.1f} MB"
