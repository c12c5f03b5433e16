"""Many small jobs that come due at once, done a few in each turn of the event loop.

When a primary is lost and another one takes its place, thousands of clients want to be told. To tell all of
them in one turn would hold up what the failover still has to do, the heartbeats of its leader, and the
answers of the nodes. And what is told of its beginning helps nobody to write again: it rests in between, so
that the sentinels of a machine, and the servers, have the processor. That there is another primary is urgent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

TOGETHER = 20
"""So many take a few milliseconds."""
REST_S = 0.005

Job = Callable[[], None]


class InTurns:
    """In the order in which they come. A job must not raise."""

    def __init__(self, together: int = TOGETHER, rest_s: float = REST_S) -> None:
        self._together = together
        self._rest_s = rest_s
        self._jobs: deque[Job] = deque()
        self._urgent = 0
        """So many of them are to be done without a rest."""
        self._next: asyncio.TimerHandle | asyncio.Handle | None = None

    def add(self, jobs: Iterable[Job], *, urgent: bool = False) -> None:
        """``urgent``: they, and what waits before them, have no rest. The first are done at once, if none
        are waiting.
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
            # Behind it, lest a job that adds others find that none are waiting.
            self._jobs.popleft()
            self._urgent = max(0, self._urgent - 1)
        if self._jobs:
            loop = asyncio.get_running_loop()
            rest_s = 0.0 if self._urgent else self._rest_s
            self._next = loop.call_later(rest_s, self._do_some) if rest_s else loop.call_soon(self._do_some)


def wake(waiting: asyncio.Future[None]) -> None:
    """A job: whoever waits for it goes on, unless it has given up meanwhile."""
    if not waiting.done():
        waiting.set_result(None)
