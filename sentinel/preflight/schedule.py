"""Schedules the preflights of this sentinel's groups, and keeps the newest report of each.

Each group is checked soon after the start, soon after its primary changed, and then at its interval. A group
with problems is also checked soon after anything that is watched of its nodes changed: a node, a link or a
role may have recovered. One preflight begins at a time, so that hundreds of groups are spread out. None
begins while a group's primary is down or being changed: the nodes are busy then, and the answers would report
what is known already.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Gauge

from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.refuted import Nodes, is_refuted
from sentinel.preflight.report import Report, found_anew, of_severity
from sentinel.preflight.rules import find_problems
from sentinel.process import clock

logger = logging.getLogger(__name__)

TICK_S = 1.0
START_S = 2.0
"""The delay after the start: discovered nodes are known by then."""
SETTLE_S = 3.0
"""The delay after a change of primary, while the other nodes are still being re-pointed, and after a node
recovered."""
AGAIN_S = 2.0
"""Whoever asks for a check gets none sooner after the last one: it opens connections to all nodes."""
JITTER = 0.1
"""The share of the interval that varies, so that sentinels do not ask at the same time for ever."""


class TooSoonError(Exception):
    """The group was checked a moment ago."""


class NotCheckedError(Exception):
    """A check that was asked for could not be made, and why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The preflight of one group. ``interval_s`` None: never by itself."""

    interval_s: float | None
    gather: Callable[[], Awaitable[GroupFacts]]
    is_calm: Callable[[], bool]
    """Whether no change of primary is under way or due."""
    watched: Callable[[], Nodes]
    """The nodes as the probes see them now."""


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
        self._looked_at: dict[str, float] = {}
        self._nodes: dict[str, Nodes] = {}
        """What was watched when the problems were last compared with it."""
        self._touched: set[str] = set()
        self._running: asyncio.Task[bool] | None = None
        self._looks_at = ""
        """The group of ``_running``."""
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

    def touch(self, group: str) -> None:
        """Something may have changed in the group; call it as often as you like."""
        self._touched.add(group)

    def tick(self, now: float) -> None:
        """Drop what is refuted, and begin the preflight that has been due for longest, unless one is under
        way."""
        for name in self._touched:
            self._compare(name, now)
        self._touched.clear()
        if self._under_way() is not None:
            return
        due = [name for name, at in self._due.items() if at <= now and self._groups[name].is_calm()]
        if due:
            self._begin(min(due, key=self._due.__getitem__), now)

    async def check(self, name: str) -> Report:
        """Look at a group now, after the preflight that is under way, or share that one if it is the group's.
        Raises TooSoonError and NotCheckedError.
        """
        shares = self._under_way() is not None and self._looks_at == name
        if not shares and clock.monotonic() - self._looked_at.get(name, -math.inf) < AGAIN_S:
            raise TooSoonError
        while (running := self._under_way()) is not None and self._looks_at != name:
            await asyncio.wait([running])
        if running is None:
            if not self._groups[name].is_calm():
                raise NotCheckedError("its primary is down or being changed")
            running = self._begin(name, clock.monotonic())
        await asyncio.wait([running])
        if not running.result():
            raise NotCheckedError("the check did not come to an end; this sentinel's log may say why")
        return self.report(name)

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _under_way(self) -> asyncio.Task[bool] | None:
        return self._running if self._running is not None and not self._running.done() else None

    def _begin(self, name: str, now: float) -> asyncio.Task[bool]:
        interval_s = self._groups[name].interval_s
        if interval_s is not None:
            self._due[name] = now + interval_s * self._rng.uniform(1 - JITTER, 1 + JITTER)
        self._looked_at[name], self._looks_at = now, name
        self._running = asyncio.create_task(self._run(name), name=f"preflight {name}")
        return self._running

    async def _run(self, name: str) -> bool:
        """Whether there is a new report."""
        group = self._groups[name]
        # From before it looks: what changes meanwhile may refute what it finds.
        nodes = group.watched()
        try:
            facts = await group.gather()
            problems = find_problems(facts)
        except Exception:
            # A preflight is only advice: its failure must not stop the sentinel.
            logger.exception("the preflight of %s failed", name)
            return False
        if not group.is_calm():
            # A change of primary began meanwhile, which the facts may show half done.
            self._look_soon(name, clock.monotonic())
            return False
        report = found_anew(self.report(name), problems, clock.wall_ms())
        self._log_new(name, report)
        self._nodes[name] = nodes
        self._touched.add(name)
        self._keep(name, report)
        self._on_facts(name, facts)
        return True

    def _compare(self, name: str, now: float) -> None:
        """A group without problems costs nothing."""
        report = self.report(name)
        if not report.problems or name not in self._nodes:
            return
        before, nodes = self._nodes[name], self._groups[name].watched()
        if nodes == before:
            return
        self._nodes[name] = nodes
        self._look_soon(name, now)
        refuted = [problem for problem in report.problems if is_refuted(problem, before, nodes)]
        if refuted:
            self._keep(name, report.without(refuted))

    def _look_soon(self, name: str, now: float) -> None:
        if name in self._due:
            self._due[name] = min(self._due[name], now + SETTLE_S)

    def _keep(self, name: str, report: Report) -> None:
        self._reports[name] = report
        for severity, count in of_severity(report).items():
            self._gauge.labels(name, severity).set(count)

    def _log_new(self, name: str, report: Report) -> None:
        """Log each problem once, not at every preflight."""
        known = {(problem.node, problem.code) for problem in self.report(name).problems}
        for problem in report.problems:
            if (problem.node, problem.code) not in known:
                level = logging.WARNING if problem.severity == "error" else logging.INFO
                where = f"{problem.node} " if problem.node else ""
                logger.log(level, "%s: preflight: %s%s. %s", name, where, problem.problem, problem.advice)
