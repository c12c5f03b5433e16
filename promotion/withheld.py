"""Pauses the writes of a replaced primary while it is unknown whether it still belongs to the group.

It was started again with data that the group never had: emptied and filled anew by the group's own clients,
or another cluster's primary that got its address. A demotion throws its data away. If it is left alone, it
acknowledges writes that are thrown away later. A pause does neither: it delays them, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.step_types import Freeze
from promotion.view import NodeView, find

HOLD_S = 5.0
"""Long enough to find out, and to elect a leader that demotes it."""


def withhold(previous: str | None, views: Sequence[NodeView]) -> Freeze | None:
    """The pause for ``previous``, the primary until just now; None if none is needed."""
    view = find(previous, views)
    if view is None or not view.undecided or view.role != "master" or not view.reachable or view.down:
        return None
    return Freeze(view.name, HOLD_S)
