"""Schedules the preflights of this sentinel's groups, and keeps the newest report of each.

Each group is checked soon after the start, soon after its primary changed, and then at its interval. One
preflight begins at a time, so that hundreds of groups are spread out. None begins while a group's primary is
down or being changed: the nodes are busy then, and the answers would report what is known already.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Gauge

from sentinel.preflight.facts import SEVERITIES, GroupFacts, Problem
from sentinel.preflight.rules import find_problems
from sentinel.process import clock

logger = logging.getLogger(__name__)

TICK_S = 1.0
START_S = 2.0
"""The delay after the start: discovered nodes are known by then."""
SETTLE_S = 3.0
"""The delay after a change of primary, while the other nodes are still being re-pointed."""
JITTER = 0.1
"""The share of the interval that varies, so that sentinels do not ask at the same time for ever."""


@dataclass(frozen=True, slots=True)
class Report:
    """``at_ms`` is wall-clock time, None before the first preflight."""

    at_ms: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """The preflight of one group. ``interval_s`` None: never."""

    interval_s: float | None
    gather: Callable[[], Awaitable[GroupFacts]]
    is_calm: Callable[[], bool]
    """Whether no change of primary is under way or due."""


class Preflights:
    """Call ``tick`` every TICK_S, on the event loop. ``found`` counts the problems by group and severity;
    ``on_facts`` gets the facts of each preflight."""

    def __init__(
        self,
        rng: random.Random,
        found: Gauge,
        *,
        on_facts: Callable[[str, GroupFacts], None] = lambda _group, _facts: None,
    ) -> None:
        self._on_facts = on_facts
        self._groups: dict[str, Checked] = {}
        self._rng = rng
        self._due: dict[str, float] = {}
        self._reports: dict[str, Report] = {}
        self._running: asyncio.Task[None] | None = None
        self._gauge = found

    def watch(self, name: str, group: Checked, now: float) -> None:
        """Schedule the group's preflights, the first one START_S after now."""
        self._groups[name] = group
        if group.interval_s is not None:
            self._due[name] = now + START_S

    def report(self, group: str) -> Report:
        return self._reports.get(group, Report())

    def primary_changed(self, group: str, now: float) -> None:
        if group in self._due:
            self._due[group] = now + SETTLE_S

    def tick(self, now: float) -> None:
        """Begin the preflight that has been due for longest, unless one is under way."""
        if self._running is not None and not self._running.done():
            return
        due = [name for name, at in self._due.items() if at <= now and self._groups[name].is_calm()]
        if due:
            name = min(due, key=self._due.__getitem__)
            interval_s = self._groups[name].interval_s or 0.0
            self._due[name] = now + interval_s * self._rng.uniform(1 - JITTER, 1 + JITTER)
            self._running = asyncio.create_task(self._run(name), name=f"preflight {name}")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, name: str) -> None:
        group = self._groups[name]
        try:
            facts = await group.gather()
            problems = find_problems(facts)
        except Exception:
            # A preflight is only advice: its failure must not stop the sentinel.
            logger.exception("the preflight of %s failed", name)
            return
        if not group.is_calm():
            # A change of primary began meanwhile, which the facts may show half done.
            self._due[name] = min(self._due[name], clock.monotonic() + SETTLE_S)
            return
        self._log_new(name, problems)
        self._reports[name] = Report(clock.wall_ms(), problems)
        self._on_facts(name, facts)
        for severity in SEVERITIES:
            count = sum(problem.severity == severity for problem in problems)
            self._gauge.labels(name, severity).set(count)

    def _log_new(self, name: str, problems: tuple[Problem, ...]) -> None:
        """Log each problem once, not at every preflight."""
        known = {(problem.node, problem.code) for problem in self.report(name).problems}
        for problem in problems:
            if (problem.node, problem.code) not in known:
                level = logging.WARNING if problem.severity == "error" else logging.INFO
                where = f"{problem.node} " if problem.node else ""
                logger.log(level, "%s: preflight: %s%s. %s", name, where, problem.problem, problem.advice)
