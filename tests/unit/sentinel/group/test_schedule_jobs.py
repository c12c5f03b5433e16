"""A group is woken when its scheduled switchover is due, whether that was known from the start or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from quorum.directives import Directives, Schedule
from sentinel import jobs
from sentinel.group.driver import GroupDriver
from sentinel.process import clock
from sentinel.process.scheduler import Scheduler

PLANNED = Schedule("op-1", 0, None, 0, 2_000)


@dataclass
class FakeDriver:
    """Has what operators have told the group."""

    directives: Directives = field(default_factory=Directives)
    name: str = "g"
    fed: list[object] = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    look: Callable[[], None] = lambda: None

    def on_change(self, callback: Callable[[], None]) -> None:
        self.look = callback

    def feed(self, given: object) -> None:
        self.fed.append(given)
        self.woken.set()


def follow(driver: FakeDriver) -> Scheduler:
    scheduler = Scheduler()
    as_driver: GroupDriver = driver  # type: ignore[assignment]
    jobs.wake_at_schedules(scheduler, [as_driver])
    scheduler.start()
    return scheduler


def plan(driver: FakeDriver, operation: str, in_ms: int) -> None:
    schedule = replace(PLANNED, operation=operation, at_ms=clock.wall_ms() + in_ms)
    driver.directives = Directives(schedule=schedule)
    driver.look()


async def test_one_that_was_missed_while_no_sentinel_ran_wakes_it_at_once() -> None:
    driver = FakeDriver(Directives(schedule=PLANNED))
    scheduler = follow(driver)
    async with asyncio.timeout(20):
        await driver.woken.wait()
    scheduler.shutdown()


async def test_a_new_one_takes_the_place_of_one_that_was_cancelled() -> None:
    driver = FakeDriver()
    scheduler = follow(driver)
    plan(driver, "op-1", 3_600_000)
    driver.directives = Directives()
    driver.look()
    assert not scheduler.get_jobs()
    plan(driver, "op-2", 3_600_000)
    plan(driver, "op-3", 30)
    async with asyncio.timeout(20):
        await driver.woken.wait()
    assert len(driver.fed) == 1
    driver.directives = Directives()
    driver.look()
    scheduler.shutdown()
