"""A client that counts: it follows what the sentinels say, and remembers who acknowledged what, and when."""

from __future__ import annotations

import itertools
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.integration.cluster import Cluster

TIMEOUT_S = 3.0


class CountingWriter:
    """Increments ``counter`` one by one. ``acknowledged_by`` has the times at which each node said so."""

    def __init__(self, cluster: Cluster) -> None:
        self.acknowledged = 0
        self.acknowledged_by: dict[str, list[float]] = {}
        self._cluster = cluster
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait_for_more(self, count: int) -> None:
        """Until ``count`` more writes were acknowledged."""
        wanted = self.acknowledged + count
        wait_for(lambda: self.acknowledged >= wanted, 60.0, f"{count} more writes to be acknowledged")

    def turned_back(self) -> bool:
        """Whether a node took writes again after another one had."""
        order = sorted((at, node) for node, some in self.acknowledged_by.items() for at in some)
        nodes = [node for node, _ in itertools.groupby(node for _, node in order)]
        return len(nodes) > len(set(nodes))

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
            with redis.Redis(
                host, int(port), socket_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
            ) as client:
                self._write(primary, client)

    def _write(self, primary: str, client: redis.Redis) -> None:
        """Until this node takes no more."""
        try:
            while not self._stop.is_set():
                client.incr("counter")
                self.acknowledged += 1
                self.acknowledged_by.setdefault(primary, []).append(time.monotonic())
        except (redis.RedisError, OSError):
            return
