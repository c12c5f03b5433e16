"""Periodic jobs go by the monotonic clock, times of day by the wall clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from sentinel.process import clock, scheduler
from sentinel.process.event_loop import OneClockLoop
from sentinel.process.scheduler import Scheduler


@pytest.fixture
def jobs() -> Iterator[Scheduler]:
    jobs = Scheduler()
    yield jobs
    jobs.shutdown()


async def times(event: asyncio.Event, count: int) -> None:
    async with asyncio.timeout(20):
        for _ in range(count):
            await event.wait()
            event.clear()


async def test_a_wall_clock_that_is_set_back_holds_up_no_job(
    jobs: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = asyncio.Event()
    jobs.every(0.02, "job", ran.set)
    jobs.start()
    await times(ran, 1)
    monkeypatch.setattr(clock, "wall_ms", lambda: 0)
    await times(ran, 2)


async def test_a_job_that_fails_is_told_and_run_again(
    jobs: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    ran = asyncio.Event()

    def job() -> None:
        ran.set()
        raise ValueError("of the test")

    async def awaited() -> None:
        job()

    jobs.every(0.02, "plain", job)
    jobs.start()
    await times(ran, 2)
    jobs.cancel("plain")
    jobs.every(0.02, "awaited", awaited)
    await times(ran, 2)
    assert {record.getMessage() for record in caplog.records if record.levelno == logging.ERROR} == {
        "job plain failed",
        "job awaited failed",
    }


async def test_a_job_never_runs_beside_itself(jobs: Scheduler) -> None:
    running, most, ran = 0, 0, asyncio.Event()
    gate = asyncio.Event()

    async def job() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        ran.set()
        await gate.wait()
        running -= 1

    other = asyncio.Event()
    jobs.every(0.01, "slow", job)
    jobs.every(0.01, "other", other.set)
    jobs.start()
    await times(ran, 1)
    await times(other, 5)
    assert most == 1
    gate.set()
    await times(ran, 1)
    assert most == 1


async def test_what_was_missed_is_run_once(jobs: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a suspend of the machine."""
    ran, count, ahead_s, now = asyncio.Event(), 0, 0.0, clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: now() + ahead_s)

    def job() -> None:
        nonlocal count
        count += 1
        ran.set()

    jobs.every(0.05, "job", job)
    jobs.start()
    await times(ran, 1)
    ahead_s, before = 3600.0, count
    await times(ran, 2)
    assert count - before == 2


async def test_an_alarm_follows_the_wall_clock(jobs: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    rung, wall_ms = asyncio.Event(), 1_000_000
    monkeypatch.setattr(clock, "wall_ms", lambda: wall_ms)
    monkeypatch.setattr(scheduler, "ALARM_S", 0.01)
    jobs.at(1_000_000 + 3_600_000, "alarm", rung.set)
    jobs.start()
    assert list(jobs.get_jobs()) == ["alarm"]
    wall_ms += 3_600_000
    await times(rung, 1)
    assert list(jobs.get_jobs()) == []


def test_the_event_loops_clock_is_the_one_that_leases_are_judged_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a job that was due in a suspend of the machine, which that clock counts, is due at its end."""
    with asyncio.Runner(loop_factory=OneClockLoop) as runner:

        async def due() -> float:
            loop, fired = asyncio.get_running_loop(), asyncio.Event()
            loop.call_later(3600.0, fired.set)
            now = clock.monotonic
            monkeypatch.setattr(clock, "monotonic", lambda: now() + 3600.0)
            loop.call_soon(lambda: None)
            async with asyncio.timeout(20):
                await fired.wait()
            return loop.time()

        assert runner.run(due()) > 3600.0
