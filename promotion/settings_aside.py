"""What a primary of this moment would refuse the fence for, and how that is set aside for one transaction.

It has no replicas yet, which ``min-replicas-to-write`` may ask for; and its last snapshot may have failed,
for which ``stop-writes-on-bgsave-error`` refuses all writes. Both are as before when it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promotion.aside import Aside
from promotion.disk_refusal import STOP_WRITES
from promotion.handover import read_fields
from promotion.replies import Command, setting
from promotion.reply_shapes import whole
from promotion.step_types import WriteSafety
from promotion.talk import Asking, Talk

MIN_REPLICAS = "min-replicas-to-write"
MAX_LAG = "min-replicas-max-lag"

ASK: tuple[Command, ...] = (
    ("CONFIG", "GET", MIN_REPLICAS),
    ("CONFIG", "GET", STOP_WRITES),
    ("INFO", "persistence"),
)


def check_for_fence(talk: Talk) -> Asking:
    """As ``Talk.check``; returns what a raised fence takes to be set aside, which is nothing without one."""
    if talk.key is None:
        yield from talk.check()
        return ()
    return asides((yield from talk.check(*ASK)))


def asides(replies: Sequence[Any]) -> tuple[Aside, ...]:
    """By the answers to ``ASK``. What may not be read is left alone."""
    min_replicas, stop_writes, persistence = replies
    found = []
    if kept := whole(setting(min_replicas)):
        found.append(Aside(MIN_REPLICAS, 0, kept))
    if setting(stop_writes) == b"yes" and snapshot_failed(persistence):
        found.append(Aside(STOP_WRITES, "no", "yes"))
    return tuple(found)


def snapshot_failed(persistence: Any) -> bool:
    return isinstance(persistence, bytes) and read_fields(persistence).get("rdb_last_bgsave_status") == "err"


def log_failed(persistence: Any) -> bool:
    """Its append-only file, if it has one, cannot be written, for which nothing can be set aside."""
    said = read_fields(persistence) if isinstance(persistence, bytes) else {}
    return said.get("aof_enabled") == "1" and said.get("aof_last_write_status") == "err"


def demand(safety: WriteSafety) -> tuple[Command, ...]:
    return (
        ("CONFIG", "SET", MAX_LAG, safety.max_lag_s),
        ("CONFIG", "SET", MIN_REPLICAS, safety.min_replicas),
    )
