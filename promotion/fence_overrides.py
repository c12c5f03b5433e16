"""Overrides for one transaction the settings that would make a new primary refuse the fence.

A new primary has no replicas yet, which ``min-replicas-to-write`` may demand. Its last snapshot may have
failed, so that ``stop-writes-on-bgsave-error`` refuses all writes. Both are restored after the write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promotion.disk_refusal import STOP_WRITES
from promotion.fenced_session import FencedSession, Requests
from promotion.replies import Command, read_fields, setting
from promotion.reply_shapes import whole
from promotion.setting_override import Override
from promotion.step_types import WriteSafety

MIN_REPLICAS = "min-replicas-to-write"
MAX_LAG = "min-replicas-max-lag"

ASK: tuple[Command, ...] = (
    ("CONFIG", "GET", MIN_REPLICAS),
    ("CONFIG", "GET", STOP_WRITES),
    ("INFO", "persistence"),
)


def check_for_fence(session: FencedSession) -> Requests:
    """As ``FencedSession.check``; returns the overrides that a raised fence needs, none without a fence."""
    if session.key is None:
        yield from session.check()
        return ()
    return fence_overrides((yield from session.check(*ASK)))


def fence_overrides(replies: Sequence[Any]) -> tuple[Override, ...]:
    """The overrides by the replies to ``ASK``. A setting that may not be read is not overridden."""
    min_replicas, stop_writes, persistence = replies
    found = []
    if kept := whole(setting(min_replicas)):
        found.append(Override(MIN_REPLICAS, 0, kept))
    if setting(stop_writes) == b"yes" and snapshot_failed(persistence):
        found.append(Override(STOP_WRITES, "no", "yes"))
    return tuple(found)


def snapshot_failed(persistence: Any) -> bool:
    return isinstance(persistence, bytes) and read_fields(persistence).get("rdb_last_bgsave_status") == "err"


def log_failed(persistence: Any) -> bool:
    """Whether its append-only file cannot be written. No override helps against that."""
    fields = read_fields(persistence) if isinstance(persistence, bytes) else {}
    return fields.get("aof_enabled") == "1" and fields.get("aof_last_write_status") == "err"


def demand(safety: WriteSafety) -> tuple[Command, ...]:
    return (
        ("CONFIG", "SET", MAX_LAG, safety.max_lag_s),
        ("CONFIG", "SET", MIN_REPLICAS, safety.min_replicas),
    )
