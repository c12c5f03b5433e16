"""Measures how many bytes of a demoted master's writes the primary does not have: they are lost."""

from __future__ import annotations

from promotion.step_types import Demoted, Repoint
from promotion.view import NodeView


def bytes_possibly_lost(demoted: Demoted, promoted: NodeView) -> int | None:
    """The upper bound of the loss in bytes (it includes replication's own traffic); None if unknown.

    A promoted replica remembers the history that it left (``master_replid2``) and the first offset that it
    did not have of it (``second_repl_offset``). The old primary's offset in that same history minus what
    was shared is what was never replicated to it. A restart gives the old primary a new history.
    """
    if promoted.replid2 is None or promoted.second_offset is None or demoted.replid != promoted.replid2:
        return None
    return max(0, demoted.offset_bytes - (promoted.second_offset - 1))


def shared_bytes(view: NodeView, primary: NodeView) -> int | None:
    """The offset up to which ``primary`` may have the data of the master ``view``; None if unknown.

    Offsets continue from one history to the next, so the number is valid in the newest one too. If the
    primary knows neither history, as after a restart, all that ``view`` wrote since it left the former one
    counts.
    """
    left = (view.replid2, view.second_offset - 1) if view.replid2 and view.second_offset is not None else None
    for history, end in ((view.replid, None), *([left] if left is not None else [])):
        held = primary.held(history)
        if held is not None:
            return held if end is None else min(held, end)
    return left[1] if left is not None else None


def thrown_away(step: Repoint, demoted: Demoted | None) -> str | None:
    """The writes that are lost with a master's demotion, in words; None if none are known."""
    if demoted is None or step.shared_bytes is None or demoted.offset_bytes <= step.shared_bytes:
        return None
    alone_bytes = demoted.offset_bytes - step.shared_bytes
    return f"at most {alone_bytes} bytes of writes that {step.node} alone had taken"
