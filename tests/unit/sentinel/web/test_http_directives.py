"""Pause, resume and scheduled switchovers over HTTP: what is refused, and what every sentinel then shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDictProxy

from quorum.directives import Outcome
from sentinel.status.answers import GroupAnswer
from tests.unit.sentinel.http_cases import GROUP, TERM_7, A, B, World, eventually, running

# Fixtures count for this module where they are imported.
from tests.unit.sentinel.web.test_http_switchover import pausable

__all__ = ["pausable"]

pytestmark = pytest.mark.unit

PATH = f"/v1/groups/{GROUP}"
PAUSE, RESUME, SWITCHOVER = (f"{PATH}/{what}" for what in ("pause", "resume", "switchover"))
CALLS = [("POST", PAUSE), ("POST", RESUME), ("POST", SWITCHOVER), ("DELETE", SWITCHOVER)]
THREE = frozenset({"s1", "s2", "s3"})
TOKEN = "0123456789abcdef"

Answer = tuple[int, dict[str, Any], CIMultiDictProxy[str]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        yield world


async def ask(
    world: World, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> Answer:
    sent = {"Content-Type": "application/json", **(headers or {})}
    data = None if body is None else json.dumps(body).encode()
    async with world.client.request(method, path, data=data, headers=sent) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def carried_out(world: World, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Accepted, and followed until it has a majority's consent."""
    status, accepted, headers = await ask(world, method, path, body)
    assert status == 202, accepted
    assert headers["Location"] == f"/v1/operations/{accepted['operation']}"
    async with asyncio.timeout(20):
        while True:
            operation = (await world.get(headers["Location"]))[1]
            if operation["state"] != "accepted":
                break
            await asyncio.sleep(0.005)
    await eventually(lambda: world.driver.coordinator.work is None, "the work is done")
    return operation


def kind(answer: Answer) -> tuple[int, str]:
    return answer[0], answer[1]["type"].removeprefix("urn:vedette:problem:")


def at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def group(world: World) -> GroupAnswer:
    return GroupAnswer.model_validate((await world.get(PATH))[1])


async def test_pause_and_resume(world: World) -> None:
    assert (await group(world)).paused is None
    operation = await carried_out(world, "POST", PAUSE, {"reason": "kernel updates"})
    assert (operation["kind"], operation["state"]) == ("pause", "completed")
    paused = (await group(world)).paused
    assert paused is not None and (paused.by, paused.reason) == ("s1", "kernel updates")
    assert paused.since == operation["requested_at"]
    again = await carried_out(world, "POST", PAUSE)
    assert again["state"] == "completed", "to pause twice is the same as once"
    assert (await group(world)).paused == paused
    for _ in range(2):
        assert (await carried_out(world, "POST", RESUME))["state"] == "completed"
        assert (await group(world)).paused is None


@pytest.mark.parametrize("path", ["failover", "switchover"])
async def test_while_paused_the_sentinels_choose_nothing(world: World, path: str) -> None:
    await carried_out(world, "POST", PAUSE)
    refused = await ask(world, "POST", f"{PATH}/{path}")
    assert kind(refused) == (409, "paused")


async def test_while_paused_a_named_node_is_promoted(world: World) -> None:
    await carried_out(world, "POST", PAUSE)
    status, accepted, _ = await ask(world, "POST", f"{PATH}/failover", {"candidate": B})
    assert status == 202, accepted
    await eventually(lambda: world.driver.view.published != TERM_7, "the failover")
    answer = await group(world)
    assert answer.topology is not None and answer.topology.primary == B and answer.paused is not None


async def test_a_schedule_is_shown_and_known_by_its_operation(world: World) -> None:
    wanted = at(3600)
    operation = await carried_out(world, "POST", SWITCHOVER, {"at": wanted, "to": B})
    assert (operation["state"], operation["kind"], operation["candidate"]) == ("scheduled", "switchover", B)
    scheduled = (await group(world)).scheduled
    assert scheduled is not None and (scheduled.operation, scheduled.to) == (operation["operation"], B)
    assert abs(datetime.fromisoformat(scheduled.at) - datetime.fromisoformat(wanted)).total_seconds() < 0.01
    assert operation["at"] == scheduled.at
    world.operations._operations.clear()
    status, known, _ = await world.get(f"/v1/operations/{operation['operation']}")
    assert status == 200 and known == operation, "also where it is known by what was agreed on alone"


