"""Looks at a lost primary once more, just before another is promoted in its place: is it back with its data?

The look happens while the intent is committed, which takes a few milliseconds. A primary that answers as a
master and has its data needs no successor: a promotion would throw away what clients write to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Action, AskAgain, Facts
from promotion.view import NodeView, find

WORTH_ASKING = frozenset({"refused", "unresolved", "silent"})
"""The causes of a failover that an answer refutes. A wiped or unusable primary answers as well."""


class SecondLook:
    """One look at the primary while the intent is committed."""

    def __init__(self) -> None:
        self._before: tuple[NodeView, ...] = ()
        self._primary: str | None = None
        self._chosen = ""

    def begin(self, chosen: str, cause: str, views: Sequence[NodeView], facts: Facts) -> list[Action]:
        """``chosen`` is to be promoted, as decided by ``views``.

        No node is asked if an answer would change nothing, for instance if an intent may have been carried
        out.
        """
        begun = facts.intent is not None
        if begun or not facts.down or cause not in WORTH_ASKING or facts.primary in (None, chosen):
            return []
        self._primary, self._chosen, self._before = facts.primary, chosen, tuple(views)
        return [AskAgain(facts.primary or "")]

    def finds_it_back(self, views: Sequence[NodeView]) -> bool:
        return self._primary is not None and is_back(self._primary, self._before, views, self._chosen)


def is_back(name: str, before: Sequence[NodeView], now: Sequence[NodeView], chosen: str) -> bool:
    """``before`` are the views by which ``chosen`` was to replace ``name``; ``now`` are the newest.

    A process that still runs has all its data. A restarted one must hold all that ``chosen`` holds, in the
    history of ``chosen``; if the two cannot be compared, ``chosen`` is the safer choice. That is so after the
    load of an append-only file, which keeps no history: an equal number of keys proves nothing, since values
    are overwritten.
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
