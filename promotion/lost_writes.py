"""How many bytes of writes a master took that the primary does not have, and that end with its role."""

from __future__ import annotations

from promotion.step_types import Demoted, Repoint
from promotion.view import NodeView


def bytes_possibly_lost(demoted: Demoted, promoted: NodeView) -> int | None:
    """An upper bound: replication's own traffic counts too. None if the histories cannot be compared.

    A promoted replica remembers the history that it left (``master_replid2``) and the first offset that it
    did not have of it (``second_repl_offset``). The old primary's offset in that same history minus what
    was shared is what was never replicated to it. A restart gives the old primary a new history.
    """
    if promoted.replid2 is None or promoted.second_offset is None or demoted.replid != promoted.replid2:
        return None
    return max(0, demoted.offset_bytes - (promoted.second_offset - 1))


def shared_bytes(view: NodeView, primary: NodeView) -> int | None:
    """Up to which offset ``primary`` may have what the master ``view`` has; None if nothing tells.

    Offsets go on where a history is left for another, so that it counts in the newest one too. Where the
    primary tells nothing of either, as after a restart, what ``view`` wrote since it left the former counts.
    """
    left = (view.replid2, view.second_offset - 1) if view.replid2 and view.second_offset is not None else None
    for history, end in ((view.replid, None), *([left] if left is not None else [])):
        held = primary.held(history)
        if held is not None:
            return held if end is None else min(held, end)
    return left[1] if left is not None else None


def thrown_away(step: Repoint, demoted: Demoted | None) -> str | None:
    """What ends with the role of a master that is demoted, in words; None if nothing is known to."""
    if demoted is None or step.shared_bytes is None or demoted.offset_bytes <= step.shared_bytes:
        return None
    alone_bytes = demoted.offset_bytes - step.shared_bytes
    return f"at most {alone_bytes} bytes of writes that {step.node} alone had taken"
