"""Exponential backoff: the pause before the next attempt doubles, up to a limit."""

from __future__ import annotations


class Backoff:
    """The first ``at_once`` pauses are 0."""

    def __init__(self, first_s: float, last_s: float, at_once: int = 0) -> None:
        self._first_s = min(first_s, last_s)
        self._last_s = last_s
        self._at_once = self._left_at_once = at_once
        self._next_s = self._first_s

    def next_s(self) -> float:
        if self._left_at_once > 0:
            self._left_at_once -= 1
            return 0.0
        current = self._next_s
        self._next_s = min(2 * current, self._last_s)
        return current

    def reset(self) -> None:
        self._next_s = self._first_s
        self._left_at_once = self._at_once
