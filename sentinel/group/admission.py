"""Limits how many elections a sentinel stands for at once, by the results of the last ones. Pure.

A leader that loses its lease before its group has a primary has worked for nothing, and so will the next one:
if there are more elections than the sentinels have time for, none ends. As in a congested network, each such
loss halves the number begun at once, each success adds one, and at least one always goes on. Each loss also
makes the crowd count for more, so that longer promises are requested and the next rank waits longer.
"""

from __future__ import annotations

AT_ONCE = 12
SLOWEST = 4
LATE = 0.5
"""A sentinel that is late by a second divides by so much more than one, lest it has to lose some first."""


class Admission:
    """Invariant: ``1 <= at_once <= AT_ONCE`` and ``1 <= slowness <= SLOWEST``."""

    def __init__(self) -> None:
        self.at_once = AT_ONCE
        self.slowness = 1

    def room(self, late_s: float) -> int:
        """The number at once, if this process is ``late_s`` late."""
        return max(1, min(self.at_once, int(AT_ONCE / (1 + LATE * late_s))))

    def lost(self) -> None:
        """A leader lost its lease, and its group still wants one."""
        self.at_once = max(1, self.at_once // 2)
        self.slowness = min(SLOWEST, 2 * self.slowness)

    def succeeded(self) -> None:
        """A leader has given its group a primary."""
        self.at_once = min(AT_ONCE, self.at_once + 1)

    def calm(self) -> None:
        """No group wants a leader: what was is over."""
        self.at_once, self.slowness = AT_ONCE, 1
