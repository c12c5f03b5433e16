"""The requests that a leader waits for: one reading of the nodes, and steps, each with its own number.

A leadership may end before its steps do. Then nothing follows them, but their results are worth knowing: if a
node did not answer, the next leadership need not begin there.
"""

from __future__ import annotations

from promotion.step_types import Step

MAX_LEFT = 64
"""Each ends by its time limit; beyond so many the oldest is forgotten."""


class UnderWay:
    def __init__(self) -> None:
        self._token = 0
        self._read_token: int | None = None
        self._steps: dict[int, Step] = {}
        self._left: dict[int, Step] = {}

    def read(self) -> int:
        """The number of a reading. It takes the place of the one before, which is not waited for any more."""
        self._read_token = self._next()
        return self._read_token

    def take(self, step: Step) -> int:
        token = self._next()
        self._steps[token] = step
        return token

    def read_over(self, token: int) -> bool:
        """Whether it is the reading that is waited for."""
        if token != self._read_token:
            return False
        self._read_token = None
        return True

    def step_over(self, token: int) -> tuple[Step | None, bool]:
        """The step, if it is known, and whether this leadership waits for it."""
        if token in self._steps:
            return self._steps.pop(token), True
        return self._left.pop(token, None), False

    def leave(self) -> None:
        """The leadership is over."""
        self._left |= self._steps
        self._steps.clear()
        self._read_token = None
        while len(self._left) > MAX_LEFT:
            del self._left[next(iter(self._left))]

    def _next(self) -> int:
        self._token += 1
        return self._token
