"""How far a term may jump. Terms are counted, and whatever counts on them for years must not run out.

A term comes from outside: with each message of a peer, and from the fence in the data set, which any client
may write. Who is behind adopts what it sees (Raft section 5.1), so one absurd number would move all
sentinels to the end of the numbers, and nobody could be elected ever again. A sentinel that was away for
years is not 2^32 elections behind: whoever alone shows a term further above ours than that is wrong.
"""

from __future__ import annotations

from collections.abc import Collection

from quorum.errors import AbsurdTermError
from quorum.votes import majority

MAX_JUMP = 2**32
"""How far above the own term another may be that is believed."""
MAX_TERM = 2**62 - 1
"""The last one that can be told to a peer: nobody stands for election above it."""


def is_absurd(term: int, ours: int) -> bool:
    """Whether no correct sentinel can have come to ``term`` while this one is in ``ours``."""
    return term > ours + MAX_JUMP


class Believed:
    """What is believed of the terms that peers show: as far as one may jump, or a majority of all has come.

    A sentinel that was away while a client moved the others on, jump by jump, would else be left behind for
    good. A majority is not spoiled by chance.
    """

    def __init__(self, members: Collection[str]) -> None:
        self._needed = majority(len(members))
        self._ahead: dict[str, int] = {}
        """Who shows a term that one peer alone is not believed, newest word."""

    def check(self, peer: str, term: int, ours: int) -> None:
        """Raises AbsurdTermError for what ``peer`` says, if it is not to be believed."""
        if not is_absurd(term, ours):
            self._ahead.pop(peer, None)
            return
        self._ahead[peer] = term
        shown = sorted(self._ahead.values(), reverse=True)
        if len(shown) < self._needed or is_absurd(term, shown[self._needed - 1]):
            raise AbsurdTermError(peer, term, ours)
