"""Runs jobs on the event loop: periodically, or at a time of day.

Intervals use the monotonic clock. With the wall clock, setting it back by an hour would stop all pings, and
with them the sentinel's contact with its peers, for an hour. A time of day needs the wall clock, which is
checked again every second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable

from sentinel.process import clock
from sentinel.process.background import Background

logger = logging.getLogger(__name__)

ALARM_S = 1.0

Job = Callable[[], "Coroutine[None, None, None] | None"]


class _Periodic:
    """A late job runs once for all the times that it missed, and never twice at the same time."""

    def __init__(self, name: str, seconds: float, job: Job) -> None:
        self.name = name
        self._seconds = seconds
        self._job = job
        self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._background = Background(self._failed)

    def start(self) -> None:
        self._due_at = clock.monotonic() + self._seconds
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _arm(self) -> None:
        left_s = max(0.0, self._due_at - clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(left_s, self._on_timer)

    def _on_timer(self) -> None:
        now = clock.monotonic()
        if now >= self._due_at:
            self._due_at += self._seconds
            if self._due_at <= now:
                self._due_at = now + self._seconds
            self._run()
        if self._timer is not None:
            self._arm()

    def _run(self) -> None:
        if self._busy:
            return
        try:
            began = self._job()
        except Exception:
            logger.exception("job %s failed", self.name)
            return
        if began is not None:
            self._busy = True
            self._background.start(self._follow(began))

    async def _follow(self, began: Coroutine[None, None, None]) -> None:
        try:
            await began
        finally:
            self._busy = False

    def _failed(self, error: BaseException) -> None:
        logger.error("job %s failed", self.name, exc_info=error)


class _Alarm:
    def __init__(self, at_ms: int, ring: Callable[[], None]) -> None:
        self._at_ms = at_ms
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        left_s = max(0.0, (self._at_ms - clock.wall_ms()) / 1000)
        self._timer = asyncio.get_running_loop().call_later(min(left_s, ALARM_S), self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        if clock.wall_ms() < self._at_ms:
            self.start()
        else:
            self._ring()


class Scheduler:
    """Jobs begin with ``start``; the first run comes after the interval."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Periodic | _Alarm] = {}
        self._started = False

    def every(self, seconds: float, name: str, job: Job) -> None:
        self._add(name, _Periodic(name, seconds, job))

    def at(self, at_ms: int, name: str, ring: Callable[[], None]) -> None:
        """Call ``ring`` once the wall clock shows ``at_ms``; it replaces an earlier job of that name."""
        self.cancel(name)

        def rung() -> None:
            self._jobs.pop(name, None)
            ring()

        self._add(name, _Alarm(at_ms, rung))

    def cancel(self, name: str) -> None:
        job = self._jobs.pop(name, None)
        if job is not None:
            job.stop()

    def get_jobs(self) -> Iterable[str]:
        return tuple(self._jobs)

    def start(self) -> None:
        self._started = True
        for job in self._jobs.values():
            job.start()

    def shutdown(self) -> None:
        """Start no more jobs; running ones go on."""
        self._started = False
        for job in self._jobs.values():
            job.stop()

    def _add(self, name: str, job: _Periodic | _Alarm) -> None:
        self._jobs[name] = job
        if self._started:
            job.start()
