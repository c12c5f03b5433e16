"""Counting votes: pending, won or lost. A majority is of the members, present or not."""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Protocol


class Outcome(enum.Enum):
    PENDING = "pending"
    WON = "won"
    LOST = "lost"


def majority(member_count: int) -> int:
    """The smallest number of members of which any two groups share one."""
    return member_count // 2 + 1


class Electorate(Protocol):
    """The members that elect (``Membership``)."""

    @property
    def everybody(self) -> frozenset[str]: ...

    def elects(self, ids: Collection[str]) -> bool: ...


class Tally:
    """One election's votes. The first answer of a member counts; strangers do not. ``own``: the candidate."""

    def __init__(self, members: Electorate, own: str | None = None) -> None:
        self._members = members
        self._votes: dict[str, bool] = {}
        if own is not None:
            self.record(own, granted=True)

    def record(self, member: str, granted: bool) -> None:
        if member in self._members.everybody:
            self._votes.setdefault(member, granted)

    @property
    def outcome(self) -> Outcome:
        """Lost as soon as the members yet to answer could no longer make a majority."""
        if self._members.elects({member for member, granted in self._votes.items() if granted}):
            return Outcome.WON
        refused = {member for member, granted in self._votes.items() if not granted}
        if not self._members.elects(self._members.everybody - refused):
            return Outcome.LOST
        return Outcome.PENDING
