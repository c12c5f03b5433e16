"""Asking for a failover over HTTP: what is refused, and that what is accepted happens and can be followed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDictProxy

from promotion.sealing import WriteRules
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from tests.unit.sentinel.http_cases import GROUP, A, B, C, World, eventually, running

pytestmark = pytest.mark.unit

FAILOVER = f"/v1/groups/{GROUP}/failover"
THREE = frozenset({"s1", "s2", "s3"})
JSON = {"Content-Type": "application/json"}
TOKEN = "correct horse battery stäple"

Answer = tuple[int, dict[str, Any], CIMultiDictProxy[str]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        yield world


async def post(
    world: World, body: object = None, headers: Mapping[str, str] | None = None, path: str = FAILOVER
) -> Answer:
    """``body``: bytes as they are, anything else as JSON, None for no body."""
    sent = dict(headers or {})
    data: bytes | None = None
    if isinstance(body, bytes):
        data = body
    elif body is not None:
        data = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    skip = ["Content-Type"] if "Content-Type" not in sent else []
    async with world.client.post(path, data=data, headers=sent, skip_auto_headers=skip) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def assert_done(world: World, answer: Answer) -> None:
    """Accepted, and then seen to its end."""
    assert answer[0] == 202
    assert (await follow(world, answer[1]["operation"]))["state"] == "completed"
    await eventually(lambda: world.driver.coordinator.work is None, "the work is done")


def assert_problem(answer: Answer, status: int, kind: str) -> None:
    assert list(answer[1])[:5] == ["type", "title", "status", "detail", "instance"]
    assert answer[0] == status
    assert answer[1]["type"] == f"urn:vedette:problem:{kind}" and answer[1]["status"] == status
    assert answer[2]["Content-Type"] == "application/problem+json"
    assert not {"Access-Control-Allow-Origin", "Access-Control-Allow-Methods"} & set(answer[2])


def assert_untouched(world: World) -> None:
    assert world.driver.coordinator.request is None
    assert world.operations.open_in(GROUP) is None


async def follow(world: World, operation: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            status, body, _ = await world.get(f"/v1/operations/{operation}")
            assert status == 200
            if body["state"] in ("completed", "failed"):
                return body
            await asyncio.sleep(0.005)


async def test_a_failover_from_request_to_primary(world: World) -> None:
    waiting = asyncio.create_task(world.get(f"/v1/groups/{GROUP}/primary?after_term=7&wait=60s"))
    status, body, headers = await post(world)
    assert status == 202 and body["group"] == GROUP
    assert headers["Location"] == f"/v1/operations/{body['operation']}"
    ended = await follow(world, body["operation"])
    assert (ended["state"], ended["new_primary"], ended["reason"]) == ("completed", B, None)
    assert ended["term"] > 7 and ended["requested_at"] <= ended["finished_at"]
    status, answer, headers = await waiting
    assert status == 200 and answer["address"] == B and headers["ETag"] == f'"{ended["term"]}"'
    await eventually(lambda: world.driver.coordinator.work is None, "the work is done")
    assert world.redis[GROUP].nodes[A].role == "slave"


async def test_the_requested_candidate_is_promoted(world: World) -> None:
    _, body, _ = await post(world, {"candidate": C})
    ended = await follow(world, body["operation"])
    assert (ended["state"], ended["new_primary"], ended["candidate"]) == ("completed", C, C)
    await eventually(lambda: world.driver.coordinator.work is None, "the work is done")


async def test_a_failover_under_way_is_shown_and_not_doubled(tmp_path: Path) -> None:
    # Two of three in touch, but nobody answers the election: the request stays open until its time is up.
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), limit_s=0.5) as world:
        world.redis[GROUP].look()
        _, body, _ = await post(world)
        operation = body["operation"]
        _, group, _ = await world.get(f"/v1/groups/{GROUP}")
        assert group["failover"]["operation"] == operation and group["failover"]["cause"] == "operator"
        again = await post(world)
        assert_problem(again, 409, "in-progress")
        assert again[1]["operation"] == operation
        ended = await follow(world, operation)
        assert ended["state"] == "failed" and "no leader" in ended["reason"] and ended["finished_at"]


async def test_without_a_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        answer = await post(world)
        assert_problem(answer, 503, "no-quorum")
        assert answer[2]["Retry-After"]
        assert_untouched(world)


async def test_no_topology_to_fail_over_from(tmp_path: Path) -> None:
    async with running(tmp_path, topology=None) as world:
        assert_problem(await post(world), 412, "precondition")


@pytest.mark.parametrize(
    ("candidate", "detail"),
    [
        ("10.9.9.9:6379", "no node of this group"),
        ("not an address", "no node of this group"),
        (A, "is the primary already"),
        (C, "subjectively down"),
        (f"{C}\n", "no node of this group"),
    ],
)
async def test_a_candidate_that_cannot_be_promoted(world: World, candidate: str, detail: str) -> None:
    world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
    answer = await post(world, {"candidate": candidate})
    assert_problem(answer, 412, "precondition")
    assert detail in answer[1]["detail"]
    assert {each["node"] for each in answer[1]["candidates"]} == {B, C}
    if candidate != C:
        best = answer[1]["candidates"][0]
        assert (best["node"], best["eligible"]) == (B, True), "whom to name instead"
    assert_untouched(world)


@pytest.mark.parametrize("body", [None, {"candidate": B}], ids=["the-best", "named"])
async def test_what_durability_would_refuse_is_refused_at_once(tmp_path: Path, body: object) -> None:
    async with running(tmp_path, rules=WriteRules(acknowledged_by=1)) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
        answer = await post(world, body)
        assert_problem(answer, 412, "precondition")
        assert "durability: WAIT 1 may have acknowledged writes" in answer[1]["detail"]
        assert_untouched(world)


async def test_no_replica_is_eligible(world: World) -> None:
    for node in (B, C):
        world.driver.feed(Observed(node, Evidence(EvidenceKind.REFUSED)))
    answer = await post(world)
    assert_problem(answer, 412, "precondition")
    assert [each["reason"] for each in answer[1]["candidates"]] == ["subjectively down"] * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"nonsense", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"[" * 20_000, "body"),
        (b'{"candidate": 6379}', "candidate"),
        (b'{"candidate": ""}', "candidate"),
        (b'{"candidate": ["10.0.0.2:6379"]}', "candidate"),
        (b'{"candidate": "' + b"x" * 301 + b'"}', "candidate"),
        (b'{"candidat": "10.0.0.2:6379"}', "candidat"),
        (b'{"candidate": NaN}', "candidate"),
    ],
)
async def test_a_bad_body_is_named(world: World, body: bytes, field: str) -> None:
    answer = await post(world, body, JSON)
    assert_problem(answer, 400, "bad-request")
    assert field in [error["field"] for error in answer[1]["errors"]]
    assert len(answer[1]["detail"]) < 1000
    assert_untouched(world)


async def test_a_body_without_a_candidate_lets_the_ranking_choose(world: World) -> None:
    await assert_done(world, await post(world, {"candidate": None}))


async def test_a_huge_body(world: World) -> None:
    answer = await post(world, b'{"candidate": "' + b"x" * 70_000 + b'"}', JSON)
    assert_problem(answer, 413, "too-large")
    assert_untouched(world)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "TEXT/PLAIN;x=y"],
)
@pytest.mark.parametrize("body", [b'{"candidate": null}', b""])
async def test_what_a_form_can_send_is_refused(world: World, content_type: str, body: bytes) -> None:
    answer = await post(world, body, {"Content-Type": content_type})
    assert_problem(answer, 415, "unsupported-media-type")
    assert_untouched(world)


@pytest.mark.parametrize("content_type", [None, "x", "application/json5", "application/octet-stream"])
async def test_a_body_must_be_declared_as_json(world: World, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert_problem(await post(world, b"{}", headers), 415, "unsupported-media-type")
    assert_untouched(world)


async def test_without_a_body_its_declaration_is_nothing_to_mind(world: World) -> None:
    await assert_done(world, await post(world, b"", {"Content-Type": "application/octet-stream"}))


async def test_json_may_name_its_charset(world: World) -> None:
    await assert_done(world, await post(world, b"{}", {"Content-Type": "application/json; charset=utf-8"}))


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "rubbish", "", "http://["],
)
async def test_a_page_of_another_origin_is_refused(world: World, origin: str) -> None:
    assert_problem(await post(world, None, {"Origin": origin}), 403, "forbidden")
    assert_untouched(world)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "[", ""])
async def test_a_rebound_name_is_refused(world: World, host: str) -> None:
    port = world.runner.addresses[0][1]
    named = host.format(port=port)
    answer = await post(world, None, {"Host": named, "Origin": f"http://{named}"})
    assert_problem(answer, 403, "forbidden")
    assert_untouched(world)


async def test_the_own_origin_is_taken(world: World) -> None:
    port = world.runner.addresses[0][1]
    headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    await assert_done(world, await post(world, None, headers))


@pytest.mark.parametrize("open_posts", [True, False])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Bearer \xff",
    ],
)
async def test_the_token_is_needed_where_one_is_configured(
    tmp_path: Path, header: str | None, open_posts: bool
) -> None:
    async with running(tmp_path, token=TOKEN, open_posts=open_posts) as world:
        world.redis[GROUP].look()
        answer = await post(world, None, {} if header is None else {"Authorization": header})
        assert_problem(answer, 401, "unauthorized")
        assert answer[2]["WWW-Authenticate"].startswith("Bearer ")
        assert TOKEN not in json.dumps(answer[1])
        assert_untouched(world)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_right_token_is_taken(tmp_path: Path, scheme: str) -> None:
    async with running(tmp_path, token=TOKEN, open_posts=False) as world:
        world.redis[GROUP].look()
        assert (await world.get("/v1/groups"))[0] == 200
        await assert_done(world, await post(world, None, {"Authorization": f"{scheme} {TOKEN}"}))


async def test_without_token_and_loopback_nothing_can_be_changed(tmp_path: Path) -> None:
    async with running(tmp_path, open_posts=False) as world:
        world.redis[GROUP].look()
        assert_problem(await post(world), 403, "forbidden")


async def test_an_unknown_group(world: World) -> None:
    assert_problem(await post(world, path="/v1/groups/nobody/failover"), 404, "unknown-group")


async def test_an_unknown_parameter(world: World) -> None:
    assert_problem(await post(world, path=f"{FAILOVER}?candidate={B}"), 400, "bad-request")
    assert_untouched(world)


@pytest.mark.parametrize("id_", ["op-0", "..", "%2e%2e%2f", "x" * 1000])
async def test_an_unknown_operation(world: World, id_: str) -> None:
    status, body, _ = await world.get(f"/v1/operations/{id_}")
    assert status == 404 and str(body["type"]).startswith("urn:vedette:problem:")
