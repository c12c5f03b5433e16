"""INFOs that events ask for, a few at a time: what a hundred groups ask for at once would hold up elections.

Reading an INFO is the dearest thing that a sentinel does. What a leader waits for does not come this way.
"""

from __future__ import annotations

import asyncio

from sentinel.probes import Probe

AT_ONCE = 6
PAUSE_S = 0.015


class InfoPace:
    """The first few are asked at once, the others as soon as there is room, in the order of asking."""

    def __init__(self) -> None:
        self._waiting: dict[Probe, None] = {}
        self._room = AT_ONCE
        self._timer: asyncio.TimerHandle | None = None

    def request(self, probe: Probe) -> None:
        self._waiting[probe] = None
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._room > 0:
            probe = next(iter(self._waiting))
            del self._waiting[probe]
            self._room -= 1
            probe.request_info()
        if self._timer is None and self._room < AT_ONCE:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._room = AT_ONCE
        self._serve()
