"""Runs many small jobs that become due at once: a few in each turn of the event loop.

When a primary is lost and replaced, thousands of clients wait for the news. Sending it to all of them in one
turn would delay the rest of the failover, the heartbeats of its leader, and the answers of the nodes. News of
a failover's beginning helps nobody to write again: such jobs rest in between, so that the sentinels and
servers of a machine have the processor. News of another primary is urgent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

TOGETHER = 20
"""How many jobs run in a turn: they take a few milliseconds."""
REST_S = 0.005

Job = Callable[[], None]


class InTurns:
    """Runs jobs in the order in which they are added. A job must not raise."""

    def __init__(self, together: int = TOGETHER, rest_s: float = REST_S) -> None:
        self._together = together
        self._rest_s = rest_s
        self._jobs: deque[Job] = deque()
        self._urgent = 0
        """How many of the jobs run without a rest."""
        self._next: asyncio.TimerHandle | asyncio.Handle | None = None

    def add(self, jobs: Iterable[Job], *, urgent: bool = False) -> None:
        """``urgent``: there is no rest before these jobs, nor before those that wait already. If none wait,
        the first jobs run at once.
        """
        was_idle = not self._jobs
        self._jobs.extend(jobs)
        if urgent:
            self._urgent = len(self._jobs)
        if was_idle:
            self._do_some()
        elif urgent and self._next is not None:
            self._next.cancel()
            self._next = asyncio.get_running_loop().call_soon(self._do_some)

    def _do_some(self) -> None:
        self._next = None
        for _ in range(min(self._together, len(self._jobs))):
            self._jobs[0]()
            # Removed afterwards: a job that adds others must not find an empty queue.
            self._jobs.popleft()
            self._urgent = max(0, self._urgent - 1)
        if self._jobs:
            loop = asyncio.get_running_loop()
            rest_s = 0.0 if self._urgent else self._rest_s
            self._next = loop.call_later(rest_s, self._do_some) if rest_s else loop.call_soon(self._do_some)


def wake(waiting: asyncio.Future[None]) -> None:
    """A job that resolves a future, unless its waiter has given up."""
    if not waiting.done():
        waiting.set_result(None)
