"""A primary that refuses its clients, as the API, a load balancer's check and the metrics show it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quorum.inputs import RefusalSeen
from quorum.usability import Refusal, Refusing, Source
from tests.unit.sentinel.http_cases import GROUP, A, B, World, running

CHECK = f"/v1/check/{GROUP}"
OOM = Refusing(Refusal.OOM, "refuses writes (-OOM): no room")
FULL = Refusing(Refusal.MAXCLIENTS, "turns new clients away")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        yield world


@pytest.fixture
async def refusing(world: World) -> World:
    world.driver.feed(RefusalSeen(A, Source.INFO, OOM))
    world.driver.feed(RefusalSeen(B, Source.DOOR, FULL))
    return world


async def test_it_is_a_state_of_its_own(refusing: World) -> None:
    _, body, _ = await refusing.get(f"/v1/groups/{GROUP}")
    states = {node["node"]: (node["state"], node["refuses"], node["detail"]) for node in body["nodes"]}
    assert states[A] == ("refuses_writes", "OOM", OOM.detail)
    assert states[B] == ("refuses_clients", "MAXCLIENTS", FULL.detail)


async def test_a_check_says_so_and_fails_where_writes_are_asked_for(refusing: World) -> None:
    status, body, headers = await refusing.get(f"{CHECK}/primary?node={A}")
    assert (status, body["refuses"], body["detail"]) == (200, "OOM", OOM.detail)
    assert headers["X-Vedette-Refuses"] == "OOM"
    status, body, _ = await refusing.get(f"{CHECK}/primary?node={A}&writable=true")
    assert (status, body["detail"]) == (503, f"{A}: {OOM.detail}.")
    status, body, _ = await refusing.get(f"{CHECK}/replica?node={B}")
    assert (status, body["detail"]) == (503, f"{B}: it {FULL.detail}.")


async def test_a_primary_that_refuses_nothing_is_writable(world: World) -> None:
    status, body, headers = await world.get(f"{CHECK}/primary?node={A}&writable=true")
    assert (status, body["refuses"]) == (200, None)
    assert "X-Vedette-Refuses" not in headers
    status, body, _ = await world.get(f"{CHECK}/primary?node={A}&writable=maybe")
    assert status == 400
