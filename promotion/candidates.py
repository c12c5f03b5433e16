"""Ranks the replicas for a promotion: filters, then an order, and a reason for each that is not chosen.

The order is Redis Sentinel's (``sentinel.c``, ``compareSlavesForPromotion``): lower priority number, then
the newest replication offset, then the smaller run id. Vedette adds five rules:

* A replica of the newest history goes before all others. A priority chooses among copies that differ by
  their lag; a copy of a former history lacks all that was written since, which no offset bounds.
* A replica that would take writes as a primary goes before one that would refuse them.
* A priority chooses among copies that differ by little: a replica more than ``REACH_BYTES`` behind another
  goes after it, whatever its priority. The limit is Patroni's ``maximum_lag_on_failover``.
* Of equal data the older server version goes first: a newer server can read what an older one sends, but
  an older replica cannot follow a newer primary.
* A replica in the old primary's zone goes first, before the run ids are compared.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from promotion.histories import Histories, histories
from promotion.view import SEALED, NodeView, find

REACH_BYTES = 1024 * 1024
"""How far behind the newest replica another may be and still go before it by its priority."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How fresh a replica must be."""

    max_link_down_s: float
    max_age_s: float
    max_lag_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rank`` counts from 1 among the eligible. ``reason`` says why it is not the one, or that it is."""

    node: str
    eligible: bool
    rank: int | None
    reason: str
    priority: int
    offset_bytes: int | None
    lag_bytes: int | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The verdicts: the eligible nodes, best first, then the rejected ones."""

    verdicts: tuple[Verdict, ...]
    chosen: str | None
    decided: bool = False
    """An operator named a node that no rule would choose: no rule is applied to it any more."""
    refusal: str | None = None
    """In a forecast: why nobody would be promoted, although some nodes are eligible."""
    may_have_lost: str | None = None
    """What the chosen node lacks, in words, where it cannot be given in bytes."""

    def why_nobody(self, requested: str | None) -> str:
        """Why no node is chosen: what is wrong with the ``requested`` node, if an operator named one."""
        reasons = (f"{v.node}: {v.reason}" for v in self.verdicts if v.node == requested)
        return next(reasons, "no eligible replica")


def rank(
    primary: str,
    views: Sequence[NodeView],
    policy: Policy,
    *,
    history: str | None = None,
    lost: Collection[str] = (),
    zone: str | None = None,
    requested: str | None = None,
    avoid: Mapping[str, str] | None = None,
    barred: Mapping[str, str] | None = None,
) -> Ranking:
    """Rank every node but ``primary``. The lag is measured from the primary's last known offset.

    ``history`` is the newest history that the primary is known to have written; ``lost`` are the histories
    that it is known to have lost. If ``requested`` is given, only that node may be chosen. ``avoid`` rejects
    nodes whose promotion failed, ``barred`` nodes that a rule of the group forbids, both with the reason.
    """
    found = histories(primary, views, history, lost)
    nodes = [view for view in views if view.name != primary]
    held = find(primary, views)
    lags = _Lags(found, [view for view in nodes if _in_history(view, primary)], held)
    rejected: dict[str, str] = {}
    for view in nodes:
        reason = (avoid or {}).get(view.name, "")
        reason = f"its promotion failed a moment ago: {reason}" if reason else ""
        reason = reason or (barred or {}).get(view.name, "")
        reason = reason or _rejection(view, primary, policy, lags.of(view))
        if requested is not None and view.name != requested:
            reason = reason or f"not the requested candidate {requested}"
        if reason:
            rejected[view.name] = reason
    eligible = [view for view in nodes if view.name not in rejected]
    for view in eligible:
        if not view.keys and any(other.keys for other in eligible):
            rejected[view.name] = "holds no data, while another replica does"
        elif not view.keys and held is not None and held.keys and _behind(view, held):
            rejected[view.name] = f"holds no data, while {primary} did when it was last seen"
    eligible = [view for view in eligible if view.name not in rejected]
    order = _Order(found, zone, eligible)
    eligible.sort(key=order.key)
    verdicts = [
        _verdict(view, place, _also_refuses(view, order.why(view, eligible[0])), lags.of(view))
        for place, view in enumerate(eligible, start=1)
    ]
    verdicts.extend(
        _verdict(view, None, rejected[view.name], lags.of(view))
        for view in sorted(nodes, key=lambda v: v.name)
        if view.name in rejected
    )
    if not eligible:
        return Ranking(tuple(verdicts), None)
    lacks = _lacks(primary, eligible[0], found)
    return Ranking(tuple(verdicts), eligible[0].name, may_have_lost=lacks)


