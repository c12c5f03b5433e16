"""Computes until when the committed entry is known to have been the newest.

An entry is committed once a majority has stored it, and the stored entry of a sentinel only grows. So if each
of a majority has reported that it had stored nothing newer than a committed entry, nothing newer was
committed until the first of these reports. A leader with a valid lease knows that by itself: no other can
commit anything, and every earlier commit was in its entry when it was elected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from quorum.messages import EntryId
from quorum.raft.register import Register
from quorum.terms import MAX_TERM

ANYTHING: EntryId = (MAX_TERM, 0)
"""Stands for the entry of a sentinel that has forgotten it: newer than any known one."""


def confirmed_at(register: Register, said: Iterable[float], majority: int, now: float) -> float:
    """-inf: unknown. ``said``: for each peer, the time until which it had stored nothing newer than the
    newest entry known as committed here, by its own report.
    """
    # A sentinel does not know whether a majority has its own entry, just as with a peer's.
    is_settled = stored(register) <= register.state.committed.id
    if is_settled and register.lease_valid(now):
        return now
    times = sorted([now if is_settled else -math.inf, *said], reverse=True)
    return times[majority - 1] if len(times) >= majority else -math.inf


def stored(register: Register) -> EntryId:
    """What a sentinel tells its peers that it has stored. One that only listens may have stored more."""
    return ANYTHING if register.listening else register.state.entry.id
