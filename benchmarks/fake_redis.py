"""A process that imitates many idle groups of redis-servers: one primary and two replicas each.

    python -m benchmarks.fake_redis GROUPS

It speaks enough RESP for monitors (PING, INFO, PUBLISH and SUBSCRIBE; HELLO is refused), at a fraction of the
cost of real servers, so that the cost of watching is measured. Its INFO is a real server's, with the
replication section of the node; its time passes, and its primary writes a little. The first line of its
output has its ports, those of a group together and the primary's first.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import defaultdict

import hiredis

from tests.redis_server import RedisServer

NODES = 3
FIRST = 10_000_000
COUNT = b"COUNT"
"""A command that Redis does not have: how many commands this node received."""

_OWN = re.compile(rb"(?m)^(role|slave\d+|connected_slaves|master_\w+|slave_\w+|second_repl_offset):.*\r\n")
_GROWS = re.compile(rb"(?m)^(uptime_in_seconds|total_net_input_bytes|used_memory):\d+|(offset[:=])1000\b")
REPLID, NO_REPLID = b"7" * 40, b"0" * 40


class Node:
    """One server: its INFO, the subscribers of each channel, and the number of commands it received."""

    def __init__(self, template: bytes) -> None:
        self.commands = 0
        self._says = b""
        self._growing = 0
        self.channels: dict[bytes, set[asyncio.Transport]] = defaultdict(set)
        self._template = template

    def become(self, port: int, role: bytes) -> None:
        text = _OWN.sub(b"", self._template)
        text = re.sub(rb"run_id:\w+", b"run_id:%040x" % port, text)
        text = re.sub(rb"tcp_port:\d+", b"tcp_port:%d" % port, text)
        text = text.replace(b"# Replication\r\n", b"# Replication\r\n" + role)
        self._says = _GROWS.sub(_growing, text.replace(b"%", b"%%"))
        self._growing = len(_GROWS.findall(text))

    @property
    def info(self) -> bytes:
        """The INFO reply, with one number for all growing fields."""
        text = self._says % ((FIRST + int(time.monotonic()),) * self._growing)
        return b"$%d\r\n%b\r\n" % (len(text), text)


def _growing(found: re.Match[bytes]) -> bytes:
    return found[2] + b"%d" if found[2] else found[1] + b":%d"


def primary_says(replicas: list[int]) -> bytes:
    lines = [
        b"slave%d:ip=127.0.0.1,port=%d,state=online,offset=1000,lag=0\r\n" % (number, port)
        for number, port in enumerate(replicas)
    ]
    return (
        b"role:master\r\nconnected_slaves:%d\r\n" % len(replicas)
        + b"".join(lines)
        + b"master_failover_state:no-failover\r\n"
        + b"master_replid:%b\r\nmaster_replid2:%b\r\n" % (REPLID, NO_REPLID)
        + b"master_repl_offset:1000\r\nsecond_repl_offset:-1\r\n"
    )


def replica_says(primary: int) -> bytes:
    return (
        b"role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:%d\r\nmaster_link_status:up\r\n"
        b"master_last_io_seconds_ago:0\r\nmaster_sync_in_progress:0\r\nslave_read_repl_offset:1000\r\n"
        b"slave_repl_offset:1000\r\nslave_priority:100\r\nslave_read_only:1\r\nreplica_announced:1\r\n"
        b"connected_slaves:0\r\nmaster_failover_state:no-failover\r\nmaster_replid:%b\r\nmaster_replid2:%b\r\n"
        b"master_repl_offset:1000\r\nsecond_repl_offset:-1\r\n" % (primary, REPLID, NO_REPLID)
    )


class Session(asyncio.Protocol):
    """One client of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._reader = hiredis.Reader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        for listeners in self._node.channels.values():
            listeners.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (words := self._reader.gets()) is not False:
            self._transport.write(self._answer(words))

    def _answer(self, words: list[bytes]) -> bytes:
        name = words[0].upper()
        if name == COUNT:
            return b":%d\r\n" % self._node.commands
        self._node.commands += 1
        match name:
            case b"PING":
                return b"+PONG\r\n"
            case b"INFO":
                return self._node.info
            case b"CLIENT":
                return b"+OK\r\n"
            case b"SUBSCRIBE":
                self._node.channels[words[1]].add(self._transport)
                return b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(words[1]), words[1])
            case b"PUBLISH":
                push = b"*3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
                message = push % (len(words[1]), words[1], len(words[2]), words[2])
                for listener in self._node.channels[words[1]]:
                    listener.write(message)
                return b":%d\r\n" % len(self._node.channels[words[1]])
        return b"-ERR unknown command\r\n"


async def serve(groups: int) -> None:
    with RedisServer() as real, real.client() as client:
        client.set("key", "value")
        template = client.connection_pool.get_connection()
        template.send_command("INFO")
        text = template.read_response(disable_decoding=True)
    loop = asyncio.get_running_loop()
    ports: list[int] = []
    for _ in range(groups):
        nodes = [Node(text) for _ in range(NODES)]
        group = []
        for node in nodes:
            server = await loop.create_server(lambda node=node: Session(node), "127.0.0.1", 0, backlog=64)  # type: ignore[misc]
            group.append(server.sockets[0].getsockname()[1])
        nodes[0].become(group[0], primary_says(group[1:]))
        for node, port in zip(nodes[1:], group[1:], strict=True):
            node.become(port, replica_says(group[0]))
        ports += group
    print(*ports, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
