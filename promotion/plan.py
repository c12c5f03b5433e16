"""Plans the steps after which every node follows the primary, as data. A new plan after any step, whether it
succeeded or was lost, leads to the same end.

Safety: no node is pointed at a primary that does not answer as a primary with data, or that is known to have
lost data in a restart which the node still holds. A wiped primary must not wipe its replicas. An old primary
that was replaced may hold writes that the new one never had: those were given up by agreement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from promotion.following import is_itself, misspells
from promotion.histories import more_than
from promotion.lost_writes import shared_bytes
from promotion.step_types import Repoint
from promotion.view import NodeView, find


@dataclass(frozen=True, slots=True)
class Plan:
    """``waiting`` nodes need a step once others have synced; ``blocked`` says why no step is safe."""

    steps: tuple[Repoint, ...] = ()
    waiting: tuple[str, ...] = ()
    syncing: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    blocked: str | None = None
    would_wipe: bool = False
    """It is blocked until a person decides: the primary lost data that stray nodes still hold."""


def reconcile(
    primary: str,
    views: Sequence[NodeView],
    *,
    parallel_syncs: int,
    in_flight: frozenset[str] = frozenset(),
    resume: bool = False,
    lost: Collection[str] = (),
    last: Collection[str] = (),
) -> Plan:
    """The next steps. Stray masters go first and at once; replicas in turns, ``parallel_syncs`` at a time.

    ``resume``: the writes of a stray master may be paused. ``lost`` are the histories that the primary wrote
    before a restart in which its data fell back. ``last`` are nodes that go behind the others, so that no
    node waits for one that answers no step.
    """
    others = [view for view in views if view.name != primary]
    unreachable = tuple(view.name for view in others if not _answers(view))
    there = [view for view in others if _answers(view) and not view.hands_off]
    target = find(primary, views)
    astray = [
        view
        for view in there
        if view.name not in in_flight
        and (not _follows(view, primary) or misspells(view, target))
        and not (target is not None and is_itself(view, target))
    ]
    busy = [view for view in there if view not in astray and _follows(view, primary) and not view.link_up]
    syncing = tuple(view.name for view in there if view.name in in_flight or view in busy)
    if not astray:
        return Plan(syncing=syncing, unreachable=unreachable)
    blocked = _why_not(primary, target, astray, lost)
    if target is None or blocked:
        would_wipe = target is not None and blocked == _would_wipe(target, astray, lost)
        return Plan(syncing=syncing, unreachable=unreachable, blocked=blocked, would_wipe=would_wipe)
    demotions = [_demote(view, target, resume) for view in astray if view.role == "master"]
    rest = [_repoint(view, target) for view in astray if view.role != "master"]
    rest.sort(key=lambda step: step.node in last)
    slots = max(0, parallel_syncs - len(syncing))
    return Plan(
        steps=(*demotions, *rest[:slots]),
        waiting=tuple(step.node for step in rest[slots:]),
        syncing=syncing,
        unreachable=unreachable,
    )


def _answers(view: NodeView) -> bool:
    return view.reachable and not view.down and bool(view.role)


def _follows(view: NodeView, primary: str) -> bool:
    return view.role == "slave" and view.follows == primary


def _why_not(
    primary: str, target: NodeView | None, astray: Sequence[NodeView], lost: Collection[str]
) -> str | None:
    if target is None or not _answers(target):
        return f"{primary} does not answer"
    if target.role != "master":
        return f"{primary} answers as a replica"
    if target.loading:
        return f"{primary} is loading its data set"
    return _would_wipe(target, astray, lost)


def _would_wipe(target: NodeView, astray: Sequence[NodeView], lost: Collection[str]) -> str | None:
    holders = [view.name for view in astray if view.keys]
    if not target.keys and holders:
        return f"{target.name} is empty, while {', '.join(holders)} would lose data by following it"
    more = dict.fromkeys(name for history in sorted(lost) for name in more_than(target, astray, history))
    if more:
        return f"{target.name} has lost data, which {', '.join(more)} would lose by following it"
    return None


def _demote(view: NodeView, target: NodeView, resume: bool) -> Repoint:
    return Repoint(
        view.name,
        target.host,
        target.port,
        "demote",
        resume,
        target.run_id,
        view.known,
        shared_bytes(view, target),
    )


def _repoint(view: NodeView, target: NodeView) -> Repoint:
    return Repoint(
        view.name, target.host, target.port, "repoint", primary_run_id=target.run_id, known=view.known
    )
