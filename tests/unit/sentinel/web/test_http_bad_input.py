"""Whatever is sent, the answer is a problem, or the connection ends; never a traceback, a 500 or a hang."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from sentinel.web import inputs as http_inputs
from sentinel.web import server as http_server
from tests.unit.sentinel.http_cases import GROUP, World, eventually, running

pytestmark = pytest.mark.unit

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = (
    f"POST /v1/groups/{GROUP}/failover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
).encode()


def post(body: bytes, headers: bytes = b"") -> bytes:
    return POST + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
async def world(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        with caplog.at_level(logging.DEBUG):
            yield world
    for record in caplog.records:
        assert record.exc_info is None and record.levelno < logging.ERROR, record.getMessage()


async def connect(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = world.runner.addresses[0][:2]
    return await asyncio.open_connection(host, port)


async def send(world: World, *parts: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the first answer; each part is a packet of its own."""
    reader, writer = await connect(world)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            return await read_answer(reader)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[:-1]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
        GET + b"a" * 20_000 + b": x\r\n\r\n",
        GET + b"".join(b"X%d: y\r\n" % number for number in range(2000)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"garbage\r\n\r\n",
        b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\nHost: x\n\n",
        b"GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://a:99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ?x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/groups/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"Host: y\r\n\r\n",
        GET + b"No colon\r\n\r\n",
        GET + b"X: a\r\n folded\r\n\r\n",
        GET + b"X: \x00\r\n\r\n",
        GET + b"Content-Length: -1\r\n\r\n",
        GET + b"Content-Length: 1_0\r\n\r\n",
        GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    ],
)
async def test_what_is_not_http_is_a_problem_too(world: World, request_: bytes) -> None:
    status, headers, body = await send(world, request_)
    assert status == 400 and headers["content-type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["type"] == "urn:vedette:problem:bad-request" and problem["status"] == 400
    assert b"aaaa" not in body and b"Traceback" not in body
    assert (await world.get("/healthz"))[0] == 200


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        (GET + b"Expect: miracles\r\n\r\n", 417, "expectation-failed"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not-found"),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not-found"),
        (b"TRACE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method-not-allowed"),
        (b"GET //[x/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not-found"),
        (b"GET /v1/groups/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not-found"),
        (b"GET /v1/groups/%2e%2e%2fetc HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unknown-group"),
        (b"GET /v1/groups/%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unknown-group"),
        (b"GET /v1/groups?%ff=%fe HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/groups?" + b"a=1&" * 900 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
        (POST + b"Content-Length: 2000000\r\n\r\n", 413, "too-large"),
        (
            POST
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"8000\r\n%s\r\n" % (b" " * 0x8000) * 4
            + b"0\r\n\r\n",
            413,
            "too-large",
        ),
        (post(b"hello", b"Content-Encoding: gzip\r\n"), 415, "unsupported-media-type"),
        (post(b"<a/>").replace(b"json", b"xml"), 415, "unsupported-media-type"),
        (post(b"\xff\xfe\x00"), 400, "bad-request"),
        (post(b'{"a": \xff}'), 400, "bad-request"),
        (post(b"null"), 400, "bad-request"),
        (post(b"[" * 60_000), 400, "bad-request"),
        (post(b'{"candidate": "\\u0000'), 400, "bad-request"),
    ],
)
async def test_what_no_handler_takes_is_a_problem(
    world: World, request_: bytes, status: int, kind: str
) -> None:
    found, headers, body = await send(world, request_)
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(body)["type"] == f"urn:vedette:problem:{kind}"
    assert (await world.get("/healthz"))[0] == 200


