"""The least that a replica will hold once it has loaded the copy that its primary sent.

Redis reports a loading replica's offset only when loading is done. But a copy holds all that the primary had
when the copy was begun; that was after the replica was last seen without it, and after its process started.
"""

from __future__ import annotations

from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeRecord
from sentinel.coordination.offset_trail import OffsetTrail

SECOND_S = 1.0
"""Redis reports its uptime in whole seconds."""


class Copies:
    def __init__(self) -> None:
        self._coming: dict[str, tuple[str, int]] = {}

    def __getitem__(self, name: str) -> tuple[str, int] | None:
        """A history, and how far the copy goes along it at least; None if nothing is known of one."""
        return self._coming.get(name)

    def see(self, before: NodeRecord, info: NodeInfo, now: float, source: OffsetTrail | None) -> None:
        """``before`` is what was known of the node until now, ``source`` the offsets of whom it follows."""
        name, known = before.spec.name, before.info
        if not info.sync_in_progress:
            self._coming.pop(name, None)
            return
        if known is not None and known.sync_in_progress and known.run_id == info.run_id:
            # Another copy may have been begun since then: it holds as much, and more.
            return
        started_at = now - info.uptime_s - SECOND_S
        begun_after = max(before.info_at, started_at) if known is not None else started_at
        had = source.by(begun_after) if source is not None else None
        if had is None:
            self._coming.pop(name, None)
        else:
            self._coming[name] = had

    def forget(self, name: str) -> None:
        self._coming.pop(name, None)
