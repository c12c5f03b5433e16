"""The problems of the next failover over HTTP, and a new look at whoever's request."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentinel.preflight.facts import Problem
from sentinel.preflight.report import Report
from sentinel.preflight.schedule import NotCheckedError, TooSoonError
from tests.unit.sentinel.http_cases import GROUP, B, running

PATH = f"/v1/groups/{GROUP}/preflight"
PROBLEM = Problem(B, "warning", "memory", "has little", "Give it more.")
FOUND = Report(2_000, (PROBLEM,), {(B, "memory"): 1_000})


async def answers(_group: str) -> Report:
    return FOUND


async def test_each_problem_has_the_time_at_which_it_was_found(tmp_path: Path) -> None:
    async with (
        running(tmp_path, check=answers) as world,
        world.client.post(PATH) as answer,
    ):
        body = await answer.json()
    assert (answer.status, body["checked_at"]) == (200, "1970-01-01T00:00:02.000Z")
    assert [(p["code"], p["found_at"]) for p in body["problems"]] == [("memory", "1970-01-01T00:00:01.000Z")]


async def test_a_look_is_a_change_and_needs_the_token(tmp_path: Path) -> None:
    async with running(tmp_path, check=answers, token="secret") as world:
        async with world.client.post(PATH) as answer:
            assert answer.status == 401
        async with world.client.post(PATH, headers={"Authorization": "Bearer secret"}) as answer:
            assert answer.status == 200
        async with world.client.post(
            "/v1/groups/other/preflight", headers={"Authorization": "Bearer secret"}
        ) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [(TooSoonError(), 429, "too-soon"), (NotCheckedError("it is busy"), 409, "in-progress")],
)
async def test_why_there_was_no_look(tmp_path: Path, error: Exception, status: int, kind: str) -> None:
    async def refuses(_group: str) -> Report:
        raise error

    async with running(tmp_path, check=refuses) as world, world.client.post(PATH) as answer:
        body = await answer.json(content_type=None)
    assert (answer.status, body["type"]) == (status, f"urn:vedette:problem:{kind}")
    assert ("Retry-After" in answer.headers) == (status == 429)
