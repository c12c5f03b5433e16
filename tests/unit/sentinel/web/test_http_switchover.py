"""Asking for a switchover over HTTP: what is refused before anything is touched, and what is accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDictProxy

from promotion.sealing import WriteRules
from promotion.step_types import Freeze, Promote, Rehearse, Repoint, Step, Taken
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from sentinel.coordination.node_info import NodeInfo
from tests.unit.sentinel import http_cases
from tests.unit.sentinel.http_cases import GROUP, A, B, C, MemoryRedis, World, eventually, running

pytestmark = pytest.mark.unit

SWITCHOVER = f"/v1/groups/{GROUP}/switchover"
THREE = frozenset({"s1", "s2", "s3"})
JSON = {"Content-Type": "application/json"}
TOKEN = "0123456789abcdef"
LIMIT_S = 30.0
"""The group's ``failover_timeout``: no switchover may hold up writes for longer."""

Answer = tuple[int, dict[str, Any], CIMultiDictProxy[str]]


class PausableRedis(MemoryRedis):
    """Once its writes are paused, the replicas have all that the primary has."""

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        TAKEN.append(step)
        if isinstance(step, Freeze):
            for name in (B, C):
                self.nodes[name] = replace(self.nodes[name], replica_offset_bytes=1000)
            return Taken()
        return await super().take(step, term, guard)


TAKEN: list[Step] = []


@pytest.fixture(autouse=True)
def pausable(monkeypatch: pytest.MonkeyPatch) -> None:
    TAKEN.clear()
    monkeypatch.setattr(http_cases, "MemoryRedis", PausableRedis)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, limit_s=LIMIT_S) as world:
        world.redis[GROUP].look()
        yield world


