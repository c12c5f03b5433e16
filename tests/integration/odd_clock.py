"""A real sentinel whose clocks are not the machine's: set by hand, or gone on while the machine slept.

``CLOCK_FILE`` holds two numbers, in seconds: what is added to the wall clock, and to CLOCK_BOOTTIME. It may
be rewritten while the sentinel runs. CLOCK_MONOTONIC, which stands still in a suspend, is the machine's.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from sentinel.cli.main import main

_FILE = Path(os.environ.get("CLOCK_FILE", ""))


class OddClock:
    def __init__(self) -> None:
        self._time, self._time_ns, self._get = time.time, time.time_ns, time.clock_gettime
        self._seen_ns = -1
        self._added = (0.0, 0.0)

    def added(self) -> tuple[float, float]:
        """What the file says, read again when it was written anew."""
        changed_ns = _FILE.stat().st_mtime_ns
        if changed_ns != self._seen_ns:
            wall, boot = _FILE.read_text().split()
            self._seen_ns, self._added = changed_ns, (float(wall), float(boot))
        return self._added

    def time(self) -> float:
        return self._time() + self.added()[0]

    def time_ns(self) -> int:
        return self._time_ns() + int(self.added()[0] * 1e9)

    def clock_gettime(self, clock: int) -> float:
        return self._get(clock) + (self.added()[1] if clock == time.CLOCK_BOOTTIME else 0.0)


if __name__ == "__main__":
    odd = OddClock()
    time.time, time.time_ns, time.clock_gettime = odd.time, odd.time_ns, odd.clock_gettime
    main()
