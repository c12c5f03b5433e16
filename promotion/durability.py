"""Which replicas must be seen before one is promoted, so that no write that WAIT acknowledged is lost.

``WAIT n`` acknowledges a write once n replicas have it. Of R replicas, any R - n + 1 include one that has
it, and the newest of those has it for certain, since each replica's data is a prefix of one history. So a
leader cuts these off from the primary first (``Seal``), lest a write be acknowledged after it has looked,
and promotes none but the newest of them. At most n - 1 replicas may fail along with the primary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.view import SEALED, NodeView


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
    return Coverage(seen, missing, max(1, len(replicas) + strangers - acknowledged_by + 1))


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
