"""How long to wait before trying again what could not be done: doubling, with a limit."""

from __future__ import annotations


class Backoff:
    def __init__(self, first_s: float, last_s: float) -> None:
        self._first_s = min(first_s, last_s)
        self._last_s = last_s
        self._next_s = self._first_s

    def next_s(self) -> float:
        current = self._next_s
        self._next_s = min(2 * current, self._last_s)
        return current

    def reset(self) -> None:
        self._next_s = self._first_s
