"""Holding the writes of an old primary of which it is not known yet whose it is.

It was started again with data that the group never had: emptied and filled anew by the group's own clients,
or another cluster's primary that got its address. To demote it throws its data away. To leave it alone lets
it acknowledge writes that are thrown away later. A pause does neither: it delays them, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.step_types import Freeze
from promotion.view import NodeView, find

HOLD_S = 5.0
"""Until it is known, and a leader is elected that demotes it."""


def withhold(previous: str | None, views: Sequence[NodeView]) -> Freeze | None:
    """``previous`` was the primary until just now: whoever else it may be, nobody of ours writes there."""
    view = find(previous, views)
    if view is None or not view.undecided or view.role != "master" or not view.reachable or view.down:
        return None
    return Freeze(view.name, HOLD_S)
