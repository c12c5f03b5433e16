"""A client that writes at a steady rate to the node that accepts writes, and keeps what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from tests.chaos.wire import ReplyError, Wire
from tests.redis_server import RedisServer
from tests.waiting import wait_for

LOG = "steady-log"
RATE = 1000.0
TIMEOUT_S = 1.0
WARM_WRITES = 500


class SteadyWriter:
    """``RATE`` numbered writes a second, one after the other; each is tried until some node acknowledges it.

    An acknowledged write that is not in the list ``LOG`` of the last primary is lost.
    """

    def __init__(self, nodes: Sequence[RedisServer]) -> None:
        self._acknowledged_at: list[float] = []
        self._nodes = [node.name for node in nodes]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SteadyWriter:
        self._thread.start()
        self.wait_for_more(WARM_WRITES)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10 * TIMEOUT_S)

    @property
    def acknowledged(self) -> int:
        return len(self._acknowledged_at)

    @property
    def longest_gap_s(self) -> float:
        """The longest time between two acknowledgements."""
        return self._longest_gap_s(range(self.acknowledged))

    def longest_kept_gap_s(self, primary: RedisServer) -> float:
        """The longest time between two acknowledgements of writes that are not lost."""
        return self._longest_gap_s(sorted(self._kept(primary)))

    def wait_for_more(self, count: int) -> None:
        wanted = self.acknowledged + count
        wait_for(lambda: self.acknowledged >= wanted, 60.0, f"{count} more writes to be acknowledged")

    def lost(self, primary: RedisServer) -> int:
        """How many acknowledged writes ``primary`` does not have. Call it once writing has stopped."""
        kept = self._kept(primary)
        return sum(number not in kept for number in range(self.acknowledged))

    @staticmethod
    def _kept(primary: RedisServer) -> set[int]:
        with primary.client() as client:
            return {int(number) for number in client.lrange(LOG, 0, -1)}

    def _longest_gap_s(self, numbers: Sequence[int]) -> float:
        """The first writes, while everything warms up, do not count."""
        counted = [number for number in numbers if WARM_WRITES <= number < self.acknowledged]
        times = [self._acknowledged_at[number] for number in counted]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    def _run(self) -> None:
        wire: Wire | None = None
        turn, due = 0, time.perf_counter()
        while not self._stop.is_set():
            try:
                if wire is None:
                    wire = Wire(self._nodes[turn % len(self._nodes)], TIMEOUT_S)
                wire.ask("RPUSH", LOG, self.acknowledged)
            except (OSError, ReplyError):
                if wire is not None:
                    wire.close()
                wire, turn = None, turn + 1
                continue
            now = time.perf_counter()
            self._acknowledged_at.append(now)
            due = max(due + 1 / RATE, now - 0.1)
            with suppress(ValueError):
                time.sleep(due - now)
        if wire is not None:
            wire.close()
