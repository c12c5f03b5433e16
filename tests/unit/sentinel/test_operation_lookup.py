"""An operation may be asked for at any sentinel: the one that took it is asked, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from config.address import Address
from sentinel.operations import Operations, taken_by
from tests.unit.sentinel.http_cases import GROUP, running

pytestmark = pytest.mark.unit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ID = "op-s2-0123456789abcdef"
KNOWN = {
    "operation": ID,
    "group": GROUP,
    "kind": "failover",
    "at": None,
    "candidate": None,
    "state": "completed",
    "reason": None,
    "term": 8,
    "new_primary": "b:1",
    "requested_at": "2026-01-31T12:00:00.123Z",
    "finished_at": None,
}


@asynccontextmanager
async def taker(handler: Handler) -> AsyncIterator[Address]:
    """Another sentinel, which answers as told."""
    app = web.Application()
    app.router.add_get("/v1/operations/{id}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Address(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


async def known(request: web.Request) -> web.StreamResponse:
    assert request.match_info["id"] == ID and "Authorization" not in request.headers
    return web.json_response(KNOWN)


async def unknown(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


async def odd(_: web.Request) -> web.StreamResponse:
    return web.json_response({"operation": ID})


async def away(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("handler", "status", "said"),
    [
        (known, 200, "completed"),
        (unknown, 404, "unknown-operation"),
        (odd, 503, "s2 took it, and cannot be asked"),
        (away, 503, "s2 took it, and cannot be asked"),
    ],
)
async def test_whoever_took_it_is_asked(tmp_path: Path, handler: Handler, status: int, said: str) -> None:
    async with taker(handler) as address, running(tmp_path, elsewhere={"s2": address}) as world:
        answered, body, _ = await world.get(f"/v1/operations/{ID}")
        assert answered == status and said in str(body)


async def test_one_that_is_gone_is_named(tmp_path: Path) -> None:
    async with taker(known) as address:
        pass
    async with running(tmp_path, elsewhere={"s2": address}) as world:
        status, body, headers = await world.get(f"/v1/operations/{ID}")
        assert status == 503 and body["detail"].startswith("s2 took it") and "Retry-After" in headers


@pytest.mark.parametrize("id_", ["op-s1-0123456789abcdef", "op-s3-0123456789abcdef", "op-1", "x"])
async def test_nobody_is_asked_for_what_nobody_took(tmp_path: Path, id_: str) -> None:
    async with taker(odd) as address, running(tmp_path, elsewhere={"s1": address, "s2": address}) as world:
        assert (await world.get(f"/v1/operations/{id_}"))[0] == 404


@pytest.mark.parametrize("member", ["s1", "eu-west_1.a", "op-s1"])
def test_an_id_names_who_took_it(member: str) -> None:
    assert taken_by(Operations(member).accept("g", None).id) == member


@pytest.mark.parametrize(
    "id_", ["", "op-1", "op-s1-xyz", "op-s1/../x-0123456789abcdef", "op--0123456789abcdef"]
)
def test_what_is_no_id_names_nobody(id_: str) -> None:
    assert taken_by(id_) is None
