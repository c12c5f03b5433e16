"""The clients of ``benchmarks.load``, in a process of their own at a lower priority.

    python -m benchmarks.load_clients --http PORT PORT PORT --resp PORT PORT PORT --hook PORT [--share 1.0]

They speak plain protocols without a client library, since they share two cores with the measured processes.
The process prints its figures each second, as a line of JSON. Every connection that ends is opened again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from benchmarks.redis_sentinel import GROUP

CALM = 10
"""The nice value: the measured processes go first."""
READS, POLLS, STREAMS, SUBSCRIBERS, HANDSHAKES = 500, 2000, 500, 1000, 100
"""Per second, or at once; for all three sentinels together."""
READERS, SHAKERS = 30, 15
HOOK_S = 8.0
"""How long the webhooks' receiver takes for an answer."""
OPENED_TOGETHER = 20
AGAIN_S = 0.5
_TERM = re.compile(rb'"term": ?([0-9]+)')
_LENGTH = re.compile(rb"content-length: ([0-9]+)", re.IGNORECASE)
_PATHS = (f"/v1/groups/{GROUP}/primary", f"/v1/groups/{GROUP}", "/v1/groups", "/healthz")
_UPGRADE = (
    b"GET /v1/peer HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_HELLO = b'{"sender":"s2","receiver":"s1","nonce":"%b","v":1,"kind":"hello"}' % (b"0" * 64)


class Clients:
    def __init__(self, http: Sequence[int], resp: Sequence[int], share: float, lives_s: float) -> None:
        self._http = http
        self._resp = resp
        self._share = share
        self._lives_s = lives_s
        self._rng = random.Random(1)
        self.now: Counter[str] = Counter()
        """How many of each kind are connected."""
        self.done: Counter[str] = Counter()

    async def run(self, hook: int) -> None:
        kinds: dict[str, tuple[int, Callable[[int], Awaitable[None]]]] = {
            "polls": (POLLS, self._poll),
            "streams": (STREAMS, self._listen),
            "subscribers": (SUBSCRIBERS, self._subscribe),
            "readers": (READERS, self._read),
            "handshakes": (SHAKERS, self._shake),
        }
        await asyncio.start_server(self._receive, "127.0.0.1", hook)
        tasks = []
        for kind, (count, client) in kinds.items():
            for number in range(max(1, round(count * self._share))):
                tasks.append(asyncio.create_task(self._again(kind, client, number)))
                if number % OPENED_TOGETHER == 0:
                    await asyncio.sleep(0.01)
        while True:
            before = Counter(self.done)
            began = time.monotonic()
            await asyncio.sleep(1.0)
            rates = {
                kind: round((count - before[kind]) / (time.monotonic() - began))
                for kind, count in sorted(self.done.items())
            }
            sys.stdout.write(json.dumps({"now": dict(self.now), "a_second": rates}) + "\n")
            sys.stdout.flush()

    async def _again(self, kind: str, client: Callable[[int], Awaitable[None]], number: int) -> None:
        while True:
            self.now[kind] += 1
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                async with asyncio.timeout(self._lives_s * self._rng.uniform(0.5, 1.5)):
                    await client(number)
            self.now[kind] -= 1
            self.done[f"{kind} ended"] += 1
            await asyncio.sleep(AGAIN_S)

    async def _poll(self, number: int) -> None:
        term, port = 0, self._http[number % len(self._http)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                path = f"/v1/groups/{GROUP}/primary?after_term={term}&wait=55s"
                found = _TERM.search(await _get(reader, writer, path))
                term = int(found[1]) if found else 0
                self.done["polls answered"] += 1
        finally:
            writer.close()

    async def _listen(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._http[number % len(self._http)])
        try:
            writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while data := await reader.read(65536):
                self.done["events"] += data.count(b"\nevent: ")
        finally:
            writer.close()

    async def _subscribe(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._resp[number % len(self._resp)])
        try:
            writer.write(b"SUBSCRIBE +switch-master +sdown -sdown +odown -odown\r\n")
            while data := await reader.read(65536):
                self.done["messages"] += data.count(b"$7\r\nmessage\r\n")
        finally:
            writer.close()

    async def _read(self, number: int) -> None:
        """One of READERS clients that together make ``READS`` requests a second, by HTTP and by RESP."""
        pause_s = READERS / READS
        reader, writer = await asyncio.open_connection("127.0.0.1", self._http[number % len(self._http)])
        asks, answers = await asyncio.open_connection("127.0.0.1", self._resp[number % len(self._resp)])
        due = time.monotonic()
        try:
            while True:
                if self._rng.random() < 0.5:
                    await _get(reader, writer, self._rng.choice(_PATHS))
                else:
                    answers.write(b"SENTINEL GET-MASTER-ADDR-BY-NAME %b\r\n" % GROUP.encode())
                    if not await asks.read(65536):
                        return
                self.done["reads"] += 1
                due = max(due + pause_s, time.monotonic() - 1.0)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            writer.close()
            answers.close()

    async def _shake(self, number: int) -> None:
        """Bad handshakes, one after the other: a hello of a member, and a wrong proof."""
        pause_s, due = SHAKERS / HANDSHAKES, time.monotonic()
        number %= len(self._http)
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._http[number])
            try:
                hello = _HELLO.replace(b'"s1"', b'"s%d"' % (number + 1)).replace(
                    b'"s2"', b'"s%d"' % (number % 2 + 2 if number != 1 else 1)
                )
                writer.write(_UPGRADE + _frame(hello))
                await reader.readuntil(b"\r\n\r\n")
                await reader.read(4096)
                writer.write(_frame(b'{"mac":"%b","v":1,"kind":"proof"}' % (b"0" * 64)))
                await reader.read(4096)
                self.done["handshakes"] += 1
            finally:
                writer.close()
            due = max(due + pause_s, time.monotonic() - 1.0)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(HOOK_S)
                writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                self.done["webhooks"] += 1
                break
        writer.close()


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return await reader.readexactly(int(length[1])) if length else b""


def _frame(payload: bytes) -> bytes:
    """A client's binary websocket frame of less than 64 KiB."""
    size = len(payload)
    head = bytes([0x82, 0x80 | size]) if size < 126 else b"\x82\xfe" + size.to_bytes(2, "big")
    return head + bytes(4) + payload


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--http", type=int, nargs=3, required=True)
    parser.add_argument("--resp", type=int, nargs=3, required=True)
    parser.add_argument("--hook", type=int, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of the full load")
    parser.add_argument("--lives", type=float, default=3600.0, help="seconds a connection is kept, about")
    given = parser.parse_args()
    os.nice(CALM)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(Clients(given.http, given.resp, given.share, given.lives).run(given.hook))


if __name__ == "__main__":
    main()
