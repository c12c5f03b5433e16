"""The example's HAProxy follows a failover, without the sentinel that it asked before, and new addresses."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.checkout import CHECKOUT
from tests.integration.cluster import Cluster
from tests.processes import Process, free_port
from tests.programs import program
from tests.waiting import wait_for

EXAMPLE = CHECKOUT / "examples" / "haproxy" / "haproxy.cfg"


class NameServer:
    """Answers over UDP with ``addresses``, by name; what is not in there does not exist."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, who = self._socket.recvfrom(4096)
            if self._ending:
                return
            self._socket.sendto(self._answer(query), who)

    def _answer(self, query: bytes) -> bytes:
        """Of the question only the type A is understood (RFC 1035 section 4)."""
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = query[12 : at + 5]
        address = self.addresses.get(".".join(labels)) if question[-4:] == b"\0\1\0\1" else None
        if address is None:
            return query[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0) + question
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 600, 4) + socket.inet_aton(address)
        return query[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + question + record


class HAProxy:
    """The example with the addresses of this cluster, and nothing else changed.

    ``names`` looks up the nodes, which are then ``redis-1.test`` and so on.
    """

    def __init__(self, cluster: Cluster, directory: Path, names: NameServer | None = None) -> None:
        command = program("haproxy", "Debian's package haproxy has it")
        self.writes, self.reads, sentinels = free_port(), free_port(), free_port()
        text = EXAMPLE.read_text()
        nodes = list(enumerate(cluster.nodes, 1))
        changes = {
            "bind :6379": f"bind 127.0.0.1:{self.writes}",
            "bind :6380": f"bind 127.0.0.1:{self.reads}",
            "bind 127.0.0.1:8799": f"bind 127.0.0.1:{sentinels}",
            "port 8799": f"port {sentinels}",
            **({"parse-resolv-conf": f"nameserver test 127.0.0.1:{names.port}"} if names else {}),
            **(
                {f" redis-{n}:6379 addr": f" redis-{n}.test:{node.port} addr" for n, node in nodes}
                if names
                else {}
            ),
            **{f"redis-{n}:6379": node.name for n, node in nodes},
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
        assert names or "[WARNING]" not in checked.stderr, checked.stderr
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


def test_a_node_without_an_address_does_not_keep_it_from_starting_and_a_new_one_is_followed(
    cluster: Cluster, tmp_path: Path
) -> None:
    elsewhere = "127.0.0.2"  # where no node listens
    with NameServer() as names:
        haproxy = HAProxy(cluster, tmp_path, names)
        try:
            assert not haproxy.write(0)
            names.addresses["redis-1.test"] = "127.0.0.1"
            wait_for(lambda: haproxy.write(1), 30, "the primary to be found by its name")
            names.addresses["redis-1.test"] = elsewhere
            wait_for(lambda: not haproxy.write(2), 30, "nothing to be sent to its former address")
            names.addresses["redis-1.test"] = "127.0.0.1"
            wait_for(lambda: haproxy.write(3), 30, "its new address to be used")
        finally:
            haproxy.process.end()
