"""INFOs that events ask for, a few at a time: what a hundred groups ask for at once would hold up elections.

Reading an INFO is the dearest thing that a sentinel does. What a leader waits for does not come this way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sentinel.probes import Probe

AT_ONCE = 6
PAUSE_S = 0.015
LINKS_AT_ONCE = 32
LINKS_PAUSE_S = 0.01
"""A replica's word of its link costs a tenth of an INFO, and the judgement of its primary waits for it."""


class InfoPace:
    """The first few are asked at once, the others as soon as there is room, in the order of asking."""

    def __init__(
        self,
        ask: Callable[[Probe], None] = lambda probe: probe.request_info(),
        at_once: int = AT_ONCE,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._ask = ask
        self._at_once = at_once
        self._pause_s = pause_s
        self._waiting: dict[Probe, None] = {}
        self._room = at_once
        self._timer: asyncio.TimerHandle | None = None

    def request(self, probe: Probe) -> None:
        self._waiting[probe] = None
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._room > 0:
            probe = next(iter(self._waiting))
            del self._waiting[probe]
            self._room -= 1
            self._ask(probe)
        if self._timer is None and self._room < self._at_once:
            self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._room = self._at_once
        self._serve()


def link_pace() -> InfoPace:
    """The same for the replicas' word of their links."""
    return InfoPace(lambda probe: probe.request_link(), LINKS_AT_ONCE, LINKS_PAUSE_S)
