"""The periodic jobs: probe rounds, INFO, gossip, link pings, the stall watch, webhook retries; and scheduled
switchovers, which are due at a time of day.

Nothing on the way from evidence to promotion waits for a job: each step there is triggered by the one before
it. Jobs only find what no event reports.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from quorum.directives import Schedule
from quorum.inputs import Wake
from sentinel.group.driver import GroupDriver
from sentinel.group.runtime import GroupRuntime
from sentinel.process.scheduler import Scheduler

WATCH_S = 0.1
RETRY_S = 1.0
FILES_S = 2.0
SWEEP_S = 60.0
GIVE_BACK_S = 20.0
TLS_S = 5.0
SHARE_S = 0.25
"""A round of many is spread over its interval, in shares at least this far apart."""

T = TypeVar("T")


def watch_groups(scheduler: Scheduler, groups: Iterable[GroupRuntime], gossip_s: float) -> None:
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


def wake_at_schedules(scheduler: Scheduler, drivers: Iterable[GroupDriver]) -> None:
    """Wake each group at the time of its scheduled switchover; whether it runs is for the group to decide."""
    for driver in drivers:
        driver.on_change(_Alarm(scheduler, driver).look)


class _Alarm:
    """Follows one group's schedule, from the one that it finds at the start on."""

    def __init__(self, scheduler: Scheduler, driver: GroupDriver) -> None:
        self._scheduler = scheduler
        self._driver = driver
        self._set_for: Schedule | None = None
        self.look()

    def look(self) -> None:
        schedule = self._driver.directives.schedule
        if schedule is self._set_for:
            return
        name = f"switchover-{self._driver.name}"
        self._scheduler.cancel(name)
        self._set_for = schedule
        if schedule is not None:
            self._scheduler.at(schedule.at_ms, name, self._ring)

    def _ring(self) -> None:
        self._driver.feed(Wake())


def in_turn(
    scheduler: Scheduler, seconds: float, name: str, items: Sequence[T], call: Callable[[T], None]
) -> None:
    """``call`` each item every so many ``seconds``, a share of them at a time.

    All at once, hundreds of nodes would answer in one burst, and urgent work would have to wait behind it.
    """
    shares = max(1, min(len(items), int(seconds / SHARE_S)))
    turns = itertools.cycle([items[share::shares] for share in range(shares)])

    def take_turn() -> None:
        for item in next(turns):
            call(item)

    scheduler.every(seconds / shares, name, take_turn)
