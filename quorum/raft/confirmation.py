"""Until when what is known to be agreed on is known to have been the newest.

An entry is agreed on once a majority has stored it, and what a sentinel has stored only grows. So where each
of a majority has said that it had stored nothing newer than an entry that is agreed on, nothing newer was
agreed on until the first of them said so. Who leads with a valid lease knows that by itself: nobody else
can have anything agreed on, and whatever was before was in its entry when it was elected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from quorum.messages import EntryId
from quorum.raft.register import Register
from quorum.terms import MAX_TERM

ANYTHING: EntryId = (MAX_TERM, 0)
"""What a sentinel may have stored that has forgotten it: newer than whatever is known."""


def confirmed_at(register: Register, said: Iterable[float], majority: int, now: float) -> float:
    """-inf: it is not known at all. ``said``: until when each peer had stored nothing newer than the newest
    entry that is known to be committed here, by its own word.
    """
    # Of its own entry a sentinel knows as little as of a peer's whether a majority has it.
    is_settled = stored(register) <= register.state.committed.id
    if is_settled and register.lease_valid(now):
        return now
    times = sorted([now if is_settled else -math.inf, *said], reverse=True)
    return times[majority - 1] if len(times) >= majority else -math.inf


def stored(register: Register) -> EntryId:
    """What a sentinel tells its peers that it has stored. One that only listens may have stored more."""
    return ANYTHING if register.listening else register.state.entry.id
