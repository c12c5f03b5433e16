"""Orders replication histories by age. Redis counts an offset within one history (``master_replid``):
offsets of two different histories cannot be compared.

A primary begins a new history when it is promoted and when it restarts; its replicas are in it once they
have synchronised with it. A node that holds only the former history lacks all that was written since, however
high its offset is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from promotion.view import SEALED, NodeView, find

RECENT_S = 2.0
"""Redis gives ``master_link_down_since`` in whole seconds, and nodes are asked at different moments."""
FEWER_KEYS = 0.5
"""A history with fewer keys than this share of the largest replica's began with a loss."""


@dataclass(frozen=True, slots=True)
class Histories:
    """``order`` has the newest history first. ``primarys`` is the primary's last known one; None: unknown."""

    order: tuple[str, ...] = ()
    primarys: str | None = None
    left: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each history: the one that it continues, and the offset up to which they are the same."""

    @property
    def newest(self) -> str | None:
        return self.order[0] if self.order else None

    @property
    def reference(self) -> str | None:
        """The history that a lag is measured in: the primary's, even if no replica has any of it."""
        return self.primarys if self.primarys is not None and self.primarys not in self.order else self.newest

    def place(self, view: NodeView) -> int:
        """0 for a node in the newest history, 1 for the next, and so on."""
        return self.order.index(view.replid) if view.replid in self.order else len(self.order)

    def position(self, view: NodeView) -> int | None:
        """The offset of its data in the ``reference`` history; None if unknown."""
        if view.replid == self.reference:
            return view.offset_bytes
        history, bound = self.reference, math.inf
        for _ in self.left:
            history, end = self.left.get(history or "", (None, 0))
            bound = min(bound, end)
            if history is not None and history == view.replid and view.offset_bytes is not None:
                return min(view.offset_bytes, int(bound))
        return None

    def is_across(self, view: NodeView) -> bool:
        """Whether its data cannot be compared with the newest history, so that its loss is unknown."""
        if self.primarys is not None:
            return view.held(self.primarys) is None
        known = {view.replid, *self._before(view.replid)}
        return any(history not in known for history in self.order)

    def _before(self, history: str) -> tuple[str, ...]:
        """The histories that ``history`` continues, the newest first."""
        found: list[str] = []
        while history in self.left and self.left[history][0] not in found:
            history = self.left[history][0]
            found.append(history)
        return tuple(found)


def blank(view: NodeView) -> bool:
    """A replica that has not been linked since its process started, and took no history from its disk.

    Its replication id is a fresh one that nobody else has.
    """
    unlinked = view.role == "slave" and not view.link_up and view.link_down_s is None
    return unlinked and (view.offset_bytes or 0) <= 1


def histories(primary: str, views: Sequence[NodeView], known: str | None, lost: Collection[str]) -> Histories:
    """The histories of ``primary`` by the reports of it and its replicas.

    ``known`` is its newest history as this sentinel remembers it; ``lost`` are histories that it is known to
    have lost in a restart.
    """
    own = find(primary, views)
    wrote = own is not None and own.role == "master" and not own.loading and not lost
    primarys = own.replid if own is not None and wrote else known
    groups: dict[str, list[NodeView]] = {}
    for view in views:
        if view.name != primary and _tells(view, primary):
            groups.setdefault(view.replid, []).append(view)
    left = {
        view.replid: (view.replid2, view.second_offset - 1)
        for view in views
        if view.replid2 is not None and view.second_offset is not None and not blank(view)
    }
    most = max((view.keys for group in groups.values() for view in group), default=0)

    def worth(history: str) -> tuple[bool, float, bool, int, str]:
        """The sort key: the replica that heard from the primary last is in the primary's newest history.

        Within the same second a replica that still looks for the primary goes before one that was cut off.
        """
        group = groups[history]
        few = max(view.keys for view in group) < FEWER_KEYS * most
        cut_off = all(view.sealed for view in group)
        return few, min(_unheard_s(view) for view in group), cut_off, -len(group), history

    order = sorted(groups, key=worth)
    first = next((history for history in (primarys, known) if history in groups), None)
    if first is not None:
        few, unheard_s, *_ = worth(order[0])
        # The primary restarted unseen, and another replica has heard from it since.
        passed = not lost and not few and unheard_s + RECENT_S < worth(first)[1]
        if passed:
            primarys = None
        else:
            order.remove(first)
            order.insert(0, first)
    return Histories(_continued(order, left), primarys, left)


def _continued(order: list[str], left: dict[str, tuple[str, int]]) -> tuple[str, ...]:
    """A history that continues another one is newer than that, whatever else speaks for the older."""
    for _ in range(len(order)):
        newer = next((h for h in order[1:] if left.get(h, ("", 0))[0] == order[0]), None)
        if newer is None:
            break
        order.remove(newer)
        order.insert(0, newer)
    return tuple(order)


def _tells(view: NodeView, primary: str) -> bool:
    follows = view.role == "slave" and view.follows in (primary, SEALED)
    usable = view.reachable and not view.down and not view.loading
    return follows and usable and view.offset_bytes is not None and not blank(view)


def _unheard_s(view: NodeView) -> float:
    if view.link_up:
        return 0.0
    return math.inf if view.link_down_s is None else view.link_down_s


def more_than(view: NodeView, others: Sequence[NodeView], history: str) -> tuple[str, ...]:
    """The names of those of ``others`` that are known to hold more of ``history`` than ``view``."""
    has = view.held(history)
    return tuple(
        other.name
        for other in others
        if other.name != view.name
        and other.keys
        and not other.loading
        and (held := other.held(history)) is not None
        and (has is None or has < held)
    )
