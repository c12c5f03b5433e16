"""What a group's campaign knows of the other groups of the same process, which contend for its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Crowd(Protocol):
    """Seen from one group."""

    @property
    def size(self) -> int:
        """How many groups want a leader now, this one included."""
        ...

    @property
    def late_s(self) -> float:
        """How late this process acts; 0: it has time."""
        ...

    @property
    def unread_s(self) -> float:
        """By how much longer than usual what it waits for may not be read yet; not less than ``late_s``."""
        ...

    def admits(self) -> bool:
        """Whether this group may stand now. If not, it stands in line, and is woken when it may."""
        ...

    def lost_lease(self) -> None:
        """This sentinel led the group, and could not keep its lease."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """A crowd of ``size`` in which every group may stand at any time."""

    size: int
    late_s: float = 0.0
    unread_s: float = 0.0

    def admits(self) -> bool:
        return True

    def lost_lease(self) -> None:
        pass


ALONE = Always(1)
"""There is no other group."""
