"""For what a server that takes writes refuses them all (-MISCONF): one judgement for all who ask.

Redis decides it so (``writeCommandsDeniedByDiskError``): a failed snapshot counts only where snapshots are
configured and ``stop-writes-on-bgsave-error`` is on, an append-only file that cannot be written only where
there is one. What is not known, as INFO tells no setting, is taken to be as it is delivered.
"""

from __future__ import annotations

STOP_WRITES = "stop-writes-on-bgsave-error"
SAVE = "save"
"""Redis's setting, empty where no snapshots are configured."""


def disk_refusal(
    *, snapshot_failed: bool, aof_failed: bool, stops: bool = True, saves: bool = True
) -> str | None:
    """Why it refuses all writes, or would as a primary, in words; None if it does not for its disk."""
    if snapshot_failed and stops and saves:
        return "its last snapshot failed"
    return "its append-only file cannot be written" if aof_failed else None
