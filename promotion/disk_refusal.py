"""Judges whether a server refuses all writes for its disk (-MISCONF): one rule for all modules that ask.

Redis decides it so (``writeCommandsDeniedByDiskError``): a failed snapshot counts only where snapshots are
configured and ``stop-writes-on-bgsave-error`` is on; an append-only file that cannot be written counts only
where there is one. INFO shows no settings, so an unknown setting is taken to have Redis's default.
"""

from __future__ import annotations

STOP_WRITES = "stop-writes-on-bgsave-error"
SAVE = "save"
"""Redis's setting, empty where no snapshots are configured."""


def disk_refusal(
    *, snapshot_failed: bool, aof_failed: bool, stops: bool = True, saves: bool = True
) -> str | None:
    """Why the server refuses all writes, or would as a primary; None if its disk is no reason."""
    if snapshot_failed and stops and saves:
        return "its last snapshot failed"
    return "its append-only file cannot be written" if aof_failed else None
