"""Limits how far a term may jump: terms are counted for years, and must not run out.

A term comes from outside: with each message of a peer, and from the fence in the data set, which any client
may write. A sentinel that is behind adopts a higher term (Raft section 5.1). So one absurd number would move
all sentinels to the last term, and no leader could be elected ever again. A sentinel that was away for years
is not 2^32 elections behind: a single peer that shows a term further above ours is wrong.
"""

from __future__ import annotations

from collections.abc import Collection

from quorum.errors import AbsurdTermError
from quorum.votes import majority

MAX_JUMP = 2**32
"""A term is believed up to this distance above the own one."""
MAX_TERM = 2**62 - 1
"""The last term that can be sent to a peer: no sentinel stands for election above it."""


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
        """The peers that show a term which is not believed of one peer alone."""

    def check(self, peer: str, term: int, ours: int) -> None:
        """Raises AbsurdTermError for what ``peer`` says, if it is not to be believed."""
        if not is_absurd(term, ours):
            self._ahead.pop(peer, None)
            return
        self._ahead[peer] = term
        shown = sorted(self._ahead.values(), reverse=True)
        if len(shown) < self._needed or is_absurd(term, shown[self._needed - 1]):
            raise AbsurdTermError(peer, term, ours)
