"""Limits the rate of INFOs that events ask for: those of a hundred groups at once would delay elections.

Reading an INFO is the most expensive action of a sentinel. A leader's own reads do not come this way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from sentinel.nodes.probe import Probe
from sentinel.process.loop_time import EventLoopTime, LoopTime

T = TypeVar("T")

AT_ONCE = 6
PAUSE_S = 0.015
LINKS_AT_ONCE = 32
LINKS_PAUSE_S = 0.01
"""A replica's report of its link costs a tenth of an INFO, and the judgement of its primary waits for it."""


LATE_PAUSES = 8
"""A late process pauses longer by this factor of its lateness in seconds."""
LONGEST_PAUSE_S = 0.3
"""The limit, so that nothing waits for ever: some hundred INFOs are sent after 2 s."""


class Pace(Generic[T]):
    """The first few requests are sent at once, the others in order, as soon as there is room.

    Room comes more slowly while the process is late, because these requests can wait.
    """

    def __init__(
        self,
        ask: Callable[[T], None],
        at_once: int = AT_ONCE,
        pause_s: float = PAUSE_S,
        time: LoopTime | None = None,
    ) -> None:
        self._ask = ask
        self._at_once = at_once
        self._pause_s = pause_s
        self._time = time or EventLoopTime()
        self._waiting: dict[T, None] = {}
        self._room = at_once
        self._armed = False

    def request(self, probe: T) -> None:
        self._waiting[probe] = None
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._room > 0:
            probe = next(iter(self._waiting))
            del self._waiting[probe]
            self._room -= 1
            self._ask(probe)
        if not self._armed and self._room < self._at_once:
            self._armed = True
            pause_s = self._pause_s * (1 + LATE_PAUSES * self._time.late_s())
            self._time.call_later(min(pause_s, LONGEST_PAUSE_S), self._on_timer)

    def _on_timer(self) -> None:
        self._armed = False
        self._room = self._at_once
        self._serve()


InfoPace: TypeAlias = Pace[Probe]


def info_pace() -> InfoPace:
    return Pace(lambda probe: probe.request_info())


def link_pace() -> InfoPace:
    """The pace for the replicas' reports of their links."""
    return Pace(lambda probe: probe.request_link(), LINKS_AT_ONCE, LINKS_PAUSE_S)
