"""One sentinel's event loop, on which everything costs processor time: callbacks stand behind each other,
timers fire late, and a quota stops the whole process for a part of each period, as Linux's cfs does.

Only time is modelled: what is done, and in which order, is the production code's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sentinel.clock import STALL_S, StallWatch
from sentinel.jobs import WATCH_S
from sentinel.lateness import Lateness
from tests.simulation.schedule import Schedule

PERIOD_S = 0.1


@dataclass(slots=True)
class Quota:
    """``share`` of a processor: so much of each period, from its beginning, and then nothing."""

    share: float = 1.0
    _period: int = -1
    _used_s: float = 0.0

    def end_of(self, work_s: float, now: float) -> float:
        """When ``work_s`` of processor time, begun now, is over. It counts as used."""
        if self.share >= 1.0:
            return now + work_s
        limit_s = self.share * PERIOD_S
        while True:
            period = int(now / PERIOD_S)
            if period != self._period:
                self._period, self._used_s = period, 0.0
            left_s = limit_s - self._used_s
            if work_s <= left_s:
                self._used_s += work_s
                return now + work_s
            work_s -= max(0.0, left_s)
            self._used_s = limit_s
            now = (period + 1) * PERIOD_S + 1e-9


@dataclass(slots=True)
class Loop:
    """``on_stall`` is told of gaps, as the daemon's drivers are, before whatever comes first after one.

    ``factor``: how much slower the machine is than the one on which the costs were measured.
    """

    schedule: Schedule
    on_stall: Callable[[float], None]
    factor: float = 1.0
    quota: Quota = field(default_factory=Quota)
    busy_s: float = 0.0
    """Processor time that was used."""
    latest_s: float = 0.0
    """How long a callback has waited at most."""
    read_up_to: float = 0.0
    """All that has arrived by then has been taken in, by whoever runs now."""
    _waiting: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)
    _runs: bool = False
    _spent_s: float = 0.0
    _lateness: Lateness = field(default_factory=Lateness)
    _watch: StallWatch = field(default_factory=lambda: StallWatch(STALL_S))

    def start(self) -> None:
        self._observe()

    def now(self) -> float:
        return self.schedule.now

    def late_s(self) -> float:
        return self._lateness.late_s

    @property
    def spares(self) -> bool:
        return self._lateness.spares

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.schedule.at(delay_s, lambda: self.submit(call))

    def submit(self, call: Callable[[], None]) -> None:
        """When it is its turn."""
        self._waiting.append((self.schedule.now, call))
        if not self._runs:
            self._runs = True
            self._next(0.0)

    def spend(self, seconds: float) -> None:
        """What the callback that runs has done has cost so much on the machine of the measurements."""
        self._spent_s += seconds

    def _next(self, work_s: float) -> None:
        work_s *= self.factor
        self.busy_s += work_s
        at = self.quota.end_of(work_s, self.schedule.now)
        if not self._waiting:
            self.schedule.at(at - self.schedule.now, self._idle)
            return
        self.schedule.at(at - self.schedule.now, self._run)

    def _idle(self) -> None:
        if self._waiting:
            self._run()
        else:
            self._runs = False

    def _run(self) -> None:
        since, call = self._waiting.popleft()
        self.read_up_to = since
        self._lateness.look(since, self.schedule.now)
        self.latest_s = max(self.latest_s, self.schedule.now - since)
        self._spent_s = 0.0
        gap_s = self._watch.observe(self.schedule.now)
        if gap_s is not None:
            self.on_stall(gap_s)
        call()
        self._next(self._spent_s)

    def _observe(self) -> None:
        self.call_later(WATCH_S, self._observe)