async def test_http_1_0_and_pipelining_are_understood(world: World) -> None:
    status, headers, _ = await send(world, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert status == 200 and headers.get("connection", "close") == "close"
    reader, writer = await connect(world)
    writer.write(GET + b"\r\n" + GET.replace(b"healthz", b"nothing") + b"\r\n" + GET + b"\r\n")
    assert [(await read_answer(reader))[0] for _ in range(3)] == [200, 404, 200]
    writer.close()


async def test_a_body_that_is_no_http_breaks_nothing(world: World) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    assert (await send(world, POST + chunked, b"nonsense\r\n"))[0] == 400
    # Nobody reads the body of a GET: its end may come as a surprise after the answer.
    assert (await send(world, GET + chunked, b"nonsense\r\n"))[0] in (200, 400)
    _, writer = await connect(world)
    writer.write(POST + b"Content-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    assert (await world.get("/healthz"))[0] == 200


async def test_headers_that_never_end_are_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_TIMEOUT_S", 0.1)
    reader, writer = await connect(world)
    # One that has been answered before is no better.
    writer.write(GET + b"\r\n")
    assert (await read_answer(reader))[0] == 200

    async def drip() -> None:
        writer.write(GET)
        while not writer.is_closing():
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.01)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(20):
            status, headers, body = await read_answer(reader)
            assert (status, headers["connection"]) == (408, "close")
            assert json.loads(body)["type"] == "urn:vedette:problem:timeout"
            # What was on its way when the connection was closed makes the end of it a reset.
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
    finally:
        writer.close()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_a_connection_that_only_idles_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_TIMEOUT_S", 0.02)
    reader, writer = await connect(world)
    for _ in range(2):
        writer.write(GET + b"\r\n")
        assert (await read_answer(reader))[0] == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
    writer.close()


async def test_a_body_that_never_ends_is_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_inputs, "BODY_TIMEOUT_S", 0.05)
    status, headers, body = await send(world, POST + b"Content-Length: 10\r\n\r\n{")
    assert (status, headers["connection"]) == (408, "close")
    assert json.loads(body)["type"] == "urn:vedette:problem:timeout"


async def test_a_client_that_takes_no_answer_is_cut_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "SEND_TIMEOUT_S", 0.05)
    _, writer = await connect(world)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    request = GET.replace(b"healthz", b"openapi.json") + b"\r\n"

    def is_cut() -> bool:
        if not writer.is_closing():
            writer.write(request)
        return world.runner.server is not None and not world.runner.server.connections

    await eventually(is_cut, "the connection ends")
    writer.transport.abort()


async def test_of_a_full_house_the_longest_idle_makes_room(tmp_path: Path) -> None:
    async with running(tmp_path, max_connections=8) as world:
        held = [await connect(world) for _ in range(6)]
        for reader, writer in held:
            writer.write(GET + b"\r\n")
            assert (await read_answer(reader))[0] == 200
        held[0][1].write(GET + b"\r\n")
        assert (await read_answer(held[0][0]))[0] == 200
        assert (await send(world, GET + b"\r\n"))[0] == 200
        assert await held[1][0].read() == b"", "the second was idle for longest"
        for reader, writer in (held[0], *held[2:]):
            writer.write(GET + b"\r\n")
            assert (await read_answer(reader))[0] == 200
        for _, writer in held:
            writer.close()


async def test_who_waits_to_be_told_is_kept_and_a_silent_crowd_locks_nobody_out(tmp_path: Path) -> None:
    async with running(tmp_path, max_connections=8) as world:
        held = [await connect(world) for _ in range(3)]
        for _, writer in held:
            path = f"/v1/groups/{GROUP}/primary?wait=30s&after_term=7"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await eventually(lambda: world.kept.waiting.inside == 3, "three who wait")
        crowd = [await connect(world) for _ in range(20)]
        assert (await send(world, GET + b"\r\n"))[0] == 200
        assert world.kept.waiting.inside == 3
        for _, writer in (*held, *crowd):
            writer.close()


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("failover", {"candidat": "x"}, "did you mean 'candidate'?"),
        ("failover", {"zzz": "x"}, "(known: candidate)"),
        ("resume", {"reason": "x"}, "Extra inputs are not permitted"),
    ],
)
async def test_an_unknown_field_is_told_which_one_may_be_meant(
    world: World, path: str, body: dict[str, str], problem: str
) -> None:
    async with world.client.post(f"/v1/groups/{GROUP}/{path}", json=body) as answer:
        told = await answer.json(content_type=None)
    assert answer.status == 400
    assert [error["field"] for error in told["errors"]] == list(body)
    assert told["errors"][0]["problem"].endswith(problem)
