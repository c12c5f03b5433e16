"""What a webhook's receiver answers: whatever it is, the attempt ends in one of three ways, and soon."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp

from sentinel.webhooks.attempt import LAST_RETRY_S, MAX_RETRY_AFTER_S, Answer, retry_in_s
from sentinel.webhooks.event import Endpoint
from sentinel.webhooks.request import send
from tests.fuzz.kind import CANARY, Check, Kind, must, outline
from tests.fuzz.loop_failures import errors_of

TIMEOUT_S = 0.3
NOW = 1_800_000_000.0
_WORDS = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n",
    b"HTTP/1.1 410 Gone\r\n", b"HTTP/1.1 429 \r\n", b"HTTP/1.1 503 x\r\n", b"HTTP/1.1 302 Found\r\n",
    b"Location: http://127.0.0.1:1/\r\n", b"\r\n\r\n", b"Retry-After: 5\r\n",
    b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", b"Content-Length: 5\r\n", b"Connection: close\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n",
    b"Set-Cookie: a=b\r\n", b"ffffffff\r\n", b"0\r\n\r\n", b"HTTP/2.0 200 OK\r\n", b"-0001", b"+9999",
    b"GMT", b"Upgrade: websocket\r\n",
)  # fmt: skip


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner, errors_of(runner) as failed:
        yield failed.told(lambda data: runner.run(_check(data)))


async def _check(data: bytes) -> str:
    async with _receiver(data) as port, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        endpoint = Endpoint(f"http://user:{CANARY}@127.0.0.1:{port}/{CANARY}", b"key", None, TIMEOUT_S)
        answer: Answer = await send(session, endpoint, "msg_1", "{}", NOW)
    must(CANARY not in answer.problem, f"a secret is told: {answer.problem}")
    must(len(answer.problem) < 300 and "\n" not in answer.problem, f"no short line: {answer.problem}")
    must(0.0 <= answer.retry_after_s <= MAX_RETRY_AFTER_S, f"to wait {answer.retry_after_s} s")
    for attempts in (1, 12, 10**6):
        wait_s = retry_in_s(attempts, answer, random.Random(1))
        must(math.isfinite(wait_s) and wait_s <= max(LAST_RETRY_S, MAX_RETRY_AFTER_S), f"to wait {wait_s} s")
    return f"{answer.result} {outline(answer.problem)} {answer.retry_after_s > 0}"


@asynccontextmanager
async def _receiver(data: bytes) -> AsyncIterator[int]:
    """Answers every request with ``data``, and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield port
    finally:
        server.close()
        await server.wait_closed()


WEBHOOK = Kind("webhook", _opened, _WORDS)
