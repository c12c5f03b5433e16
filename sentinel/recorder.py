"""The history of changes: what every sentinel can record of a commit, and the leader's timeline of it.

Every sentinel writes a skeletal record when it learns of a topology. The leader that made the change has
seen its steps; it writes them down, and tells the others, when the topology is committed and again when
its work is over. For as long as the primary stays down, attempts that came to nothing are part of the story.
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
        NoticeName.OVERRULED,
        NoticeName.CANDIDATE_CHOSEN,
        NoticeName.INTENT_COMMITTED,
        NoticeName.WRITES_PAUSED,
        NoticeName.HANDED_OVER,
        NoticeName.PROMOTED,
        NoticeName.TOPOLOGY,
        NoticeName.FAILOVER_ABORTED,
        NoticeName.REPOINTED,
        NoticeName.DEMOTED,
        NoticeName.WORK_DONE,
    }
)
_ENDS = frozenset({NoticeName.WORK_DONE, NoticeName.STEPPED_DOWN, NoticeName.REPAIR_ABORTED})
_GIVEN_UP = "given_up"
_LABELS = {
    NoticeName.NODE_DOWN: "subjectively_down",
    NoticeName.QUORUM_DOWN: "objectively_down",
    NoticeName.FAILOVER_ABORTED: _GIVEN_UP,
    NoticeName.TOPOLOGY: "committed",
}


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
        self._down: str | None = None
        """The primary whose loss the steps begin with."""
        self._leads = False
        self._mine: Change | None = None

    def on_notice(self, notice: Notice, now: float) -> None:
        """``now`` is monotonic seconds."""
        fields: Mapping[str, Any] = notice.fields
        if notice.name in (NoticeName.NODE_DOWN, NoticeName.QUORUM_DOWN) and not fields.get("primary"):
            return
        if self._mine is None:
            self._begin_anew(notice.name, fields, now)
        if notice.name in _STEPS:
            self._add(self._label(notice), now)
        if notice.name is NoticeName.TOPOLOGY:
            self._on_topology(_change(self._group, fields))
        elif notice.name is NoticeName.LOSS_MEASURED:
            self._keep(_change(self._group, fields))
        elif notice.name in _ENDS:
            self._on_end(notice.name, now)
        elif notice.name is NoticeName.FAILOVER_ABORTED and not self._leads:
            self._forget_unless_down()

    def _begin_anew(self, name: NoticeName, fields: Mapping[str, Any], now: float) -> None:
        match name:
            case NoticeName.NODE_DOWN:
                leads = self._leads
                self._forget()
                self._leads, self._down = leads, fields["node"]
                self._add("evidence", now - fields["after_ms"] / 1000)
            case NoticeName.NODE_UP if fields["node"] == self._down:
                # What is under way because of it is told to its end.
                self._down = None
                if not self._leads:
                    self._forget()
            case NoticeName.REQUESTED if not self._leads:
                self._forget_unless_down()
            case NoticeName.ELECTED:
                self._leads = True
            case _:
                pass

    def _add(self, label: str, at: float) -> None:
        """At the limit, what came to nothing makes room; what has been told of a commit is never changed."""
        if len(self._steps) == MAX_STEPS:
            if self._mine is not None:
                return
            del self._steps[MAX_STEPS // 2]
        self._steps.append((label, at))

    def _on_end(self, name: NoticeName, now: float) -> None:
        self._leads = False
        if self._mine is not None:
            self._spread(self._with_steps(self._mine))
            self._forget()
        elif name is NoticeName.WORK_DONE:
            self._forget()
        else:
            if name is NoticeName.STEPPED_DOWN and self._steps and self._steps[-1][0] != _GIVEN_UP:
                self._add("stepped_down", now)
            self._forget_unless_down()

    def _on_topology(self, change: Change) -> None:
        if change.leader != self._self_id:
            self._keep(change)
            self._forget()
            return
        self._mine = change
        self._spread(self._with_steps(change))

    def _with_steps(self, change: Change) -> Change:
        began_at = self._steps[0][1] if self._steps else 0.0
        steps = tuple(TimelineStep(name, round((at - began_at) * 1000, 3)) for name, at in self._steps)
        return replace(change, timeline=steps)

    def _forget_unless_down(self) -> None:
        if self._down is None:
            self._forget()

    def _forget(self) -> None:
        self._mine = None
        self._leads = False
        self._down = None
        self._steps = []

    @staticmethod
    def _label(notice: Notice) -> str:
        label = _LABELS.get(notice.name, notice.name.value)
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
        may_have_lost=fields.get("may_have_lost"),
    )