async def post(
    world: World, body: object = None, headers: Mapping[str, str] | None = None, path: str = SWITCHOVER
) -> Answer:
    """``body``: bytes as they are, anything else as JSON, None for no body."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {**(JSON if data is not None else {}), **(headers or {})}
    async with world.client.post(path, data=data, headers=sent) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def followed(world: World, operation: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            status, body, _ = await world.get(f"/v1/operations/{operation}")
            assert status == 200
            if body["state"] in ("completed", "failed"):
                await eventually(lambda: world.driver.coordinator.work is None, "the work is done")
                return body
            await asyncio.sleep(0.005)


def assert_refused(world: World, answer: Answer, status: int, kind: str) -> str:
    """The detail. Nothing was begun."""
    assert answer[0] == status
    assert answer[1]["type"] == f"urn:vedette:problem:{kind}"
    assert answer[2]["Content-Type"] == "application/problem+json"
    assert world.driver.coordinator.request is None
    assert world.operations.open_in(GROUP) is None
    assert TAKEN == []
    return str(answer[1]["detail"])


# -- accepted ----------------------------------------------------------------------------------


async def test_a_switchover_from_request_to_primary(world: World) -> None:
    status, body, headers = await post(world)
    assert (status, body["group"]) == (202, GROUP)
    assert headers["Location"] == f"/v1/operations/{body['operation']}"
    ended = await followed(world, body["operation"])
    assert (ended["kind"], ended["state"], ended["new_primary"]) == ("switchover", "completed", B)
    (_, change, _) = await world.get(f"/v1/groups/{GROUP}")
    assert (change["topology"]["primary"], change["topology"]["cause"]) == (B, "switchover")
    assert world.redis[GROUP].nodes[A].role == "slave"


async def test_durability_needs_nobody_to_vouch_for_what_is_handed_over(tmp_path: Path) -> None:
    async with running(tmp_path, rules=WriteRules(acknowledged_by=1)) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
        _, body, _ = await post(world)
        assert (await followed(world, body["operation"]))["new_primary"] == B


async def test_the_writes_are_paused_and_the_old_primary_demoted_before_the_new_one_is_promoted(
    world: World,
) -> None:
    await followed(world, (await post(world, {"timeout": "3s"}))[1]["operation"])
    assert TAKEN[:2] == [Rehearse(A, "replica"), Rehearse(B, "primary")]
    freeze, demote, promote = TAKEN[2:5]
    assert freeze == Freeze(A, 5.0)
    assert isinstance(demote, Repoint) and (demote.node, demote.reason) == (A, "demote")
    assert isinstance(promote, Promote) and promote.node == B


@pytest.mark.parametrize("body", [{"to": C}, {"candidate": C}, {"to": C, "candidate": C}])
async def test_the_node_asked_for_takes_over_by_either_name(world: World, body: dict[str, str]) -> None:
    ended = await followed(world, (await post(world, body))[1]["operation"])
    assert (ended["state"], ended["candidate"], ended["new_primary"]) == ("completed", C, C)


@pytest.mark.parametrize(
    ("limit", "pause_s"),
    [(None, 4.0), ("100ms", 2.1), ("5s", 7.0), (f"{LIMIT_S:g}s", LIMIT_S + 2.0)],
)
async def test_writes_are_held_up_for_no_longer_than_asked(
    world: World, limit: str | None, pause_s: float
) -> None:
    """The pause outlasts the limit by two seconds, in which it is undone."""
    status, answer, _ = await post(world, {"timeout": limit})
    assert status == 202
    await followed(world, answer["operation"])
    freeze = TAKEN[2]
    assert isinstance(freeze, Freeze) and freeze.for_s == pytest.approx(pause_s)


async def test_a_failover_is_told_from_it_by_its_kind(world: World) -> None:
    (_, body, _) = await post(world, path=f"/v1/groups/{GROUP}/failover")
    assert (await followed(world, body["operation"]))["kind"] == "failover"
    assert not any(isinstance(step, Freeze) for step in TAKEN)


# -- bad requests ------------------------------------------------------------------------------


BAD_VALUES: tuple[tuple[dict[str, str], str], ...] = (
    ({"to": B, "candidate": C}, f"to: '{B}' and candidate '{C}' differ"),
    ({"timeout": "99ms"}, "timeout: '99ms' is shorter than 0.1s"),
    ({"timeout": "0s"}, "timeout: '0s' is shorter than 0.1s"),
    ({"timeout": "30001ms"}, "timeout: '30001ms' is longer than 30s"),
    ({"timeout": "5m"}, "timeout: '5m' is longer than 30s"),
    ({"timeout": "soon"}, "'soon' is not a duration"),
    ({"timeout": "-2s"}, "'-2s' is not a duration"),
)
BAD_BODIES: tuple[tuple[object, str], ...] = (
    (b"{", "body"),
    (b"[]", "body"),
    ({"timeout": 2}, "timeout"),
    ({"timeout": ""}, "timeout"),
    ({"timeout": "1" * 33}, "timeout"),
    ({"to": ""}, "to"),
    ({"to": 6379}, "to"),
    ({"to": "x" * 301}, "to"),
    ({"target": B}, "target"),
)


async def test_a_bad_value_is_named(world: World) -> None:
    for body, detail in BAD_VALUES:
        assert detail in assert_refused(world, await post(world, body), 400, "bad-request")


async def test_a_bad_body_is_named(world: World) -> None:
    for body, field in BAD_BODIES:
        answer = await post(world, body)
        assert_refused(world, answer, 400, "bad-request")
        assert field in [error["field"] for error in answer[1]["errors"]], body


async def test_what_a_form_can_send_is_refused(world: World) -> None:
    answer = await post(world, b"{}", {"Content-Type": "text/plain"})
    assert_refused(world, answer, 415, "unsupported-media-type")


# -- who may ask -------------------------------------------------------------------------------


async def test_the_token_is_needed_where_one_is_configured(tmp_path: Path) -> None:
    async with running(tmp_path, token=TOKEN) as world:
        world.redis[GROUP].look()
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            answer = await post(world, None, headers)
            assert_refused(world, answer, 401, "unauthorized")
            assert answer[2]["WWW-Authenticate"].startswith("Bearer ")
        status, body, _ = await post(world, None, {"Authorization": f"Bearer {TOKEN}"})
        assert status == 202
        await followed(world, body["operation"])


async def test_without_token_and_loopback_nothing_can_be_changed(tmp_path: Path) -> None:
    async with running(tmp_path, open_posts=False) as world:
        world.redis[GROUP].look()
        assert_refused(world, await post(world), 403, "forbidden")


async def test_a_page_of_another_origin_and_a_rebound_name_are_refused(world: World) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert_refused(world, await post(world, None, headers), 403, "forbidden")


# -- when it cannot be -------------------------------------------------------------------------


async def test_an_unknown_group(world: World) -> None:
    assert_refused(world, await post(world, path="/v1/groups/nobody/switchover"), 404, "unknown-group")


async def test_without_a_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        assert_refused(world, await post(world), 503, "no-quorum")


async def test_a_group_that_is_being_worked_on(tmp_path: Path) -> None:
    # Two of three in touch, but nobody answers the election: the first request stays open.
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), limit_s=0.5) as world:
        world.redis[GROUP].look()
        _, first, _ = await post(world)
        again = await post(world)
        assert (again[0], again[1]["type"]) == (409, "urn:vedette:problem:in-progress")
        assert again[1]["operation"] == first["operation"]
        ended = await followed(world, first["operation"])
        assert (ended["kind"], ended["state"]) == ("switchover", "failed")


async def test_no_topology(tmp_path: Path) -> None:
    async with running(tmp_path, topology=None) as world:
        assert "nothing to fail over from" in assert_refused(world, await post(world), 412, "precondition")


def unlinked(said: NodeInfo) -> NodeInfo:
    return replace(said, link_up=False, link_down_s=1)


async def test_a_node_that_cannot_take_over_is_refused_with_the_reasons(world: World) -> None:
    world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
    world.redis[GROUP].nodes[B] = unlinked(world.redis[GROUP].nodes[B])
    world.redis[GROUP].look(frozenset({B}))
    for to, detail in (
        (A, f"{A}: is the primary already."),
        ("10.9.9.9:6379", "is no node of this group"),
        (C, f"{C}: subjectively down."),
        (B, f"{B} is not linked to {A}."),
    ):
        answer = await post(world, {"to": to})
        assert detail in assert_refused(world, answer, 412, "precondition")
        assert {each["node"] for each in answer[1]["candidates"]} == {B, C}


async def test_a_primary_that_does_not_answer_takes_a_failover(tmp_path: Path) -> None:
    """One of three alone calls it down, so that nothing is under way yet."""
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        world.redis[GROUP].lose_primary()
        detail = assert_refused(world, await post(world), 412, "precondition")
        assert detail == f"{A} does not answer as a primary: this takes a failover."
