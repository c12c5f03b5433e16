"""Counting votes: pending, won or lost. A majority is of the configured members, present or not."""

from __future__ import annotations

import enum
from collections.abc import Collection


class Outcome(enum.Enum):
    PENDING = "pending"
    WON = "won"
    LOST = "lost"


def majority(member_count: int) -> int:
    """The smallest number of members of which any two groups share one."""
    return member_count // 2 + 1


class Tally:
    """One election's votes. The first answer of a member counts; strangers do not. ``own``: the candidate."""

    def __init__(self, members: Collection[str], own: str | None = None) -> None:
        self._members = frozenset(members)
        self._votes: dict[str, bool] = {}
        if own is not None:
            self.record(own, granted=True)

    def record(self, member: str, granted: bool) -> None:
        if member in self._members:
            self._votes.setdefault(member, granted)

    @property
    def outcome(self) -> Outcome:
        """Lost as soon as the members yet to answer could no longer make a majority."""
        needed = majority(len(self._members))
        granted = sum(self._votes.values())
        if granted >= needed:
            return Outcome.WON
        if granted + len(self._members) - len(self._votes) < needed:
            return Outcome.LOST
        return Outcome.PENDING
