"""The history of changes: what every sentinel can record of a commit, and the leader's timeline of it.

Every sentinel writes a skeletal record when it learns of a topology. The leader that made the change has
seen its steps; it writes them down, and tells the others, when the topology is committed and again when
its work is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sentinel.changes import Change, TimelineStep
from sentinel.notices import Notice, NoticeName

MAX_STEPS = 100

_STEPS = frozenset(
    {
        NoticeName.NODE_DOWN,
        NoticeName.QUORUM_DOWN,
        NoticeName.REQUESTED,
        NoticeName.ELECTED,
        NoticeName.HELD,
        NoticeName.SEALING,
        NoticeName.CANDIDATE_CHOSEN,
        NoticeName.INTENT_COMMITTED,
        NoticeName.WRITES_PAUSED,
        NoticeName.HANDED_OVER,
        NoticeName.PROMOTED,
        NoticeName.TOPOLOGY,
        NoticeName.REPOINTED,
        NoticeName.DEMOTED,
        NoticeName.WORK_DONE,
    }
)
_ENDS = frozenset({NoticeName.WORK_DONE, NoticeName.STEPPED_DOWN, NoticeName.REPAIR_ABORTED})


class Recorder:
    """One per group. ``keep`` stores a change; ``spread`` stores it and tells the other sentinels."""

    def __init__(
        self,
        group: str,
        self_id: str,
        keep: Callable[[Change], None],
        spread: Callable[[Change], None],
    ) -> None:
        self._group = group
        self._self_id = self_id
        self._keep = keep
        self._spread = spread
        self._steps: list[tuple[str, float]] = []
        self._began_at: float | None = None
        self._mine: Change | None = None

    def on_notice(self, notice: Notice, now: float) -> None:
        """``now`` is monotonic seconds."""
        fields: Mapping[str, Any] = notice.fields
        if notice.name in (NoticeName.NODE_DOWN, NoticeName.QUORUM_DOWN) and not fields.get("primary"):
            return
        if notice.name is NoticeName.NODE_DOWN and self._mine is None:
            self._began_at = now - fields["after_ms"] / 1000
            self._steps = [("evidence", self._began_at)]
        if notice.name in _STEPS and len(self._steps) < MAX_STEPS:
            if self._began_at is None:
                self._began_at = now
            self._steps.append((self._label(notice), now))
        if notice.name is NoticeName.TOPOLOGY:
            self._on_topology(_change(self._group, fields))
        elif notice.name is NoticeName.LOSS_MEASURED:
            self._keep(_change(self._group, fields))
        elif notice.name in _ENDS:
            if self._mine is not None:
                self._spread(self._with_steps(self._mine))
            self._forget()

    def _on_topology(self, change: Change) -> None:
        if change.leader != self._self_id:
            self._keep(change)
            self._forget()
            return
        self._mine = change
        self._spread(self._with_steps(change))

    def _with_steps(self, change: Change) -> Change:
        began_at = self._began_at if self._began_at is not None else 0.0
        steps = tuple(TimelineStep(name, round((at - began_at) * 1000, 3)) for name, at in self._steps)
        return replace(change, timeline=steps)

    def _forget(self) -> None:
        self._mine = None
        self._began_at = None
        self._steps = []

    @staticmethod
    def _label(notice: Notice) -> str:
        names = {
            NoticeName.NODE_DOWN: "subjectively_down",
            NoticeName.QUORUM_DOWN: "objectively_down",
            NoticeName.TOPOLOGY: "committed",
        }
        label = names.get(notice.name, notice.name.value)
        node = notice.fields.get("node")
        return f"{label} {node}" if notice.name in (NoticeName.REPOINTED, NoticeName.DEMOTED) else label


def _change(group: str, fields: Mapping[str, Any]) -> Change:
    return Change(
        group=group,
        term=fields["term"],
        old_primary=fields["previous"],
        new_primary=fields["primary"],
        cause=fields["cause"],
        leader=fields["leader"],
        at_ms=fields["since_ms"],
        duration_ms=fields["duration_ms"],
        bytes_possibly_lost=fields["lost_bytes"],
    )
