"""What holds for every route: problems for whatever goes wrong, health, readiness, and the description."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from sentinel.process.problem_types import TYPE_PREFIX
from sentinel.web.problem import KINDS
from tests.unit.sentinel.http_cases import GROUP, World, running

pytestmark = pytest.mark.unit

THREE = frozenset({"s1", "s2", "s3"})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        yield world


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/groups/", "/v2/groups", "/v1/groups/a/b/c", "/%00", "/dashboard/x"]
)
async def test_an_unknown_path(world: World, path: str) -> None:
    async with world.client.get(path) as answer:
        body = await answer.json(content_type="application/problem+json")
        assert answer.status == 404 and body["type"] == "urn:vedette:problem:not-found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/groups", {"GET", "HEAD"}),
        ("DELETE", f"/v1/groups/{GROUP}", {"GET", "HEAD"}),
        ("GET", f"/v1/groups/{GROUP}/failover", {"POST"}),
        ("OPTIONS", f"/v1/groups/{GROUP}/failover", {"POST"}),
        ("PUT", "/healthz", {"GET", "HEAD"}),
    ],
)
async def test_a_wrong_method(world: World, method: str, path: str, allowed: set[str]) -> None:
    async with world.client.request(method, path) as answer:
        body = await answer.json(content_type="application/problem+json")
        assert answer.status == 405 and body["type"] == "urn:vedette:problem:method-not-allowed"
        assert set(re.split(r",\s*", answer.headers["Allow"])) == allowed
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/groups", f"/v1/groups/{GROUP}"],
)
async def test_head_works_on_every_get(world: World, path: str) -> None:
    async with world.client.head(path) as answer:
        assert answer.status == 200 and await answer.read() == b""


async def test_a_crash_is_logged_once_and_tells_nothing(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(limit: object, *args: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(world.store, "changes", crash)
    with caplog.at_level(logging.WARNING):
        status, body, headers = await world.get(f"/v1/groups/{GROUP}/history")
    assert status == 500 and headers["Content-Type"] == "application/problem+json"
    assert "secret" not in json.dumps(body) and "Traceback" not in json.dumps(body)
    assert len([record for record in caplog.records if "history" in record.getMessage()]) == 1
    assert (await world.get("/healthz"))[0] == 200


async def test_health_needs_no_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        assert await status_and_body(world, "/healthz") == (200, {"status": "ok"})


async def test_ready_needs_a_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s3"})) as world:
        assert await status_and_body(world, "/readyz") == (200, {"ready": True, "in_touch": ["s1", "s3"]})
        world.in_touch.clear()
        status, body, headers = await world.get("/readyz")
        assert status == 503 and headers["Retry-After"]
        assert body["not_ready"] == ["in touch with 1 of 3 sentinels, 2 needed"]


async def test_a_state_that_cannot_be_written_is_neither_healthy_nor_ready(world: World) -> None:
    world.store.thread.failure = "disk full"
    status, body, _ = await world.get("/healthz")
    assert status == 503 and body["type"] == "urn:vedette:problem:unhealthy" and "disk full" in body["detail"]
    status, body, _ = await world.get("/readyz")
    assert status == 503 and body["not_ready"] == ["the state cannot be written: disk full"]


async def test_a_peer_link_needs_a_websocket(world: World) -> None:
    status, body, headers = await world.get("/v1/peer")
    assert status == 426 and body["type"] == "urn:vedette:problem:upgrade-required"
    assert headers["Upgrade"] == "websocket"


async def test_peer_links_pass_through(tmp_path: Path) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_bytes(await websocket.receive_bytes())
        return websocket

    async with running(tmp_path, peer_handler=echo) as world, world.client.ws_connect("/v1/peer") as link:
        await link.send_bytes(b"hello")
        assert await link.receive_bytes() == b"hello"


# -- the description ---------------------------------------------------------------------------


async def description(world: World) -> dict[str, Any]:
    return (await world.get("/openapi.json"))[1]


async def test_every_route_is_described_and_no_other(world: World) -> None:
    routes = {
        (route.method, route.resource.canonical)
        for route in world.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    document = await description(world)
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert document["openapi"] == "3.1.0" and document["info"]["version"] == "1.2.3"
    assert described == routes - {("GET", "/v1/peer"), ("GET", "/dashboard/{file}")}


async def test_all_references_and_schemas_are_sound(world: World) -> None:
    document = await description(world)
    schemas = document["components"]["schemas"]
    for reference in re.findall(r'"\$ref": "([^"]*)"', json.dumps(document)):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/groups",
        "/v1/groups/{group}",
        "/v1/groups/{group}/primary",
        "/v1/groups/{group}/candidates",
        "/v1/groups/{group}/history",
        "/healthz",
        "/readyz",
    ],
)
async def test_answers_are_as_described(world: World, path: str) -> None:
    document = await description(world)
    status, body, _ = await world.get(path.format(group=GROUP))
    assert status == 200
    check(document, path, "200", "application/json", body)


async def test_problems_are_as_described(world: World) -> None:
    document = await description(world)
    status, body, _ = await world.get("/v1/groups/nobody/primary")
    check(document, "/v1/groups/{group}/primary", str(status), "application/problem+json", body)
    for operations in document["paths"].values():
        for operation in operations.values():
            kinds = re.findall(r"`([a-z-]+)`", json.dumps(operation["responses"]))
            assert set(kinds) <= set(KINDS)


def check(document: dict[str, Any], path: str, status: str, content_type: str, body: object) -> None:
    content = document["paths"][path]["get"]["responses"][status]["content"]
    root = content[content_type]["schema"] | {"components": document["components"]}
    jsonschema.Draft202012Validator(root).validate(body)


def test_kinds_are_well_formed() -> None:
    for kind, (status, title) in KINDS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) and 400 <= status < 600 and title
    assert TYPE_PREFIX.startswith("urn:vedette:")


async def status_and_body(world: World, path: str) -> tuple[int, dict[str, Any]]:
    return (await world.get(path))[:2]
