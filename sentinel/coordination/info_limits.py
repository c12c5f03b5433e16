"""Reads the part of INFO that decides whether a node accepts writes: disk, memory, replicas, clients, and
shutdown.

All of it is only advice, beside the fields that failover relies on: a missing or odd figure counts as
unknown, and never makes the whole reply unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ERRORS = ("OOM", "NOREPLICAS")
"""The refusals that are counted by their word, and that no other figure tells for certain."""

LIMIT_NAMES = frozenset(
    {
        "aof_last_write_status",
        "cluster_connections",
        "connected_clients",
        "connected_slaves",
        "maxclients",
        "maxmemory",
        "maxmemory_policy",
        "mem_not_counted_for_evict",
        "min_slaves_good_slaves",
        "rdb_last_bgsave_status",
        "shutdown_in_milliseconds",
        "used_memory",
        *(f"errorstat_{name}" for name in ERRORS),
    }
)

_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
_POLICY = re.compile(r"[a-z-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """What INFO says of them; the defaults are what is meant by a server that does not tell."""

    snapshot_failed: bool = False
    aof_failed: bool = False
    """Its append-only file, which is on, could not be written."""
    used_bytes: int = 0
    """As ``maxmemory`` counts: without what is on its way to replicas."""
    max_bytes: int = 0
    """``maxmemory``; 0 for no limit."""
    policy: str = "noeviction"
    good_replicas: int | None = None
    """How many keep up; None unless it demands some (``min-replicas-to-write``)."""
    clients: int = 0
    max_clients: int | None = None
    errors: tuple[tuple[str, int], ...] = ()
    """How often each of ``ERRORS`` was given to a client since it started; sorted."""
    ends: bool = False
    """It was told to shut down, and waits for its replicas."""

    @property
    def evicts_any_key(self) -> bool:
        """Also one that never expires, as that of the fence."""
        return self.max_bytes > 0 and self.policy.startswith("allkeys-")


UNLIMITED = Limits()


def read_limits(get: Callable[[str], str | None]) -> Limits:
    """``get`` gives a field's text by its name, or None."""

    def count(name: str) -> int | None:
        text = get(name)
        return int(text) if text is not None and _COUNT.fullmatch(text) else None

    policy = get("maxmemory_policy") or ""
    counted = {name: _errors(get(f"errorstat_{name}")) for name in ERRORS}
    return Limits(
        snapshot_failed=get("rdb_last_bgsave_status") == "err",
        aof_failed=get("aof_enabled") == "1" and get("aof_last_write_status") == "err",
        used_bytes=max(0, (count("used_memory") or 0) - (count("mem_not_counted_for_evict") or 0)),
        max_bytes=count("maxmemory") or 0,
        policy=policy if _POLICY.fullmatch(policy) else "noeviction",
        good_replicas=count("min_slaves_good_slaves"),
        # Replicas and cluster links take a client's place, and are not counted among the clients.
        clients=sum(count(n) or 0 for n in ("connected_clients", "connected_slaves", "cluster_connections")),
        max_clients=count("maxclients"),
        errors=tuple(sorted((name, number) for name, number in counted.items() if number)),
        ends=count("shutdown_in_milliseconds") is not None,
    )


def _errors(text: str | None) -> int:
    """Out of ``count=3``."""
    number = (text or "").removeprefix("count=")
    return int(number) if _COUNT.fullmatch(number) else 0