async def test_a_second_schedule_needs_the_first_to_be_cancelled(world: World) -> None:
    first = await carried_out(world, "POST", SWITCHOVER, {"at": at(3600)})
    refused = await ask(world, "POST", SWITCHOVER, {"at": at(7200)})
    assert kind(refused) == (409, "already-scheduled")
    assert refused[1]["operation"] == first["operation"]
    cancel = await carried_out(world, "DELETE", SWITCHOVER)
    assert (cancel["kind"], cancel["state"]) == ("cancel", "completed")
    assert (await group(world)).scheduled is None
    for _ in range(2):
        status, ended, _ = await world.get(f"/v1/operations/{first['operation']}")
        assert (status, ended["state"], ended["reason"]) == (200, "failed", "an operator cancelled it")
        world.operations._operations.clear()
    assert kind(await ask(world, "DELETE", SWITCHOVER)) == (404, "not-scheduled")
    assert (await carried_out(world, "POST", SWITCHOVER, {"at": at(7200)}))["state"] == "scheduled"


async def test_it_runs_at_its_time_and_its_operation_tells(world: World) -> None:
    operation = await carried_out(world, "POST", SWITCHOVER, {"at": at(0.5)})

    def closed() -> bool:
        # Nobody wakes this group at the time: anything that happens to it does.
        world.redis[GROUP].look()
        found = world.driver.directives.closed
        return found is not None and found.outcome is not Outcome.STARTED

    await eventually(closed, "the schedule to end")
    status, ended, _ = await world.get(f"/v1/operations/{operation['operation']}")
    assert (status, ended["state"], ended["new_primary"]) == (200, "completed", B)
    world.operations._operations.clear()
    known = (await world.get(f"/v1/operations/{operation['operation']}"))[1]
    assert (known["state"], known["new_primary"], known["term"]) == ("completed", B, ended["term"])


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("soon", "is not a time"),
        ("2099-01-01T03:00:00Z\0", "is not a time"),
        ("0001-01-01T00:00:00+23:59", "is not in the future"),
        ("2099-01-01T03:00:00", "has no offset"),
        ("2001-01-01T03:00:00Z", "is not in the future"),
        ("2099-01-01T03:00:00Z", "days away"),
        ("9999-12-31T23:59:59-23:59", "days away"),
    ],
)
async def test_a_time_that_cannot_be_meant(world: World, when: str, problem: str) -> None:
    answer = await ask(world, "POST", SWITCHOVER, {"at": when})
    assert kind(answer) == (400, "bad-request") and problem in answer[1]["detail"]
    assert answer[1]["parameter"] == "at"


@pytest.mark.parametrize(
    ("to", "why"), [(A, "is the primary already"), ("10.9.9.9:1", "is no node of this group")]
)
async def test_a_node_that_cannot_be_meant(world: World, to: str, why: str) -> None:
    answer = await ask(world, "POST", SWITCHOVER, {"at": at(3600), "to": to})
    assert kind(answer) == (412, "precondition") and why in answer[1]["detail"]


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": "x" * 201}, {"why": "x"}, {"reason": 7}])
async def test_a_pause_that_is_not_understood(world: World, body: object) -> None:
    assert kind(await ask(world, "POST", PAUSE, body)) == (400, "bad-request")
    assert kind(await ask(world, "POST", RESUME, {"reason": "x"})) == (400, "bad-request")


async def test_text_that_no_peer_could_be_sent_is_refused(world: World) -> None:
    async with world.client.post(
        PAUSE, data=b'{"reason": "\\ud800"}', headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_nothing_is_changed_for_who_may_not(tmp_path: Path, method: str, path: str) -> None:
    async with running(tmp_path, token=TOKEN, open_posts=False) as world:
        assert kind(await ask(world, method, path)) == (401, "unauthorized")
        wrong = {"Authorization": "Bearer wrong"}
        assert kind(await ask(world, method, path, headers=wrong)) == (401, "unauthorized")
        foreign = {"Origin": "http://evil.example", "Authorization": f"Bearer {TOKEN}"}
        assert kind(await ask(world, method, path, headers=foreign)) == (403, "forbidden")


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_without_a_majority_it_says_so(tmp_path: Path, method: str, path: str) -> None:
    async with running(tmp_path, members=THREE) as world:
        assert kind(await ask(world, method, path)) == (503, "no-quorum")


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_an_unknown_group_is_named(world: World, method: str, path: str) -> None:
    answer = await ask(world, method, path.replace(GROUP, "nobody"))
    assert kind(answer) == (404, "unknown-group") and "nobody" in answer[1]["detail"]


async def test_one_order_at_a_time(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=THREE - {"s1"}) as world:
        status, first, _ = await ask(world, "POST", PAUSE)
        assert status == 202
        second = await ask(world, "POST", RESUME)
        assert kind(second) == (409, "in-progress") and second[1]["operation"] == first["operation"]
