"""A client that counts: it follows what the sentinels say, and remembers who acknowledged what, and when."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

import redis

from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.integration.cluster import Cluster

TIMEOUT_S = 3.0


class CountingWriter:
    """Increments ``counter`` one by one. ``acknowledged_by`` has the first and last time of each node."""

    def __init__(self, cluster: Cluster) -> None:
        self.acknowledged = 0
        self.acknowledged_by: dict[str, list[tuple[float, float]]] = {}
        self._cluster = cluster
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait_for_more(self, count: int) -> None:
        """Until ``count`` more writes were acknowledged."""
        wanted = self.acknowledged + count
        wait_for(lambda: self.acknowledged >= wanted, 60.0, f"{count} more writes to be acknowledged")

    def overlaps(self) -> bool:
        """Whether a node acknowledged a write that began before another one acknowledged its last."""
        spans = sorted(
            (sent, answered, node) for node, some in self.acknowledged_by.items() for sent, answered in some
        )
        latest: dict[str, float] = {}
        changes = [node for _, _, node in spans]
        for node in changes:
            latest[node] = latest.get(node, 0) + 1
        runs = 1 + sum(a != b for a, b in zip(changes, changes[1:], strict=False))
        return runs > len(latest)

    def __enter__(self) -> CountingWriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(2 * TIMEOUT_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            primary = next((name for s in self._cluster.running if (name := s.primary())), None)
            if primary is None:
                continue
            host, _, port = primary.rpartition(":")
            with redis.Redis(host, int(port), socket_timeout=TIMEOUT_S, retry=None) as client:
                self._write(primary, client)

    def _write(self, primary: str, client: redis.Redis) -> None:
        """Until this node takes no more."""
        try:
            while not self._stop.is_set():
                sent = time.monotonic()
                client.incr("counter")
                self.acknowledged += 1
                self.acknowledged_by.setdefault(primary, []).append((sent, time.monotonic()))
        except (redis.RedisError, OSError):
            return
