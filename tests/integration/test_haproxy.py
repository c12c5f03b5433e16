"""The example's HAProxy follows a failover, without the sentinel that it asked before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.docs_blocks import CHECKOUT
from tests.integration.cluster import Cluster
from tests.processes import Process, free_port
from tests.programs import program
from tests.waiting import wait_for

EXAMPLE = CHECKOUT / "examples" / "haproxy" / "haproxy.cfg"


class HAProxy:
    """The example with the addresses of this cluster, and nothing else changed."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        command = program("haproxy", "Debian's package haproxy has it")
        self.writes, self.reads, sentinels = free_port(), free_port(), free_port()
        text = EXAMPLE.read_text()
        changes = {
            "bind :6379": f"bind 127.0.0.1:{self.writes}",
            "bind :6380": f"bind 127.0.0.1:{self.reads}",
            "bind 127.0.0.1:8799": f"bind 127.0.0.1:{sentinels}",
            "port 8799": f"port {sentinels}",
            **{f"redis-{n}:6379": node.name for n, node in enumerate(cluster.nodes, 1)},
            **{f"host-{n}:8700": f"127.0.0.1:{s.port}" for n, s in enumerate(cluster.sentinels, 1)},
        }
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        file = directory / "haproxy.cfg"
        file.write_text(text)
        checked = subprocess.run(
            [command, "-c", "-f", str(file)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        assert "[WARNING]" not in checked.stderr, checked.stderr
        self.process = Process([command, "-db", "-f", str(file)], directory, directory / "log")

    def write(self, number: int) -> bool:
        """Whether it was acknowledged. Each time a new connection, as after a loss."""
        return self._ask(self.writes, "HSET", "counter", str(number), "1") is not None

    def read(self) -> bytes | None:
        """Which role answers at the port for reads."""
        role = self._ask(self.reads, "ROLE")
        return role[0] if isinstance(role, list) else None

    @staticmethod
    def _ask(port: int, *words: str) -> object:
        # Without a server HAProxy closes the connection at once.
        with redis.Redis(
            port=port, socket_timeout=2, retry=Retry(NoBackoff(), 0), driver_info=None, protocol=2
        ) as client:
            try:
                return client.execute_command(*words)
            except redis.RedisError:
                return None


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as made:
        yield made


def test_writes_resume_at_the_new_primary(cluster: Cluster, tmp_path: Path) -> None:
    haproxy = HAProxy(cluster, tmp_path)
    try:
        wait_for(lambda: haproxy.write(0), what="a first write")
        wait_for(lambda: haproxy.read() == b"slave", what="a first read from a replica")
        cluster.sentinels[0].kill()
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        wait_for(lambda: haproxy.write(1), 30, "writes to resume")
        acknowledged = [number for number in range(2, 50) if haproxy.write(number)]
        assert len(acknowledged) > 0
        with new.client() as client:
            held = {int(number) for number in client.hkeys("counter")}
        assert {1, *acknowledged} <= held
        # The old primary comes back, and is read from only.
        old.restart()
        cluster.wait_replicas(new, old)
        wait_for(lambda: haproxy.read() == b"slave", 30, "reads from a replica")
        assert cluster.primaries() == [new.name]
        assert haproxy.write(50)
        with new.client() as client:
            assert client.hexists("counter", "50")
    finally:
        haproxy.process.end()
