"""A client of the group: it asks the sentinels for the primary, and writes until it is refused or cut off."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from itertools import pairwise

from tests.chaos.wire import ReplyError, Wire
from tests.wild.systems import System

TIMEOUT_S = 1.0
PAUSE_S = 0.01
RETRY_S = 0.02
KEY = "written:"


class Writer:
    """Numbered writes, some eighty a second. It remembers which were acknowledged, and when.

    ``wait``: only what so many replicas have confirmed counts as acknowledged.
    """

    def __init__(self, system: System, *, wait: int = 0) -> None:
        self.acknowledged: list[tuple[float, int]] = []
        self.moves = 0
        """How often it went to another node than before."""
        self._last: str | None = None
        self._system = system
        self._wait = wait
        self._next = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._stop.set()
            self._thread.join(10 * TIMEOUT_S)

    @property
    def count(self) -> int:
        return len(self.acknowledged)

    def wrote_within(self, seconds: float) -> bool:
        return bool(self.acknowledged) and self.acknowledged[-1][0] > time.monotonic() - seconds

    def numbers(self) -> list[int]:
        return [number for _, number in self.acknowledged]

    def longest_gap_s(self, since: float, until: float) -> float:
        """Between two acknowledgements, counted from the last one before ``since``."""
        before = [at for at, _ in self.acknowledged if at < since][-1:]
        within = [at for at, _ in self.acknowledged if since <= at <= until]
        times = [*(before or [since]), *within, until]
        return max(later - earlier for earlier, later in pairwise(times))

    def _run(self) -> None:
        while not self._stop.is_set():
            names = self._system.named()
            primary = next((name for name in names if name is not None), None)
            wire = None
            with suppress(OSError, ReplyError):
                if primary is not None:
                    wire = Wire(primary, TIMEOUT_S)
                    # As client libraries do: sentinels may be behind.
                    if wire.ask("ROLE")[0] == "master":
                        self.moves += self._last not in (None, primary)
                        self._last = primary
                        self._write(wire)
            if wire is not None:
                wire.close()
            self._stop.wait(RETRY_S)

    def _write(self, wire: Wire) -> None:
        """Until it is refused."""
        while not self._stop.is_set():
            number = self._next
            self._next += 1
            wire.ask("SET", f"{KEY}{number}", number)
            if not self._wait or wire.ask("WAIT", self._wait, 500) >= self._wait:
                self.acknowledged.append((time.monotonic(), number))
            self._stop.wait(PAUSE_S)
