"""How far a term may jump. Terms are counted, and whatever counts on them for years must not run out.

A term comes from outside: with each message of a peer, and from the fence in the data set, which any client
may write. Who is behind adopts what it sees (Raft section 5.1), so one absurd number would move all
sentinels to the end of the numbers, and nobody could be elected ever again. A sentinel that was away for
years is not 2^32 elections behind: whoever shows a term further above ours than that is wrong.
"""

from __future__ import annotations

from quorum.errors import AbsurdTermError

MAX_JUMP = 2**32
"""How far above the own term another may be that is believed."""
MAX_TERM = 2**62 - 1
"""The last one that can be told to a peer: nobody stands for election above it."""


def is_absurd(term: int, ours: int) -> bool:
    """Whether no correct sentinel can have come to ``term`` while this one is in ``ours``."""
    return term > ours + MAX_JUMP


def believe(peer: str, term: int, ours: int) -> None:
    """Raises AbsurdTermError for what ``peer`` says, if no correct one can have come to that."""
    if is_absurd(term, ours):
        raise AbsurdTermError(peer, term, ours)
