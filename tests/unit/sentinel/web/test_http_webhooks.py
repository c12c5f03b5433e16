"""What is listed of the outbox over HTTP, and how a dead letter gets another chance."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sentinel.webhooks.event import Endpoint, WebhookEvent
from tests.unit.sentinel.http_cases import GROUP, SINCE_MS, World, running

pytestmark = pytest.mark.unit

LIST = "/v1/webhooks"
RECEIVER = Endpoint("https://user:pa55@hooks.example:8443/T00/B00?key=t0ken", b"k", None, 1.0)
OTHER = Endpoint("http://other.example/", b"k", frozenset({"primary.down"}), 1.0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, receivers=(RECEIVER, OTHER), token="t") as world:
        yield world


async def add(world: World, *names: str) -> None:
    for name in names:
        await world.outbox.add(WebhookEvent(name, "failover.completed", GROUP, SINCE_MS, {}), owner=True)


async def bury(world: World, name: str) -> str:
    """The dead letter's id over HTTP."""
    await add(world, name)
    item = await world.outbox.next_due(RECEIVER, time.time())
    assert item is not None and item.event_id == name
    await world.outbox.bury(item, "answered 500")
    return f"s1.{item.row_id}"


async def retry(world: World, id_: str, **headers: str) -> tuple[int, dict[str, object]]:
    given = headers or {"Authorization": "Bearer t"}
    async with world.client.post(f"{LIST}/{id_}/retry", headers=given) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_pending_and_dead_letters_are_listed_with_their_state(world: World) -> None:
    id_ = await bury(world, "msg_dead")
    await add(world, "msg_failing")
    item = await world.outbox.next_due(RECEIVER, time.time())
    assert item is not None
    await world.outbox.retry_at(item, 4_000_000_000.5, "answered 503")
    await add(world, "msg_new")
    status, body, _ = await world.get(LIST)
    assert status == 200 and (body["sentinel"], body["pending"], body["dead"]) == ("s1", 2, 1)
    failing, new, dead = body["deliveries"]
    created = dead.pop("created_at")
    assert created.endswith("Z")
    assert dead == {
        "id": id_,
        "state": "dead",
        "event": "msg_dead",
        "type": "failover.completed",
        "group": GROUP,
        "receiver": "https://hooks.example:8443",
        "attempts": 1,
        "last_error": "answered 500",
        "next_try_at": None,
    }
    assert (failing["state"], failing["event"], failing["attempts"]) == ("pending", "msg_failing", 1)
    assert (failing["last_error"], failing["next_try_at"]) == ("answered 503", "2096-10-02T07:06:40.500Z")
    assert (new["event"], new["attempts"], new["last_error"], new["next_try_at"]) == (
        "msg_new",
        0,
        None,
        None,
    )


async def test_nothing_secret_of_a_url_is_shown(world: World) -> None:
    await bury(world, "msg_1")
    _, body, _ = await world.get(LIST)
    shown = json.dumps(body)
    assert not any(secret in shown for secret in ("user", "pa55", "T00", "t0ken", "@"))


async def test_as_many_as_asked_for_are_listed_and_all_are_counted(world: World) -> None:
    for number in range(4):
        await bury(world, f"msg_{number}")
    _, body, _ = await world.get(f"{LIST}?limit=2")
    assert body["dead"] == 4
    assert [each["event"] for each in body["deliveries"]] == ["msg_3", "msg_2"]
    for bad in ("0", "1001", "x", "-1"):
        status, body, _ = await world.get(f"{LIST}?limit={bad}")
        assert (status, body["parameter"]) == (400, "limit")


async def test_a_dead_letter_is_tried_again_once(world: World) -> None:
    id_ = await bury(world, "msg_1")
    assert await retry(world, id_) == (202, {"id": id_})
    _, body, _ = await world.get(LIST)
    assert [(each["state"], each["attempts"]) for each in body["deliveries"]] == [("pending", 0)]
    status, problem = await retry(world, id_)
    assert (status, problem["type"]) == (404, "urn:vedette:problem:unknown-webhook")


async def test_a_receiver_that_is_gone_is_told_until_somebody_retries(world: World) -> None:
    id_ = await bury(world, "msg_1")
    world.outbox.stop(RECEIVER, "answered 410: it wants no more events")
    _, body, _ = await world.get(LIST)
    assert body["receivers"] == [
        {"receiver": "https://hooks.example:8443", "stopped": "answered 410: it wants no more events"},
        {"receiver": "http://other.example", "stopped": None},
    ]
    assert (await retry(world, id_))[0] == 202
    _, body, _ = await world.get(LIST)
    assert body["receivers"][0]["stopped"] is None


@pytest.mark.parametrize(
    "id_", ["s1.99", "s2.1", "1", "s1.", "s1.-1", "s1.1e3", "s1." + "9" * 30, "%00", "🙂"]
)
async def test_an_id_that_is_not_here_is_said_to_be_unknown(world: World, id_: str) -> None:
    await bury(world, "msg_1")
    status, problem = await retry(world, id_)
    assert (status, problem["type"]) == (404, "urn:vedette:problem:unknown-webhook")


async def test_only_who_may_change_something_may_retry(world: World) -> None:
    id_ = await bury(world, "msg_1")
    assert (await retry(world, id_, Authorization="Bearer wrong"))[0] == 401
    assert (await retry(world, id_, Authorization="Bearer t", Origin="http://evil.example"))[0] == 403
    for type_ in ("text/plain", "application/x-www-form-urlencoded"):
        assert (await retry(world, id_, Authorization="Bearer t", **{"Content-Type": type_}))[0] == 415
    _, body, _ = await world.get(LIST)
    assert body["dead"] == 1


async def test_a_state_that_cannot_be_read_is_said(world: World) -> None:
    await world.store.close()
    status, body, _ = await world.get(LIST)
    assert (status, body["type"]) == (503, "urn:vedette:problem:state-unavailable")
