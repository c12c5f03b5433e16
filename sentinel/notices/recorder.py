"""Records the history of changes: every sentinel records a commit; the leader adds its timeline.

Every sentinel writes a skeletal record when it learns of a topology. The leader that made the change has seen
its steps: it stores them and sends them to the others when the topology is committed, and again when its work
is over. While the primary stays down, failed attempts belong to the same timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, assert_never

from promotion import events as work
from quorum.messages import Topology
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.change import Change, TimelineStep
from sentinel.notices.notice import Notice

MAX_STEPS = 100

_GIVEN_UP = "given_up"

_Step: TypeAlias = (
    nodes.NodeDown
    | nodes.QuorumDown
    | operators.Requested
    | leaders.Elected
    | leaders.IntentCommitted
    | leaders.TopologyCommitted
    | leaders.FailoverAborted
    | leaders.WorkDone
    | work.Held
    | work.Sealing
    | work.Overruled
    | work.CandidateChosen
    | work.WritesPaused
    | work.HandedOver
    | work.Promoted
    | work.Repointed
    | work.Demoted
)
"""The steps of a change's timeline."""
_End: TypeAlias = leaders.WorkDone | leaders.SteppedDown | leaders.RepairAborted
_Recorded: TypeAlias = _Step | _End | nodes.NodeUp | leaders.LossMeasured
_Ignored: TypeAlias = (
    nodes.NodeUnknown
    | nodes.QuorumUp
    | nodes.Misconfigured
    | nodes.Blind
    | nodes.Degraded
    | nodes.Recovered
    | nodes.DataLost
    | nodes.Discovered
    | nodes.NotWatched
    | nodes.Dropped
    | nodes.Foreign
    | nodes.Identity
    | nodes.Identified
    | nodes.Ambiguous
    | leaders.StandsBack
    | leaders.StandsAgain
    | leaders.FailoverStarted
    | leaders.StepIncomplete
    | leaders.Fenced
    | leaders.FenceIgnored
    | leaders.SelfFenced
    | leaders.SelfFenceEnded
    | leaders.Stalled
    | operators.DirectiveEvent
    | operators.OrderDone
    | operators.OrderRefused
    | work.Regressed
    | work.IntentCancelled
    | work.WritesResumed
    | work.SafetyKept
    | work.StepFailed
)
"""The events that are not part of the history of changes."""


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
        event = notice.event
        if isinstance(event, _Ignored):
            return
        if isinstance(event, _Recorded):
            self._record(event, now)
        else:
            assert_never(event)

    def _record(self, event: _Recorded, now: float) -> None:
        if isinstance(event, nodes.NodeDown | nodes.QuorumDown) and not event.primary:
            return
        if self._mine is None:
            self._begin_anew(event, now)
        if isinstance(event, _Step):
            self._add(_label(event), now)
        match event:
            case leaders.TopologyCommitted(topology):
                self._on_topology(_change(self._group, topology))
            case leaders.LossMeasured(topology):
                self._keep(_change(self._group, topology))
            case leaders.FailoverAborted() if not self._leads:
                self._forget_unless_down()
            case leaders.WorkDone() | leaders.SteppedDown() | leaders.RepairAborted():
                self._on_end(event, now)
            case _:
                pass  # The step is noted already.

    def _begin_anew(self, event: _Recorded, now: float) -> None:
        match event:
            case nodes.NodeDown():
                leads = self._leads
                self._forget()
                self._leads, self._down = leads, event.node
                self._add("evidence", now - event.after_ms / 1000)
            case nodes.NodeUp(node) if node == self._down:
                # Work that is under way because of it is recorded to its end.
                self._down = None
                if not self._leads:
                    self._forget()
            case operators.Requested() if not self._leads:
                self._forget_unless_down()
            case leaders.Elected():
                self._leads = True
            case _:
                pass

    def _add(self, label: str, at: float) -> None:
        """At the limit, failed attempts make room; the record of a commit is never changed."""
        if len(self._steps) == MAX_STEPS:
            if self._mine is not None:
                return
            del self._steps[MAX_STEPS // 2]
        self._steps.append((label, at))

    def _on_end(self, event: _End, now: float) -> None:
        self._leads = False
        if self._mine is not None:
            self._spread(self._with_steps(self._mine))
            self._forget()
        elif isinstance(event, leaders.WorkDone):
            self._forget()
        else:
            resigned = isinstance(event, leaders.SteppedDown)
            if resigned and self._steps and self._steps[-1][0] != _GIVEN_UP:
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


def _label(event: _Step) -> str:
    """The step's name in the history."""
    match event:
        case nodes.NodeDown():
            return "subjectively_down"
        case nodes.QuorumDown():
            return "objectively_down"
        case leaders.FailoverAborted():
            return _GIVEN_UP
        case leaders.TopologyCommitted():
            return "committed"
        case work.Repointed(node) | work.Demoted(node):
            return f"{event.name} {node}"
        case _:
            return event.name


def _change(group: str, topology: Topology) -> Change:
    return Change(
        group=group,
        term=topology.term,
        old_primary=topology.previous,
        new_primary=topology.primary,
        cause=topology.cause,
        leader=topology.leader,
        at_ms=topology.since_ms,
        duration_ms=topology.duration_ms,
        bytes_possibly_lost=topology.lost_bytes,
        may_have_lost=topology.may_have_lost,
    )
