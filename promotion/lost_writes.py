"""How many bytes of writes an old primary took that the new one does not have."""

from __future__ import annotations

from promotion.step_types import Demoted
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
