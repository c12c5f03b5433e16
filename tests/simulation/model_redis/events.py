"""What happens next, and when. Of two actions at one instant the one that was planned earlier runs first."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Action = Callable[[], None]


class Events:
    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action]] = []
        self._planned = 0

    def at(self, when: float, action: Action) -> None:
        self._planned += 1
        heapq.heappush(self._heap, (when, self._planned, action))

    def next(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[float, Action]:
        when, _, action = heapq.heappop(self._heap)
        return when, action
