"""A client that writes at a steady rate to whichever node takes it, and remembers what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.chaos.wire import ReplyError, Wire
from tests.redis_server import RedisServer
from tests.waiting import wait_for

LOG = "steady-log"
RATE = 1000.0
TIMEOUT_S = 1.0
WARM_WRITES = 500


class SteadyWriter:
    """``RATE`` numbered writes a second, one after the other; each is tried until some node acknowledges it.

    What a node acknowledged and is not in the list ``LOG`` of the last primary is lost. ``longest_gap_s`` is
    between two acknowledgements.
    """

    def __init__(self, nodes: Sequence[RedisServer]) -> None:
        self.acknowledged = 0
        self.longest_gap_s = 0.0
        self._nodes = [node.name for node in nodes]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SteadyWriter:
        self._thread.start()
        self.wait_for_more(WARM_WRITES)
        self.longest_gap_s = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10 * TIMEOUT_S)

    def wait_for_more(self, count: int) -> None:
        wanted = self.acknowledged + count
        wait_for(lambda: self.acknowledged >= wanted, 60.0, f"{count} more writes to be acknowledged")

    def lost(self, primary: RedisServer) -> int:
        """How many acknowledged writes ``primary`` does not have. To be asked once writing has stopped."""
        with primary.client() as client:
            kept = {int(number) for number in client.lrange(LOG, 0, -1)}
        return sum(number not in kept for number in range(self.acknowledged))

    def _run(self) -> None:
        wire: Wire | None = None
        turn, due, last = 0, time.perf_counter(), time.perf_counter()
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
            self.longest_gap_s, last = max(self.longest_gap_s, now - last), now
            self.acknowledged += 1
            due = max(due + 1 / RATE, now - 0.1)
            with suppress(ValueError):
                time.sleep(due - now)
        if wire is not None:
            wire.close()
