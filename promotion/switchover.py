"""A switchover: a planned change of primary that loses no write. Its preconditions, and its two ways.

The leader pauses the writes, waits until the target has them all, makes the old primary a replica, looks
again, and only then promotes. Where it may not pause (its ACL, a renamed command), the primary is asked to
hand its role over by itself (``FAILOVER TO``, Redis 6.2 and later). That takes up to a second longer: the
primary waits for the replica's next regular acknowledgement. In both ways the old primary takes no writes
any more when the target begins to.

Before anything is done, every command is tried on both nodes (``Rehearse``). If a step fails all the same,
the leader undoes the switchover, as long as the target is known not to have been promoted.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from promotion.actions import Action, Note, Request
from promotion.events import HandedOver, WritesPaused, WritesResumed
from promotion.following import is_itself
from promotion.step_types import (
    Freeze,
    Handover,
    Promote,
    Rehearse,
    Repoint,
    Restore,
    Step,
    Thaw,
    WriteSafety,
)
from promotion.view import NodeView, find

SWITCHOVER = "switchover"
"""The cause of a planned change, in the intent and in the topology."""
UNWRITABLE = "unwritable"
"""The cause of an unplanned handover: the primary lives, but it refuses writes."""
HANDED_OVER = frozenset({SWITCHOVER, UNWRITABLE})
"""The causes of changes in which the old primary hands over, which decide how one is finished or undone."""
FREEZE_MARGIN_S = 2.0
"""The pause is longer than the time limit by this, so that it lasts until the old primary is demoted."""
_REFUSED = ("unknown command", "unknown sub", "missing permission")


def objection(primary: str, target: str, views: Sequence[NodeView]) -> str | None:
    """The reason why a switchover cannot be done now; None if it can."""
    old = find(primary, views)
    new = find(target, views)
    if old is None or not old.reachable or old.down or old.role != "master":
        return f"{primary} does not answer as a primary: this takes a failover"
    if old.hands_off:
        return f"{primary}: {old.hands_off}"
    if new is None or not new.reachable or new.down:
        return f"{target} does not answer"
    if is_itself(old, new):
        return f"{target} is the same server as {primary}, under another name"
    if new.follows != primary or not new.link_up:
        return f"{target} is not linked to {primary}"
    return None


def caught_up(primary: str, target: str, views: Sequence[NodeView]) -> bool:
    """Whether ``target`` holds all that the old primary holds, in the old primary's own history."""
    there = {view.name: view for view in views if view.reachable and not view.down}
    old, new = there.get(primary), there.get(target)
    if old is None or new is None or old.offset_bytes is None:
        return False
    held = new.held(old.replid)
    return held is not None and held >= old.offset_bytes


def switchover_notes(step: Step) -> list[Action]:
    """The notes about a switchover's step that succeeded, other than the promotion."""
    match step:
        case Freeze(node, for_s):
            return [Note(WritesPaused(node, round(for_s * 1000)))]
        case Thaw(node) | Restore(node):
            return [Note(WritesResumed(node))]
        case Repoint(node) | Handover(node):
            return [Note(HandedOver(node))]
        case _:
            return []


class Stage(enum.Enum):
    REHEARSE = "both nodes are asked for what it needs"
    FREEZE = "the writes are being paused"
    HANDOVER = "the primary hands over by itself"
    CATCH_UP = "the target receives the rest"
    DEMOTE = "the old primary is being demoted"
    VERIFY = "nothing may have been added meanwhile"
    PROMOTE = "the target is being promoted"
    UNDO = "the old primary gets its role and its writes back"


class Switchover:
    """One switchover in one term. ``failure`` says why it was given up, after its last step; ``undone`` says
    that the old primary is as before.
    """

    def __init__(
        self, primary: NodeView, target: NodeView, request: Request, safety: WriteSafety | None
    ) -> None:
        self.stage = Stage.REHEARSE
        self.failure: str | None = None
        self.undone = False
        self._primary = primary
        self._target = target
        self._timeout_s = request.timeout_s
        self._safety = safety
        self._give_up_at = 0.0
        self._rehearsing: set[str] = set()

    def rehearsals(self) -> tuple[Rehearse, Rehearse]:
        """The rehearsals of both nodes, taken before the intent is written."""
        self._rehearsing = {self._primary.name, self._target.name}
        return Rehearse(self._primary.name, "replica"), Rehearse(self._target.name, "primary")

    def rehearsed(self, step: Step) -> bool:
        """Returns whether that was the last rehearsal."""
        self._rehearsing.discard(step.node)
        return not self._rehearsing

    def first(self) -> Step:
        self.stage = Stage.FREEZE
        return Freeze(self._primary.name, self._timeout_s + FREEZE_MARGIN_S)

    def step_done(self, now: float) -> bool:
        """The step of this stage succeeded. Returns whether a look at the nodes is due."""
        if self.stage is Stage.FREEZE:
            self.stage = Stage.CATCH_UP
            self._give_up_at = now + self._timeout_s
        elif self.stage is Stage.DEMOTE:
            self.stage = Stage.VERIFY
        elif self.stage is Stage.UNDO:
            self.undone = True
            return False
        else:
            return False
        return True

    def step_failed(self, reason: str, *, unknown: bool) -> Step | None:
        """The step to take instead; None at the end. ``unknown``: the failed step may have been done."""
        if self.stage is Stage.FREEZE and any(why in reason.lower() for why in _REFUSED):
            self.stage = Stage.HANDOVER
            new = self._target
            return Handover(self._primary.name, new.name, new.host, new.port, self._timeout_s)
        if self.failure is None:
            self.failure = reason
        maybe_promoted = unknown and self.stage in (Stage.HANDOVER, Stage.PROMOTE)
        return None if maybe_promoted or self.stage is Stage.UNDO else self._undo()

    def observed(self, views: Sequence[NodeView], now: float) -> Step | None:
        """The next step; None to look again."""
        ready = caught_up(self._primary.name, self._target.name, views)
        if self.stage is Stage.CATCH_UP and ready:
            self.stage = Stage.DEMOTE
            return Repoint(self._primary.name, self._target.host, self._target.port, "demote", resume=True)
        if self.stage is Stage.CATCH_UP and now >= self._give_up_at:
            late = f"{self._target.name} did not catch up within {self._timeout_s:g} s"
            self.failure = self._unasked(views) or late
            return self._undo()
        if self.stage is Stage.VERIFY and ready:
            self.stage = Stage.PROMOTE
            return Promote(self._target.name, self._safety)
        if self.stage is Stage.VERIFY and now >= self._give_up_at:
            lacks = f"{self._target.name} does not hold all that {self._primary.name} took"
            self.failure = self._unasked(views) or lacks
            return self._undo()
        return None

    def _unasked(self, views: Sequence[NodeView]) -> str:
        """The failure that the target or the primary no longer answers INFO; empty if both answer."""
        pair = (find(name, views) for name in (self._target.name, self._primary.name))
        mute = [view.name for view in pair if view is not None and not view.reachable]
        return f"{' and '.join(mute)} did not answer INFO when it was asked how far it is" if mute else ""

    def _undo(self) -> Step:
        """Restores the role unless the node is known to be a master still; a master is not harmed by it."""
        still_master = self.stage in (Stage.FREEZE, Stage.CATCH_UP)
        self.stage = Stage.UNDO
        return Thaw(self._primary.name) if still_master else Restore(self._primary.name)
