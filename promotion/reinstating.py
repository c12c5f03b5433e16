"""The committed primary answers as a replica: is it given its role back, or is another taken?

Somebody changed the roles by hand, or its process was started again with a command line that makes it a
replica. It is one candidate among the others then, and what it holds is compared as theirs is, by history
and offset: a primary without its data, or with an old snapshot of it, would be copied by all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promotion.actions import Action, Facts, Note
from promotion.events import Regressed
from promotion.histories import blank, histories, more_than
from promotion.switching import caught_up
from promotion.view import NodeView, find

REGRESSED = "regressed"
"""The cause of a change because others hold more than the primary does."""


@dataclass(frozen=True, slots=True)
class Return:
    """``node`` is whom to make primary without a ranking. If it is None, ``reason`` says why nobody is."""

    node: str | None
    reason: str = ""
    wait: bool = False
    """Nothing may be promoted now: who is known to hold data does not answer."""

    def told(self, facts: Facts) -> list[Action]:
        return [Note(Regressed(facts.primary, self.reason))]


def returned(views: Sequence[NodeView], facts: Facts) -> Return | None:
    """None if the committed primary does not answer as a replica, or nothing may be changed at whom to take.

    The node that it follows has its data and newer; if that is one of ours and a master, it is the primary
    in all but name. If it is not, the committed primary is put back in its role. In either case only if no
    other is known to hold more; where a person changed the role of a process that runs on, they knew better.
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
        return Return(taken.name)
    if made is not None and _is_stranger(made, primary, facts):
        taken = primary
    more = _hold_more(taken, views, facts)
    if more and taken is not primary and not _hold_more(primary, views, facts):
        taken, more = primary, ()
    if more:
        return Return(None, f"{taken.name} holds less of the newest history than {', '.join(more)}")
    mute = [v.name for v in views if v.name != taken.name and v.keys and (v.down or not v.reachable)]
    if not taken.keys and mute:
        return Return(
            None, f"{taken.name} holds no data, and {', '.join(mute)} had some and does not answer", True
        )
    return Return(taken.name)


def after_switchover(node: str, target: str | None, views: Sequence[NodeView], facts: Facts) -> str:
    """Whom to take where a switchover's leader died: its ``target``, if it has all and can be used.

    ``node`` is whom ``returned`` named. The old primary takes no writes any more, and nobody else does, or
    the one that it follows.
    """
    if target is None or facts.primary in (None, target) or node != facts.primary:
        return node
    return target if caught_up(node, target, views) else node


def _is_stranger(made: NodeView, primary: NodeView, facts: Facts) -> bool:
    """Nothing tells that ``made`` has what the primary has, which holds data of its own still."""
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
