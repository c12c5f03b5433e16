"""The load that a group's campaign has to consider: other groups that elect at once, and this process's
lateness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Crowd(Protocol):
    """Seen from one group."""

    @property
    def size(self) -> int:
        """The number of groups that want a leader now, including this one."""
        ...

    @property
    def late_s(self) -> float:
        """How late this process acts, in seconds; 0: it has time."""
        ...

    @property
    def unread_s(self) -> float:
        """The seconds by which answers may be read later than usual; at least ``late_s``."""
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
