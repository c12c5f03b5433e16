"""Runs stock redis-sentinel processes that watch groups, for comparison."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import redis

from tests.processes import Process, free_port
from tests.waiting import wait_for

GROUP = "mymaster"


class Node(Protocol):
    @property
    def port(self) -> int: ...


class RedisSentinels:
    """Sentinels whose quorum is their majority, that know each other and the replicas when this returns.

    ``groups`` are the nodes of each, the primary first. ``server``: the redis-server or valkey-server whose
    Sentinel they are; else the installed redis-sentinel.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[Node]],
        down_after_ms: int,
        count: int = 3,
        server: Path | None = None,
    ) -> None:
        command = _command(server)
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-bench-"))
        self.processes: list[Process] = []
        self.ports = [free_port() for _ in range(count)]
        watched = "".join(
            f"sentinel monitor {name} 127.0.0.1 {nodes[0].port} {count // 2 + 1}\n"
            f"sentinel down-after-milliseconds {name} {down_after_ms}\n"
            f"sentinel failover-timeout {name} 10000\n"
            for name, nodes in groups.items()
        )
        for port in self.ports:
            file = self._directory / f"sentinel-{port}.conf"
            file.write_text(f"port {port}\nbind 127.0.0.1\ndir {self._directory}\n{watched}")
            log = self._directory / f"{port}.log"
            self.processes.append(Process(command(file), self._directory, log))
        ready = {name: (len(nodes) - 1, count - 1) for name, nodes in groups.items()}
        wait_for(lambda: all(self._seen(port) == ready for port in self.ports), 120, "the sentinels")

    @staticmethod
    def _seen(port: int) -> dict[str, tuple[int, int]]:
        """How many replicas and other sentinels of each group the one at ``port`` knows."""
        try:
            with redis.Redis(port=port, socket_timeout=1, protocol=2) as client:
                groups = client.sentinel_masters()
        except redis.exceptions.RedisError:
            return {}
        return {name: (seen["num-slaves"], seen["num-other-sentinels"]) for name, seen in groups.items()}

    def stop(self) -> None:
        for process in self.processes:
            process.end(signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)


def _command(server: Path | None) -> Callable[[Path], list[str]]:
    if server is not None:
        return lambda file: [str(server), str(file), "--sentinel"]
    binary = shutil.which("redis-sentinel")
    if binary is None:
        raise RuntimeError("no redis-sentinel on PATH (Debian: apt-get install redis-sentinel)")
    return lambda file: [binary, str(file)]
