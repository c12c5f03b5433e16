"""Runs jobs that nobody awaits: each is referenced while it runs, and its error is reported at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class Background:
    """``on_error`` gets the exception that a job raised; a cancellation is no error."""

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    async def finish(self) -> None:
        """Wait for all jobs that were started until now."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.finish()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)
