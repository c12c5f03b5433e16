"""What is periodic, on APScheduler: probe rounds, INFO, gossip, link pings, the stall watch, webhook retries.

Nothing on the way from evidence to promotion waits for a job: each step there is triggered by the one
before it. Jobs only find out what no event tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from sentinel.group_runtime import GroupRuntime

WATCH_S = 0.1
RETRY_S = 1.0
SWEEP_S = 60.0


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
        by_info[group.settings.info_interval].append(group)
    for seconds, some in by_ping.items():
        every(scheduler, seconds, f"ping-{seconds}", partial(_each, some, GroupRuntime.ping))
    for seconds, some in by_info.items():
        every(scheduler, seconds, f"info-{seconds}", partial(_each, some, GroupRuntime.request_info))
    every(scheduler, gossip_s, "gossip", partial(_each, groups, partial(GroupRuntime.gossip, only_due=True)))


def _each(groups: Iterable[GroupRuntime], call: Callable[[GroupRuntime], None]) -> None:
    for group in groups:
        call(group)
