"""One sentinel's event loop, on which everything costs processor time: callbacks stand behind each other,
timers fire late, and a quota stops the whole process for a part of each period, as Linux's cfs does.

Only time is modelled: what is done, and in which order, is the production code's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sentinel.jobs import WATCH_S
from sentinel.process.clock import STALL_S, StallWatch
from sentinel.process.event_loop import A_TURN
from sentinel.process.lateness import Lateness
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
    _urgent: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)
    _others: dict[object, deque[tuple[float, Callable[[], None]]]] = field(default_factory=dict)
    """By the connection on which it came."""
    _turn: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)
    """What is left of the turn that goes on."""
    _runs: bool = False
    _spent_s: float = 0.0
    _longest_s: float = 0.0
    _looked_s: float = 0.0
    _lateness: Lateness = field(default_factory=Lateness)
    _unread: Lateness = field(default_factory=Lateness)
    _watch: StallWatch = field(default_factory=lambda: StallWatch(STALL_S))

    def start(self) -> None:
        self._observe()

    def now(self) -> float:
        return self.schedule.now

    def late_s(self) -> float:
        return self._lateness.late_s

    def unread_s(self) -> float:
        return self._unread.late_s

    @property
    def spares(self) -> bool:
        return self._unread.spares

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.schedule.at(delay_s, lambda: self.submit(call))

    def submit(self, call: Callable[[], None], can_wait: object = None) -> None:
        """When it is its turn. ``can_wait``: the connection on which it came, if that is one that can."""
        queue = self._urgent if can_wait is None else self._others.setdefault(can_wait, deque())
        queue.append((self.schedule.now, call))
        if not self._runs:
            self._runs = True
            self._next(0.0)

    def spend(self, seconds: float) -> None:
        """What the callback that runs has done has cost so much on the machine of the measurements."""
        self._spent_s += seconds

    def look(self) -> None:
        """As before each input of a group: the process is seen to go on, so what follows is another gap."""
        self._longest_s = max(self._longest_s, self._spent_s - self._looked_s)
        self._looked_s = self._spent_s

    def _next(self, work_s: float) -> None:
        work_s *= self.factor
        self.busy_s += work_s
        at = self.quota.end_of(work_s, self.schedule.now)
        if work_s:
            self.look()
            # The last look is taken to have been that long before the end, at the same pace.
            self._watch.observe(at - (at - self.schedule.now) * self._longest_s * self.factor / work_s)
        if not self._is_wanted:
            self.schedule.at(at - self.schedule.now, self._idle)
            return
        self.schedule.at(at - self.schedule.now, self._run)

    @property
    def _is_wanted(self) -> bool:
        return bool(self._turn or self._urgent or self._others)

    def _take(self) -> Callable[[], None]:
        """As the daemon's selector hands them out."""
        now = self.schedule.now
        if not self._turn:
            looked_at = self._urgent[0][0] if self._urgent else now
            self._lateness.look(looked_at, now)
            self.read_up_to = min([looked_at, *(queue[0][0] for queue in self._others.values())])
            self._unread.look(self.read_up_to, now)
            self._turn.extend(self._urgent)
            self._urgent.clear()
            for connection in [*self._others][:A_TURN]:
                self._turn.extend(self._others.pop(connection))
        since, call = self._turn.popleft()
        self.latest_s = max(self.latest_s, now - since)
        return call

    def _idle(self) -> None:
        if self._is_wanted:
            self._run()
        else:
            self._runs = False

    def _run(self) -> None:
        call = self._take()
        self._spent_s = self._longest_s = self._looked_s = 0.0
        gap_s = self._watch.observe(self.schedule.now)
        if gap_s is not None:
            self.on_stall(gap_s)
        call()
        self._next(self._spent_s)

    def _observe(self) -> None:
        self.call_later(WATCH_S, self._observe)
