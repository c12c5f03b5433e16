"""Stock redis-sentinel processes that watch a group, as the yardstick."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import redis

from tests.processes import Process, free_port
from tests.redis_server import RedisServer
from tests.waiting import wait_for

GROUP = "mymaster"


class RedisSentinels:
    """Sentinels whose quorum is their majority, that know each other and the replicas when this returns."""

    def __init__(self, nodes: Sequence[RedisServer], down_after_ms: int, count: int = 3) -> None:
        binary = shutil.which("redis-sentinel")
        if binary is None:
            raise RuntimeError("no redis-sentinel on PATH (Debian: apt-get install redis-sentinel)")
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-bench-"))
        self.processes: list[Process] = []
        self.ports = [free_port() for _ in range(count)]
        for port in self.ports:
            file = self._directory / f"sentinel-{port}.conf"
            file.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {self._directory}\n"
                f"sentinel monitor {GROUP} 127.0.0.1 {nodes[0].port} {count // 2 + 1}\n"
                f"sentinel down-after-milliseconds {GROUP} {down_after_ms}\n"
                f"sentinel failover-timeout {GROUP} 10000\n"
            )
            log = self._directory / f"{port}.log"
            self.processes.append(Process([binary, str(file)], self._directory, log))
        ready = (len(nodes) - 1, count - 1)
        wait_for(lambda: all(self._seen(port) == ready for port in self.ports), 60, "the sentinels")

    @staticmethod
    def _seen(port: int) -> tuple[int, int] | None:
        """How many replicas and other sentinels the one at ``port`` knows."""
        try:
            with redis.Redis(port=port, socket_timeout=1, protocol=2, decode_responses=True) as client:
                state = client.execute_command("SENTINEL", "MASTER", GROUP)
        except redis.exceptions.RedisError:
            return None
        if isinstance(state, list):
            state = dict(zip(state[::2], state[1::2], strict=True))
        return int(state["num-slaves"]), int(state["num-other-sentinels"])

    def stop(self) -> None:
        for process in self.processes:
            process.end(signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)
