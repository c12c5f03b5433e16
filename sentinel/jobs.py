"""What is periodic, on APScheduler: probe rounds, INFO, gossip, link pings, the stall watch, webhook retries;
and what has a time of day: a scheduled switchover.

Nothing on the way from evidence to promotion waits for a job: each step there is triggered by the one
before it. Jobs only find out what no event tells.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from quorum.directives import Schedule
from quorum.inputs import Wake
from sentinel.driver import GroupDriver
from sentinel.group_runtime import GroupRuntime

WATCH_S = 0.1
RETRY_S = 1.0
SWEEP_S = 60.0
GIVE_BACK_S = 20.0
TLS_S = 5.0
SHARE_S = 0.25
"""A round of many is spread over its interval, in shares at least this far apart."""

T = TypeVar("T")


def make_scheduler() -> AsyncIOScheduler:
    """Jobs that come late still run, once, and never beside themselves."""
    return AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})


def every(scheduler: AsyncIOScheduler, seconds: float, name: str, job: Callable[[], None]) -> None:
    """Run ``job`` on the event loop; APScheduler would give a plain function to a thread."""

    async def run() -> None:
        job()

    scheduler.add_job(run, "interval", seconds=seconds, id=name, name=name)


def every_awaited(
    scheduler: AsyncIOScheduler, seconds: float, name: str, job: Callable[[], Awaitable[None]]
) -> None:
    async def run() -> None:
        await job()

    scheduler.add_job(run, "interval", seconds=seconds, id=name, name=name)


def watch_groups(scheduler: AsyncIOScheduler, groups: Iterable[GroupRuntime], gossip_s: float) -> None:
    """Groups with the same interval share a job, so that hundreds of groups cost a handful of timers."""
    by_ping: dict[float, list[GroupRuntime]] = defaultdict(list)
    by_info: dict[float, list[GroupRuntime]] = defaultdict(list)
    groups = list(groups)
    for group in groups:
        by_ping[group.settings.effective_ping_interval].append(group)
        by_info[group.settings.effective_info_interval].append(group)
    for seconds, some in by_ping.items():
        in_turn(scheduler, seconds, f"ping-{seconds}", some, GroupRuntime.ping)
    for seconds, some in by_info.items():
        in_turn(scheduler, seconds, f"info-{seconds}", some, GroupRuntime.request_info)
    in_turn(scheduler, gossip_s, "gossip", groups, GroupRuntime.gossip_if_due)


def wake_at_schedules(scheduler: AsyncIOScheduler, drivers: Iterable[GroupDriver]) -> None:
    """Wake each group at the time of its scheduled switchover; whether it runs is for the group to decide."""
    for driver in drivers:
        driver.on_change(_Alarm(scheduler, driver).look)


class _Alarm:
    """Follows one group's schedule, from the one that it finds at the start on."""

    def __init__(self, scheduler: AsyncIOScheduler, driver: GroupDriver) -> None:
        self._scheduler = scheduler
        self._driver = driver
        self._set_for: Schedule | None = None
        self.look()

    def look(self) -> None:
        schedule = self._driver.coordinator.directives.schedule
        if schedule is self._set_for:
            return
        name = f"switchover-{self._driver.name}"
        if self._set_for is not None and self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)
        self._set_for = schedule
        if schedule is not None:
            at = datetime.fromtimestamp(schedule.at_ms / 1000, UTC)
            self._scheduler.add_job(self._ring, "date", run_date=at, id=name, name=name)

    async def _ring(self) -> None:
        self._driver.feed(Wake())


def in_turn(
    scheduler: AsyncIOScheduler, seconds: float, name: str, items: Sequence[T], call: Callable[[T], None]
) -> None:
    """``call`` each item every so many ``seconds``, a share of them at a time.

    All at once, hundreds of nodes would answer in one burst, behind which what is urgent had to wait.
    """
    shares = max(1, min(len(items), int(seconds / SHARE_S)))
    turns = itertools.cycle([items[share::shares] for share in range(shares)])

    def take_turn() -> None:
        for item in next(turns):
            call(item)

    every(scheduler, seconds / shares, name, take_turn)
