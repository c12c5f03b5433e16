"""An event loop by the clock that leases, links and detectors are judged by.

asyncio's own is CLOCK_MONOTONIC, which stands still while the machine is suspended: its timers would come
late by the length of the suspend, and what they guard would be found over only then. With one clock, whatever
was due in a suspend is due at its end.
"""

from __future__ import annotations

import asyncio

from sentinel import clock


class OneClockLoop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return clock.monotonic()
