"""Extracts only the needed fields of INFO: parsing all its lines would be most of the cost of watching."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sentinel.coordination.info_limits import LIMIT_NAMES

NAMES = frozenset(
    {
        "aof_base_size",
        "aof_current_size",
        "aof_enabled",
        "async_loading",
        "loading",
        "master_failover_state",
        "master_host",
        "master_last_io_seconds_ago",
        "master_link_down_since_seconds",
        "master_link_status",
        "master_port",
        "master_repl_offset",
        "master_replid",
        "master_replid2",
        "master_sync_in_progress",
        "rdb_last_load_keys_loaded",
        "redis_mode",
        "redis_version",
        "replica_announced",
        "role",
        "run_id",
        "second_repl_offset",
        "server_mode",
        "slave_priority",
        "slave_read_only",
        "slave_repl_offset",
        "total_net_input_bytes",
        "uptime_in_seconds",
        "valkey_version",
        *LIMIT_NAMES,
    }
)


def _any_of(names: Iterable[str]) -> str:
    """A pattern that decides by the first letters which of ``names`` a line can have."""
    rests: dict[str, list[str]] = {}
    for name in sorted(names):
        rests.setdefault(name[:1], []).append(name[1:])
    return "|".join(
        letter + (f"(?:{_any_of(rest)})" if len(rest) > 1 else rest[0]) for letter, rest in rests.items()
    )


_WANTED = re.compile(
    rf"\n((?:{_any_of(NAMES)}|slave[0-9]{{1,6}}|db[0-9]{{1,10}})):([^\r\n]*)",
    re.ASCII,
)


def fields_of(text: str) -> dict[str, str]:
    """The needed fields of ``text``. If a name occurs twice, the last one counts."""
    return dict(_WANTED.findall(f"\n{text}"))
