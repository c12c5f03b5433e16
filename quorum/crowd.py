"""What a group's campaign knows of the other groups of the same process, which contend for its time."""

from __future__ import annotations

from typing import Protocol


class Crowd(Protocol):
    """Seen from one group."""

    @property
    def size(self) -> int:
        """How many groups want a leader now, this one included."""
        ...

    def admits(self) -> bool:
        """Whether this group may stand now. If not, it stands in line, and is woken when it may."""
        ...


class Alone:
    """There is no other group."""

    size = 1

    def admits(self) -> bool:
        return True
