"""Decides how a leader goes on with an intent that it finds, or that it cannot carry out itself.

A leader wrote the intent, and died or failed before it was done.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from promotion.actions import Facts, PendingIntent
from promotion.reinstating import after_switchover, reinstatement
from promotion.step_types import Restore
from promotion.switchover import HANDED_OVER
from promotion.view import NodeView


class Way(enum.Enum):
    WAIT = "the old primary is handing over, which is not decided yet"
    PROMOTE = "finish it, or do what comes next to it"
    DISARM = "first cut off the leader that was about to promote the target"
    RESTORE = "give the old primary of a switchover its role back"
    THAW = "resume the writes of the old primary of a switchover, and end the intent"
    CANCEL = "end the intent: the old primary is there"
    FAIL_OVER = "begin anew, with the target before others"


@dataclass(frozen=True, slots=True)
class Unfinished:
    way: Way
    node: str


def judge(
    intent: PendingIntent,
    views: Sequence[NodeView],
    facts: Facts,
    *,
    lost: bool,
    avoid: Collection[str],
    disarmed: bool,
    patient: bool,
) -> Unfinished:
    """The target may have been promoted unseen, so it goes first if it can be primary at all.

    ``patient``: wait for a handover that is not decided yet. ``lost``: the old primary is down, or was wiped.
    If the target is given up but was promoted, it contradicts the topology and is demoted later.
    """
    target = intent.target
    old = next((view for view in views if view.name == facts.primary and view.reachable), None)
    if patient and old is not None and old.handover and target not in facts.odown_nodes:
        return Unfinished(Way.WAIT, old.name)
    new = next((v for v in views if v.name == target and v.reachable), None)
    if new is not None and (new.down or new.loading or new.hands_off):
        new = None
    fallen = target == facts.primary and bool(facts.histories)
    if new is not None and new.role == "master" and target not in avoid and not fallen:
        return Unfinished(Way.PROMOTE, target)
    if new is not None and not disarmed and not facts.gone_by_all:
        return Unfinished(Way.DISARM, target)
    made = reinstatement(views, facts) if intent.cause in HANDED_OVER else None
    if made is not None and made.node is not None:
        onward = target if new is not None and target not in avoid else None
        chosen = after_switchover(made.node, onward, views, facts)
        return Unfinished(Way.RESTORE if chosen == facts.primary else Way.PROMOTE, chosen)
    if lost or made is not None:
        return Unfinished(Way.FAIL_OVER, target)
    if intent.cause in HANDED_OVER and old is not None and old.role == "master":
        return Unfinished(Way.THAW, old.name)
    return Unfinished(Way.CANCEL, target)


def undoing(cause: str, target: str, facts: Facts) -> Restore | None:
    """The step that undoes a switchover whose ``target`` was not promoted; None for a failover."""
    if cause not in HANDED_OVER or facts.primary in (None, target) or facts.down:
        return None
    return Restore(str(facts.primary))
