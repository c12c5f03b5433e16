"""Decides whether a committed primary that answers as a replica gets its role back, or another is promoted.

Somebody changed the roles by hand, or its process was started again with a command line that makes it a
replica. It is then one candidate among the others, and its data is compared as theirs is, by history and
offset: a primary without its data, or with an old snapshot of it, would be copied by all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promotion.actions import Action, Facts, Note
from promotion.events import Regressed
from promotion.histories import blank, histories, more_than
from promotion.switchover import caught_up
from promotion.view import NodeView, find

REGRESSED = "regressed"
"""The cause of a change that is made because other nodes hold more than the primary."""


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """``node`` is to be made primary without a ranking. If it is None, ``reason`` says why none is."""

    node: str | None
    reason: str = ""
    wait: bool = False
    """No node may be promoted now: one that is known to hold data does not answer."""

    def notes(self, facts: Facts) -> list[Action]:
        return [Note(Regressed(facts.primary, self.reason))]


def reinstatement(views: Sequence[NodeView], facts: Facts) -> Reinstatement | None:
    """None if the committed primary does not answer as a replica, or the node to take may not be changed.

    The node that it follows has its data and newer; if that is a master of this group, it is the primary in
    all but name. Otherwise the committed primary gets its role back. Both only if no other node is known to
    hold more. If its process still runs, a person changed the role on purpose, and that is not checked.
    """
    primary = find(facts.primary, views)
    if primary is None or primary.role != "slave" or not primary.reachable:
        return None
    made = next((v for v in views if v.name == primary.follows and v.reachable and v.role == "master"), None)
    same_process = facts.process is not None and primary.run_id == facts.process
    taken = made if made is not None else primary
    if primary.hands_off or taken.hands_off or (taken is made and made.barred):
        return None
    if same_process and (taken.keys or not primary.keys):
        return Reinstatement(taken.name)
    if made is not None and _is_stranger(made, primary, facts):
        taken = primary
    more = _hold_more(taken, views, facts)
    if more and taken is not primary and not _hold_more(primary, views, facts):
        taken, more = primary, ()
    if more:
        return Reinstatement(None, f"{taken.name} holds less of the newest history than {', '.join(more)}")
    mute = [v.name for v in views if v.name != taken.name and v.keys and (v.down or not v.reachable)]
    if not taken.keys and mute:
        return Reinstatement(
            None, f"{taken.name} holds no data, and {', '.join(mute)} had some and does not answer", True
        )
    return Reinstatement(taken.name)


def after_switchover(node: str, target: str | None, views: Sequence[NodeView], facts: Facts) -> str:
    """The node to promote after a switchover's leader died: ``target`` if it has all the data, else ``node``.

    ``node`` is the one that ``reinstatement`` named. The old primary takes no writes any more.
    """
    if target is None or facts.primary in (None, target) or node != facts.primary:
        return node
    return target if caught_up(node, target, views) else node


def _is_stranger(made: NodeView, primary: NodeView, facts: Facts) -> bool:
    """Whether ``made`` is not known to have the primary's data, while the primary still holds data."""
    if facts.history is None or primary.link_up or not primary.keys:
        return False
    return made.held(facts.history) is None and made.held(primary.replid) is None


def _hold_more(view: NodeView, views: Sequence[NodeView], facts: Facts) -> tuple[str, ...]:
    assert facts.primary is not None
    others = [other for other in views if other.reachable and not other.down and not blank(other)]
    newest = histories(facts.primary, views, facts.history, facts.histories).newest
    if newest is None:
        newest = facts.history
    return more_than(view, others, newest) if newest is not None else ()
