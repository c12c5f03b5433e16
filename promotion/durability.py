"""Counts the replicas that must be seen before a promotion, so that no write acknowledged by WAIT is lost.

``WAIT n`` acknowledges a write once n replicas have it. Of R replicas, any R - n + 1 include one that has
it, and the newest of those has it for certain, since each replica's data is a prefix of one history. So a
leader cuts these off from the primary first (``Seal``), lest a write be acknowledged after it has looked,
and promotes only the newest of them. At most n - 1 replicas may fail along with the primary.

A restarted replica does not count, for it may have lost what it had acknowledged. Where all nodes were
restarted in turn, so that each waits for another as a replica, no replica would ever count again. But then
all nodes are there, and none is left that could hold more: one that holds all that any of them holds is
promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.histories import blank
from promotion.view import SEALED, NodeView, find


@dataclass(frozen=True, slots=True)
class Coverage:
    """``seen`` replicas count; ``missing`` ones do not, with the reason. ``needed`` is how many must."""

    seen: tuple[str, ...]
    missing: Mapping[str, str]
    needed: int

    def refusal(self, acknowledged_by: int) -> str | None:
        """Why nothing may be promoted; None if enough were seen."""
        if len(self.seen) >= self.needed:
            return None
        total = len(self.seen) + len(self.missing)
        why = "; ".join(f"{node}: {reason}" for node, reason in self.missing.items())
        return (
            f"durability: WAIT {acknowledged_by} may have acknowledged writes that no replica seen holds: "
            f"{len(self.seen)} of {total} replicas count, {self.needed} are needed ({why})"
        )


def coverage(
    primary: str,
    views: Sequence[NodeView],
    acknowledged_by: int,
    *,
    history: str | None = None,
    sealed_only: bool,
) -> Coverage:
    """Which replicas count towards a write that ``acknowledged_by`` replicas acknowledged.

    ``history`` is what the primary wrote before it restarted without its data, if it did.
    ``sealed_only``: a replica that could still acknowledge a write does not count.
    """
    strangers = next((view.strangers for view in views if view.name == primary), 0)
    replicas = [view for view in views if view.name != primary]
    known = history if history is not None else _history(primary, views)
    missing = {view.name: why for view in replicas if (why := _doubt(view, primary, known, sealed_only))}
    if strangers:
        missing["others"] = f"{strangers} attached that this group does not know"
    seen = tuple(view.name for view in replicas if view.name not in missing)
    needed = max(1, len(replicas) + strangers - acknowledged_by + 1)
    if len(seen) < needed and not strangers and history is None:
        best = _holds_all(primary, views, sealed_only)
        if best is not None:
            return Coverage((best,), {}, 1)
    return Coverage(seen, missing, needed)


def behind_newest(seen: Sequence[str], views: Sequence[NodeView]) -> dict[str, str]:
    """The nodes that may not be promoted, with the reason: all but the newest of ``seen`` (one history)."""
    counted = {view.name: view.offset_bytes or 0 for view in views if view.name in seen}
    newest = max(counted.values(), default=0)
    barred = {}
    for view in views:
        if view.name not in counted:
            barred[view.name] = "durability: not known to hold what WAIT acknowledged"
        elif counted[view.name] < newest:
            lag = newest - counted[view.name]
            barred[view.name] = f"durability: {lag} bytes behind, which WAIT may have acknowledged"
    return barred


def _holds_all(primary: str, views: Sequence[NodeView], sealed_only: bool) -> str | None:
    """The replica that holds all that any replica acknowledged; None unless all nodes are there.

    The primary must answer as a replica too; what it alone holds, no replica acknowledged. Each other node
    must report its offset in a history that it shares with the chosen one. A master (made by hand, or by a
    leader that died before the commit) reports the offset at which it left that history; what it took since
    then, no other node may hold.
    """
    replicas = [view for view in views if view.name != primary]
    own = find(primary, views)
    there = own is not None and own.role == "slave" and own.reachable and not own.loading
    claims = [claim for view in replicas if (claim := _acknowledged(view)) is not None]
    growing = sealed_only and any(view.follows == primary for view in replicas)
    if not there or growing or len(claims) < len(replicas):
        return None

    def holds_all(view: NodeView) -> bool:
        return all((held := view.held(history)) is not None and held >= offset for history, offset in claims)

    return next((view.name for view in replicas if view.role == "slave" and holds_all(view)), None)


def _acknowledged(view: NodeView) -> tuple[str, int] | None:
    """The history and offset up to which a replica may have acknowledged writes; None if unknown."""
    if not view.reachable or view.down or view.loading or not view.keys or blank(view):
        return None
    if view.role == "slave":
        return None if view.offset_bytes is None else (view.replid, view.offset_bytes)
    left = view.replid2 is not None and view.second_offset is not None
    return (view.replid2 or "", (view.second_offset or 0) - 1) if left else None


def _history(primary: str, views: Sequence[NodeView]) -> str | None:
    """The primary's replication id: its own; or, if it is empty, the one that its replicas agree on."""
    held = next((view for view in views if view.name == primary and view.role == "master"), None)
    if held is not None and held.keys:
        return held.replid
    ids = {view.replid for view in views if view.name != primary and view.follows in (primary, SEALED)}
    return ids.pop() if len(ids) == 1 else None


def _doubt(view: NodeView, primary: str, history: str | None, sealed_only: bool) -> str:
    checks = (
        (view.down or not view.reachable, "did not answer"),
        (view.role != "slave" or view.follows not in (primary, SEALED), f"does not replicate from {primary}"),
        # A replica that is being sent a new data set still has the old one, until it loads the new.
        (view.loading or (view.sync_in_progress and not view.keys), "holds no complete data set now"),
        (view.offset_bytes is None, "its replication offset is not known"),
        # A restarted replica may have lost what it acknowledged, until the primary has sent it all again.
        (not view.link_up and view.link_down_s is None, "was never connected since it started"),
        (view.replid != history, "its history is not the primary's"),
        (sealed_only and not view.sealed, "could not be cut off from the primary"),
    )
    return next((reason for failed, reason in checks if failed), "")
