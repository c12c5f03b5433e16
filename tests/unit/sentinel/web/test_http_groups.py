"""What clients learn of groups over HTTP, by the wire: the primary above all, and the refusal to guess it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from promotion.sealing import WriteRules
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.messages import Topology
from sentinel.coordination.node_spec import NodeSpec
from sentinel.notices.change import Change, TimelineStep
from tests.unit.sentinel.http_cases import (
    GROUP,
    HEALTHY,
    SINCE_MS,
    A,
    B,
    C,
    World,
    eventually,
    running,
)

pytestmark = pytest.mark.unit

PRIMARY = f"/v1/groups/{GROUP}/primary"
THREE = frozenset({"s1", "s2", "s3"})
TERM_8 = Topology(B, 8, A, "silent", "s2", SINCE_MS + 1000, 400)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        yield world


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        yield world


async def test_the_primary(world: World) -> None:
    status, body, headers = await world.get(PRIMARY)
    assert status == 200
    assert body == {
        "group": GROUP,
        "host": "10.0.0.1",
        "port": 6379,
        "address": A,
        "term": 7,
        "since": "2026-01-01T00:00:00.123Z",
    }
    assert headers["ETag"] == '"7"'
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


async def test_the_primary_is_told_by_its_announced_address(tmp_path: Path) -> None:
    spec = NodeSpec(A, "10.0.0.1", 6379, announce_host="2001:db8::1", announce_port=6380)
    async with running(tmp_path, specs=(spec,)) as world:
        _, body, _ = await world.get(PRIMARY)
        assert (body["host"], body["port"], body["address"]) == ("2001:db8::1", 6380, "[2001:db8::1]:6380")


async def test_a_primary_that_is_no_longer_configured_is_told_by_its_name(tmp_path: Path) -> None:
    async with running(tmp_path, specs=(NodeSpec(B, "10.0.0.2", 6379),)) as world:
        _, body, _ = await world.get(PRIMARY)
        assert body["address"] == A


@pytest.mark.parametrize("tag", ['"7"', 'W/"7"', "*", '"6", "7"'])
async def test_a_known_term_is_not_sent_again(world: World, tag: str) -> None:
    status, _, headers = await world.get(PRIMARY, **{"If-None-Match": tag})
    assert status == 304 and headers["ETag"] == '"7"'


@pytest.mark.parametrize("tag", ['"6"', "7", "rubbish", '"'])
async def test_another_or_garbled_tag_gets_the_answer(world: World, tag: str) -> None:
    status, _, _ = await world.get(PRIMARY, **{"If-None-Match": tag})
    assert status == 200


@pytest.mark.parametrize(
    ("query", "accept", "as_text"),
    [
        ("?format=text", "*/*", True),
        ("?format=json", "text/plain", False),
        ("", "text/plain", True),
        ("", "text/plain;q=0.9, application/json;q=0.8", True),
        ("", "application/json, text/plain", False),
        ("", "text/plain;q=0", False),
        ("", "text/plain;q=rubbish", False),
        ("", "*/*", False),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", False),
    ],
)
async def test_the_primary_as_plain_text(world: World, query: str, accept: str, as_text: bool) -> None:
    async with world.client.get(PRIMARY + query, headers={"Accept": accept}) as answer:
        text = await answer.text()
    assert (answer.status, answer.headers["ETag"]) == (200, '"7"')
    assert answer.content_type == ("text/plain" if as_text else "application/json")
    assert (text == f"{A}\n") == as_text


async def test_an_error_is_a_problem_whatever_was_asked_for(three: World) -> None:
    three.in_touch.clear()
    status, body, headers = await three.get(f"{PRIMARY}?format=text")
    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert body["type"] == "urn:vedette:problem:no-quorum"
    assert (await three.get(f"{PRIMARY}?format=xml"))[0] == 400


async def test_no_answer_tells_versions(world: World) -> None:
    for path in (PRIMARY, "/", "/metrics", "/no-such-path"):
        async with world.client.get(path) as answer:
            assert answer.headers["Server"] == "Vedette"


async def test_head_has_the_headers_alone(world: World) -> None:
    async with world.client.head(PRIMARY) as answer:
        assert answer.status == 200 and answer.headers["ETag"] == '"7"' and await answer.read() == b""


async def test_without_a_majority_no_primary_is_named(three: World) -> None:
    three.in_touch.clear()
    status, body, headers = await three.get(PRIMARY)
    assert status == 503
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Retry-After"] == "1"
    assert body["type"] == "urn:vedette:problem:no-quorum"
    assert body["status"] == 503 and body["instance"] == PRIMARY
    assert body["in_touch"] == ["s1"] and body["needed"] == 2
    status, body, _ = await three.get(PRIMARY, **{"If-None-Match": '"7"'})
    assert status == 503


async def test_without_a_majority_a_stale_answer_must_be_asked_for_and_says_so(three: World) -> None:
    status, body, _ = await three.get(f"{PRIMARY}?stale=ok")
    assert status == 200 and "stale" not in body
    three.in_touch.clear()
    status, body, _ = await three.get(f"{PRIMARY}?stale=ok")
    assert status == 200 and body["stale"] is True and body["address"] == A


async def test_strangers_do_not_make_a_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"x", "y"})) as world:
        assert (await world.get(PRIMARY))[0] == 503


async def test_no_primary_is_known_yet(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), topology=None) as world:
        for node in (A, B, C):
            world.redis[GROUP].nodes[node] = replace(HEALTHY[A], run_id=HEALTHY[node].run_id)
        status, body, headers = await world.get(PRIMARY)
        assert status == 503 and body["type"] == "urn:vedette:problem:no-primary" and headers["Retry-After"]

        def is_ambiguous() -> bool:
            world.redis[GROUP].look()
            return world.driver.coordinator.situation.ambiguous is not None

        await eventually(is_ambiguous, "it has been unclear for long enough to say so")
        status, body, _ = await world.get(PRIMARY)
        assert status == 503 and "no master has replicas" in str(body["detail"])
        status, body, _ = await world.get(f"/v1/groups/{GROUP}")
        assert body["topology"] is None and "no master has replicas" in str(body["ambiguous"])
        assert (await world.get(f"/v1/groups/{GROUP}/candidates"))[0] == 503


@pytest.mark.parametrize(
    "group",
    ["nobody", "..%2fetc", "%00", "a" * 2000, "%F0%9F%90%98", "%22%3E%3Cscript%3E", "x%0d%0aSet-Cookie:y"],
)
@pytest.mark.parametrize("rest", ["", "/primary", "/candidates", "/history"])
async def test_an_unknown_group(world: World, group: str, rest: str) -> None:
    status, body, headers = await world.get(f"/v1/groups/{group}{rest}")
    assert status == 404 and headers["Content-Type"] == "application/problem+json"
    assert body["type"] in ("urn:vedette:problem:unknown-group", "urn:vedette:problem:not-found")
    assert len(str(body["detail"])) < 300


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after_term=x", "after_term"),
        ("after_term=-1", "after_term"),
        ("after_term=1.5", "after_term"),
        ("after_term=", "after_term"),
        ("after_term=%D9%A3", "after_term"),
        (f"after_term={2**63}", "after_term"),
        (f"after_term={'9' * 3000}", "after_term"),
        ("after_term=7&after_term=8", "after_term"),
        ("after_term=7&wait=61s", "wait"),
        ("after_term=7&wait=1h", "wait"),
        ("after_term=7&wait=-1s", "wait"),
        ("after_term=7&wait=nan", "wait"),
        ("after_term=7&wait=1e9", "wait"),
        ("after_term=7&wait=inf", "wait"),
        ("after_term=7&wait=", "wait"),
        ("after_term=7&wait=30 s", "wait"),
        (f"after_term=7&wait={'1' * 3000}", "wait"),
        ("wait=1s", "wait"),
        ("stale=yes", "stale"),
        ("after_trem=7", "after_trem"),
    ],
)
async def test_a_bad_parameter_is_named(world: World, query: str, parameter: str) -> None:
    status, body, headers = await world.get(f"{PRIMARY}?{query}")
    assert status == 400 and headers["Content-Type"] == "application/problem+json"
    assert body["type"] == "urn:vedette:problem:bad-request" and body["parameter"] == parameter
    assert str(body["detail"]).startswith(f"{parameter}: ") and len(str(body["detail"])) < 400


async def test_a_group_in_full(three: World) -> None:
    three.redis[GROUP].look()
    three.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
    three.driver.feed(Observed(B, Evidence(EvidenceKind.MISCONFIGURED, "NOAUTH Authentication required.")))
    status, body, _ = await three.get(f"/v1/groups/{GROUP}")
    assert status == 200
    assert body["topology"] == {
        "primary": A,
        "term": 7,
        "previous": B,
        "cause": "refused",
        "leader": "s1",
        "since": "2026-01-01T00:00:00.123Z",
        "duration_ms": 312,
    }
    assert (body["term"], body["role"], body["leader"]) == (7, "follower", None)
    assert (body["quorum"], body["majority"], body["has_majority"]) == (2, 2, True)
    assert body["failover"] is None and body["ambiguous"] is None
    nodes = {node["node"]: node for node in body["nodes"]}
    assert [(nodes[n]["role"], nodes[n]["state"]) for n in (A, B, C)] == [
        ("primary", "up"),
        ("replica", "misconfigured"),
        ("replica", "down"),
    ]
    assert [(nodes[n]["offset_bytes"], nodes[n]["lag_bytes"]) for n in (A, B, C)] == [
        (1000, None),
        (990, 10),
        (900, 100),
    ]
    assert nodes[C]["grade"] == "refused" and nodes[C]["detail"] == "connection refused"
    assert nodes[B]["detail"] == "NOAUTH Authentication required." and nodes[B]["grade"] is None
    assert nodes[C]["opinions"] == [
        {"sentinel": "s1", "down": True, "grade": "refused"},
        {"sentinel": "s2", "down": False, "grade": None},
        {"sentinel": "s3", "down": None, "grade": None},
    ]
    assert not nodes[C]["objectively_down"]
    assert nodes[A]["link_up"] is None and nodes[B]["link_up"] is True and nodes[B]["follows"] == A


async def test_nodes_that_were_never_reached_are_unknown(world: World) -> None:
    _, body, _ = await world.get(f"/v1/groups/{GROUP}")
    assert {node["state"] for node in body["nodes"]} == {"unknown"}


async def test_offsets_of_unrelated_histories_are_not_compared(world: World) -> None:
    world.redis[GROUP].nodes[B] = replace(HEALTHY[B], replid="f" * 40)
    world.redis[GROUP].look()
    _, body, _ = await world.get(f"/v1/groups/{GROUP}")
    assert [node["lag_bytes"] for node in body["nodes"]] == [None, None, 100]


async def test_all_groups_and_the_peers(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), groups=(GROUP, "other")) as world:
        _, body, _ = await world.get("/v1/groups")
        assert (body["sentinel"], body["version"], body["members"]) == ("s1", "1.2.3", ["s1", "s2", "s3"])
        assert body["peers"] == [
            {"sentinel": "s2", "in_touch": True, "rtt_ms": 1.5, "clock_ahead_ms": -20.3, "apart": None},
            {"sentinel": "s3", "in_touch": False, "rtt_ms": None, "clock_ahead_ms": None, "apart": None},
        ]
        assert [group["group"] for group in body["groups"]] == [GROUP, "other"]


async def test_candidates_with_reasons(world: World) -> None:
    world.redis[GROUP].look()
    world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
    status, body, _ = await world.get(f"/v1/groups/{GROUP}/candidates")
    assert status == 200 and body["chosen"] == B and body["primary"] == A
    best, rejected = body["candidates"]
    assert (best["node"], best["eligible"], best["rank"], best["lag_bytes"]) == (B, True, 1, 10)
    assert (rejected["node"], rejected["eligible"], rejected["rank"]) == (C, False, None)
    assert rejected["reason"] == "subjectively down"


async def test_candidates_tell_what_durability_refuses(tmp_path: Path) -> None:
    async with running(tmp_path, rules=WriteRules(acknowledged_by=1)) as world:
        world.redis[GROUP].look()
        _, body, _ = await world.get(f"/v1/groups/{GROUP}/candidates")
        assert (body["chosen"], body["refusal"]) == (B, None)
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
        _, body, _ = await world.get(f"/v1/groups/{GROUP}/candidates")
        assert body["chosen"] is None and body["candidates"][0]["eligible"]
        assert body["refusal"].startswith("durability: WAIT 1 may have acknowledged writes")


async def test_history_newest_first(world: World) -> None:
    steps = (TimelineStep("evidence", 0.0), TimelineStep("elected", 12.5))
    await world.store.add_change(Change(GROUP, 6, None, B, "bootstrap", "s2", SINCE_MS, 5))
    await world.store.add_change(Change(GROUP, 7, B, A, "refused", "s1", SINCE_MS, 312, steps, 42))
    status, body, _ = await world.get(f"/v1/groups/{GROUP}/history")
    assert status == 200
    newest, oldest = body["changes"]
    assert newest == {
        "old": B,
        "new": A,
        "term": 7,
        "cause": "refused",
        "leader": "s1",
        "at": "2026-01-01T00:00:00.123Z",
        "duration_ms": 312,
        "timeline": [{"name": "evidence", "at_ms": 0.0}, {"name": "elected", "at_ms": 12.5}],
        "bytes_possibly_lost": 42,
        "may_have_lost": None,
    }
    assert oldest["old"] is None and oldest["bytes_possibly_lost"] is None
    _, body, _ = await world.get(f"/v1/groups/{GROUP}/history?limit=1")
    assert [change["term"] for change in body["changes"]] == [7]
    for bad in ("0", "1001", "-1", "x"):
        assert (await world.get(f"/v1/groups/{GROUP}/history?limit={bad}"))[0] == 400


async def test_history_that_cannot_be_read(world: World) -> None:
    await world.store.close()
    status, body, _ = await world.get(f"/v1/groups/{GROUP}/history")
    assert status == 503 and body["type"] == "urn:vedette:problem:state-unavailable"