def _rejection(view: NodeView, primary: str, policy: Policy, lag_bytes: int | None) -> str:
    """The first filter that ``view`` does not pass, in words; empty if it passes all."""
    # Redis goes on counting from when it last heard its primary, also where a leader cut it off since.
    down_s = 0.0 if view.link_up else view.link_down_s
    checks = (
        (bool(view.hands_off), view.hands_off),
        (not view.role, "has not answered yet"),
        (view.down, "subjectively down"),
        (not view.reachable, "did not answer INFO when it was asked"),
        (view.age_s > policy.max_age_s, f"last seen {view.age_s:.1f} s ago"),
        (view.loading, "loading its data set"),
        (bool(view.barred), view.barred),
        (view.role == "master", "is a master"),
        (view.follows not in (primary, SEALED), f"does not replicate from {primary} but from {view.follows}"),
        (view.priority == 0, "priority 0: never to be promoted"),
        (view.sync_in_progress and not view.keys, "in its first full sync, holds no data yet"),
        (view.offset_bytes is None, "its replication offset is not known"),
        # Without a limit the replica and the primary are compared by what they hold.
        (
            down_s is None and math.isfinite(policy.max_link_down_s),
            "was never connected to the primary since it started",
        ),
        (
            down_s is not None and down_s > policy.max_link_down_s,
            f"its link to the primary has been down for {down_s} s, more than {policy.max_link_down_s:.1f} s",
        ),
        (policy.max_lag_bytes is not None and lag_bytes is None, "its lag is not known"),
        (
            policy.max_lag_bytes is not None and lag_bytes is not None and lag_bytes > policy.max_lag_bytes,
            f"lags {lag_bytes} bytes behind, more than {policy.max_lag_bytes}",
        ),
    )
    return next((reason for failed, reason in checks if failed), "")


def _in_history(view: NodeView, primary: str) -> bool:
    return view.role == "slave" and view.follows in (primary, SEALED)


def _behind(view: NodeView, primary: NodeView) -> bool:
    """Whether ``view`` lacks something of the primary. FLUSHALL empties a replica that lacks nothing."""
    held = view.held(primary.replid)
    return held is None or held < (primary.offset_bytes or 0)


def _lacks(primary: str, view: NodeView, found: Histories) -> str | None:
    if not found.is_across(view):
        return None
    if found.primarys is None:
        return f"what others hold: the history of {view.name} is another, and is only thought to be the newer"
    return f"all that {primary} wrote in its history {found.primarys[:8]}, which {view.name} does not hold"


class _Lags:
    """Bytes behind the newest offset that is known in the newest history, the primary's own included."""

    def __init__(self, found: Histories, replicas: Sequence[NodeView], primary: NodeView | None) -> None:
        self._found = found
        along, known = found.reference, [*replicas, *([primary] if primary is not None else [])]
        offsets = [view.held(along) for view in known if along is not None]
        self._reference = max((offset for offset in offsets if offset is not None), default=None)

    def of(self, view: NodeView) -> int | None:
        position = self._found.position(view)
        return None if self._reference is None or position is None else max(0, self._reference - position)


class _Order:
    def __init__(self, found: Histories, zone: str | None, eligible: Sequence[NodeView]) -> None:
        self._found = found
        self._zone = zone
        self._newest: dict[int, int] = {}
        for view in eligible:
            place = found.place(view)
            self._newest[place] = max(view.offset_bytes or 0, self._newest.get(place, 0))

    def key(self, view: NodeView) -> tuple[object, ...]:
        place, offset_bytes = self._found.place(view), view.offset_bytes or 0
        refuses = bool(view.would_refuse)
        far, outside = self._far_behind(view), self._outside(view)
        return (place, refuses, far, view.priority, -offset_bytes, view.version, outside, view.run_id)

    def why(self, view: NodeView, best: NodeView) -> str:
        if view.name == best.name:
            return (
                "the best candidate"
                if not self._found.is_across(view)
                else "the best there is, of another history"
            )
        if self._found.place(view) != self._found.place(best):
            return f"its data is of another history than {best.name}'s, which is newer"
        if view.would_refuse and not best.would_refuse:
            return view.would_refuse
        behind = (best.offset_bytes or 0) - (view.offset_bytes or 0)
        if self._far_behind(view) and not self._far_behind(best):
            return f"offset is {behind} bytes behind {best.name}, too far for a priority to count"
        if view.priority != best.priority:
            return f"priority {view.priority}, {best.name} has {best.priority}"
        if behind:
            return f"offset is {behind} bytes behind {best.name}"
        if view.version != best.version:
            return f"its version {_dotted(view)} is newer than that of {best.name}, which could not follow it"
        if self._outside(view) != self._outside(best):
            return f"not in zone {self._zone}, as {best.name} is"
        return f"equal to {best.name} but for the run id"

    def _far_behind(self, view: NodeView) -> bool:
        return self._newest[self._found.place(view)] - (view.offset_bytes or 0) > REACH_BYTES

    def _outside(self, view: NodeView) -> bool:
        return self._zone is None or view.zone != self._zone


def _dotted(view: NodeView) -> str:
    product, numbers = view.version
    return f"{product} {'.'.join(map(str, numbers))}".strip()


def _also_refuses(view: NodeView, reason: str) -> str:
    return f"{reason}; {view.would_refuse}" if view.would_refuse not in ("", reason) else reason


def _verdict(view: NodeView, place: int | None, reason: str, lag_bytes: int | None) -> Verdict:
    return Verdict(view.name, place is not None, place, reason, view.priority, view.offset_bytes, lag_bytes)
