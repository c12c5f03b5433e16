"""Whether a primary that was given up is back with its data, just before another is promoted in its place.

Committing the intent takes a few milliseconds, in which the primary is asked once more. One that answers as a
master, and has what it had, needs no successor: to promote one would throw away what clients write to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Action, AskAgain, Facts
from promotion.view import NodeView, find

WORTH_ASKING = frozenset({"refused", "unresolved", "silent"})
"""The causes of a failover that an answer refutes. One that is wiped or unusable answers as well."""


class SecondLook:
    """At the primary, once, while the intent is committed."""

    def __init__(self) -> None:
        self._before: tuple[NodeView, ...] = ()
        self._primary: str | None = None
        self._chosen = ""

    def begin(self, chosen: str, cause: str, views: Sequence[NodeView], facts: Facts) -> list[Action]:
        """``chosen`` is to be promoted, by what ``views`` show.

        Nobody is asked where an answer would change nothing, as where an intent may have been carried out.
        """
        begun = facts.intent is not None
        if begun or not facts.down or cause not in WORTH_ASKING or facts.primary in (None, chosen):
            return []
        self._primary, self._chosen, self._before = facts.primary, chosen, tuple(views)
        return [AskAgain(facts.primary or "")]

    def finds_it_back(self, views: Sequence[NodeView]) -> bool:
        return self._primary is not None and is_back(self._primary, self._before, views, self._chosen)


def is_back(name: str, before: Sequence[NodeView], now: Sequence[NodeView], chosen: str) -> bool:
    """``before`` are the views by which ``chosen`` is to take the place of ``name``, ``now`` the newest.

    The same process has all that it had. One that was restarted must have all that the chosen one has, in the
    history of that; where the two cannot be compared, the chosen one is the surer choice. So it is where
    it loaded an append-only file, which keeps no history: as many keys prove nothing, for values are
    written over.
    """
    old, back = find(name, before), find(name, now)
    if back is None or not back.reachable or back.down or back.loading or back.role != "master":
        return False
    if old is not None and old.run_id and old.run_id == back.run_id:
        return True
    successor = find(chosen, before)
    if successor is None or successor.offset_bytes is None:
        return False
    held = back.held(successor.replid)
    return held is not None and held >= successor.offset_bytes
