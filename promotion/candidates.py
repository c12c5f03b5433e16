"""Which replica a failover promotes: filters first, then an order, and a reason for each that is not chosen.

The order is Redis Sentinel's (``sentinel.c``, ``compareSlavesForPromotion``): lower priority number, then
the newest replication offset, then the smaller run id; before the run id a replica in the old primary's
zone is preferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.view import SEALED, NodeView


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
    """The eligible, best first, then the rejected."""

    verdicts: tuple[Verdict, ...]
    chosen: str | None
    decided: bool = False
    """A person named a node that no rule would take: nothing that the rules ask for stands in the way."""
    refusal: str | None = None
    """In a forecast: why nobody would be promoted, whoever is eligible."""


def rank(
    primary: str,
    views: Sequence[NodeView],
    policy: Policy,
    *,
    reference_offset_bytes: int | None = None,
    zone: str | None = None,
    requested: str | None = None,
    avoid: Mapping[str, str] | None = None,
    barred: Mapping[str, str] | None = None,
) -> Ranking:
    """Rank every node but ``primary``. The last known offset of the primary is the reference for the lag.

    Only ``requested`` may be chosen if it is given. ``avoid`` rejects nodes whose promotion failed,
    ``barred`` those that a rule of the group forbids, both with the reason.
    """
    nodes = [view for view in views if view.name != primary]
    offsets = [view.offset_bytes for view in nodes if _in_history(view, primary)]
    if reference_offset_bytes is not None:
        offsets.append(reference_offset_bytes)
    reference = max((offset for offset in offsets if offset is not None), default=None)
    rejected: dict[str, str] = {}
    for view in nodes:
        reason = (avoid or {}).get(view.name, "")
        reason = f"its promotion failed a moment ago: {reason}" if reason else ""
        reason = reason or (barred or {}).get(view.name, "")
        reason = reason or _rejection(view, primary, policy, _lag(view, reference))
        if requested is not None and view.name != requested:
            reason = reason or f"not the requested candidate {requested}"
        if reason:
            rejected[view.name] = reason
    eligible = [view for view in nodes if view.name not in rejected]
    held = next((view for view in views if view.name == primary), None)
    for view in eligible:
        if not view.keys and any(other.keys for other in eligible):
            rejected[view.name] = "holds no data, while another replica does"
        elif not view.keys and held is not None and held.keys and _behind(view, held):
            rejected[view.name] = f"holds no data, while {primary} did when it was last seen"
    eligible = sorted((v for v in eligible if v.name not in rejected), key=lambda v: _order(v, zone))
    verdicts = [
        _verdict(view, place, _why(view, eligible[0], zone), _lag(view, reference))
        for place, view in enumerate(eligible, start=1)
    ]
    verdicts.extend(
        _verdict(view, None, rejected[view.name], _lag(view, reference))
        for view in sorted(nodes, key=lambda v: v.name)
        if view.name in rejected
    )
    return Ranking(tuple(verdicts), eligible[0].name if eligible else None)


def _rejection(view: NodeView, primary: str, policy: Policy, lag_bytes: int | None) -> str:
    """The first filter that ``view`` does not pass, in words; empty if it passes all."""
    # Whoever was cut off by a leader had passed this before, and hears nobody since then by our own doing.
    down_s = view.link_down_s if not (view.link_up or view.sealed) else 0.0
    checks = (
        (bool(view.hands_off), view.hands_off),
        (not view.role, "has not answered yet"),
        (view.down, "subjectively down"),
        (not view.reachable, "did not answer when it was asked"),
        (view.age_s > policy.max_age_s, f"last seen {view.age_s:.1f} s ago"),
        (view.loading, "loading its data set"),
        (bool(view.barred), view.barred),
        (view.role == "master", "is a master"),
        (view.follows not in (primary, SEALED), f"does not replicate from {primary} but from {view.follows}"),
        (view.priority == 0, "priority 0: never to be promoted"),
        (view.sync_in_progress and not view.keys, "in its first full sync, holds no data yet"),
        (view.offset_bytes is None, "its replication offset is not known"),
        (down_s is None, "was never connected to the primary since it started"),
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
    """Not so a replica that has all that the primary was seen to have: it was emptied by FLUSHALL."""
    return (view.offset_bytes or 0) < (primary.offset_bytes or 0)


def _lag(view: NodeView, reference: int | None) -> int | None:
    if reference is None or view.offset_bytes is None:
        return None
    return max(0, reference - view.offset_bytes)


def _order(view: NodeView, zone: str | None) -> tuple[int, int, bool, str]:
    in_zone = zone is not None and view.zone == zone
    return (view.priority, -(view.offset_bytes or 0), not in_zone, view.run_id)


def _why(view: NodeView, best: NodeView, zone: str | None) -> str:
    if view.name == best.name:
        return "the best candidate"
    if view.priority != best.priority:
        return f"priority {view.priority}, {best.name} has {best.priority}"
    behind = (best.offset_bytes or 0) - (view.offset_bytes or 0)
    if behind:
        return f"offset is {behind} bytes behind {best.name}"
    if _order(view, zone)[2] != _order(best, zone)[2]:
        return f"not in zone {zone}, as {best.name} is"
    return f"equal to {best.name} but for the run id"


def _verdict(view: NodeView, place: int | None, reason: str, lag_bytes: int | None) -> Verdict:
    return Verdict(view.name, place is not None, place, reason, view.priority, view.offset_bytes, lag_bytes)
