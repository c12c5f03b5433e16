"""Which replicas must be seen before one is promoted, so that no write that WAIT acknowledged is lost.

``WAIT n`` acknowledges a write once n replicas have it. Of R replicas, any R - n + 1 include one that has
it, and the newest of those has it for certain, since each replica's data is a prefix of one history. So a
leader cuts these off from the primary first (``Seal``), lest a write be acknowledged after it has looked,
and promotes none but the newest of them. At most n - 1 replicas may fail along with the primary.

Who restarted does not vouch, for it may have lost what it had acknowledged. Where all nodes were restarted in
turn, so that each of them waits for another as a replica, nobody would vouch ever again. But then all are
there, and nobody is left who could hold more: one that holds all that any replica holds is promoted.
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
    """Who can vouch for what ``acknowledged_by`` replicas acknowledged.

    ``history`` is what the primary wrote before it restarted without its data, if it did.
    ``sealed_only``: those that could still acknowledge a write do not count.
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
    """Who may not be promoted, with the reason: all but the newest ``seen``, who share a history."""
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
    """Who holds whatever any replica acknowledged, where no node is missing and the primary is a replica too.

    Each has to say how far its data goes in a history that it shares with that one; a master by hand, or by a
    leader that never came to agree on it, how far it went before. What it took since then nobody else has, or
    that one is no match. The primary, which takes no writes, need not say: what it alone holds, nobody
    acknowledged.
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
    """Up to where, in which history, a replica may have acknowledged anything; None if that is not known."""
    if not view.reachable or view.down or view.loading or not view.keys or blank(view):
        return None
    if view.role == "slave":
        return None if view.offset_bytes is None else (view.replid, view.offset_bytes)
    left = view.replid2 is not None and view.second_offset is not None
    return (view.replid2 or "", (view.second_offset or 0) - 1) if left else None


def _history(primary: str, views: Sequence[NodeView]) -> str | None:
    """The primary's replication id: as it said itself; or if it is empty, what its replicas agree on."""
    held = next((view for view in views if view.name == primary and view.role == "master"), None)
    if held is not None and held.keys:
        return held.replid
    said = {view.replid for view in views if view.name != primary and view.follows in (primary, SEALED)}
    return said.pop() if len(said) == 1 else None


def _doubt(view: NodeView, primary: str, history: str | None, sealed_only: bool) -> str:
    checks = (
        (view.down or not view.reachable, "did not answer"),
        (view.role != "slave" or view.follows not in (primary, SEALED), f"does not replicate from {primary}"),
        # One that is being sent a new data set still has the old one, until it loads the new.
        (view.loading or (view.sync_in_progress and not view.keys), "holds no complete data set now"),
        (view.offset_bytes is None, "its replication offset is not known"),
        # A replica that restarted may have lost what it had acknowledged, until it has heard it all again.
        (not view.link_up and view.link_down_s is None, "was never connected since it started"),
        (view.replid != history, "its history is not the primary's"),
        (sealed_only and not view.sealed, "could not be cut off from the primary"),
    )
    return next((reason for failed, reason in checks if failed), "")
