"""Server-sent events: what listeners hear, how they go on after a loss, and what they may cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from quorum.inputs import Gossip
from quorum.messages import Entry, Opinions, Topology
from sentinel.coordination.inputs import InfoSeen
from sentinel.web import events as http_events
from sentinel.webhooks.event import WebhookEvent
from tests.event_stream import Event, EventParser
from tests.unit.sentinel.http_cases import GROUP, HEALTHY, SINCE_MS, A, B, World, eventually, running

pytestmark = pytest.mark.unit

THREE = frozenset({"s1", "s2", "s3"})
TERM_8 = Topology(B, 8, A, "silent", "s2", SINCE_MS + 1000, 400)


class Listener:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.parser = EventParser()

    async def event(self) -> Event:
        async with asyncio.timeout(20):
            while True:
                line = await self.response.content.readline()
                if not line:
                    raise EOFError("the stream is over")
                event = self.parser.feed(line.decode())
                if event is not None:
                    return event

    async def events(self, count: int) -> list[Event]:
        return [await self.event() for _ in range(count)]

    @property
    def last_id(self) -> str:
        return self.parser.last_id


@asynccontextmanager
async def listening(world: World, query: str = "", **headers: str) -> AsyncIterator[Listener]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with world.client.get(f"/v1/events{query}", headers=named) as response:
        assert response.status == 200 and response.content_type == "text/event-stream"
        yield Listener(response)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), groups=(GROUP, "other")) as world:
        for ports in world.redis.values():
            ports.look()
        yield world


def event(number: int, group: str = GROUP) -> WebhookEvent:
    return WebhookEvent(f"msg_{number}", "replica.down", group, SINCE_MS, {"node": B})


async def test_an_event_has_the_webhooks_body_and_an_id_of_the_stream(world: World) -> None:
    async with listening(world) as listener:
        world.events.tell(event(1))
        assert await listener.event() == ("replica.down", json.loads(event(1).body()))
        assert listener.last_id and listener.parser.retry == "1000"
        assert listener.response.headers["Cache-Control"] == "no-store"


async def test_only_the_group_that_was_asked_for(world: World) -> None:
    async with listening(world, "?group=other") as listener:
        world.events.tell(event(1))
        world.events.tell(event(2, "other"))
        assert (await listener.event())[1]["id"] == "msg_2"


async def test_a_listener_goes_on_where_it_was_cut_off(world: World) -> None:
    async with listening(world) as listener:
        world.events.tell(event(1))
        await listener.event()
    for number in (2, 3):
        world.events.tell(event(number))
    for query, headers in (
        (f"?last_event_id={listener.last_id}", {}),
        ("", {"Last_Event_ID": listener.last_id}),
        ("?last_event_id=of.another.time", {"Last_Event_ID": listener.last_id}),
    ):
        async with listening(world, query, **headers) as back:
            assert [data["id"] for _, data in await back.events(2)] == ["msg_2", "msg_3"]


async def test_one_that_heard_nothing_yet_can_go_on_too(world: World) -> None:
    async with listening(world) as listener:
        waiting = asyncio.create_task(listener.event())
        await eventually(lambda: listener.last_id != "", "the stream's first id")
        waiting.cancel()
    world.events.tell(event(1))
    async with listening(world, Last_Event_ID=listener.last_id) as back:
        assert (await back.event())[1]["id"] == "msg_1"


@pytest.mark.parametrize("id_", ["s1.1.999", "s1.0.1", "s2.1.1", "1", "-1", "s1.1.x", "%00", "🙂"])
async def test_an_unknown_id_begins_anew(world: World, id_: str) -> None:
    world.events.tell(event(1))
    async with listening(world, f"?last_event_id={id_}") as listener:
        assert await listener.event() == ("reset", {})
        world.events.tell(event(2))
        assert (await listener.event())[1]["id"] == "msg_2"


async def test_what_the_log_has_forgotten_begins_anew(tmp_path: Path) -> None:
    async with running(tmp_path, kept_events=2) as world:
        for number in range(4):
            world.events.tell(event(number))
        async with listening(world, "?last_event_id=s1.1.1") as listener:
            assert (await listener.event())[0] == "reset"
        async with listening(world, "?last_event_id=s1.1.2") as listener:
            assert [data["id"] for _, data in await listener.events(2)] == ["msg_2", "msg_3"]


async def test_a_group_that_looks_different_is_marked(world: World) -> None:
    async with listening(world) as listener:
        entry = Entry(8, 1, TERM_8)
        world.driver.received("s2", Opinions(1, 8, (), entry))
        assert await listener.event() == ("group", {"group": GROUP})
        world.in_touch.clear()
        world.events.touch_all()
        assert [data["group"] for _, data in await listener.events(2)] == [GROUP, "other"]


async def test_what_only_counts_on_is_no_news(world: World) -> None:
    async with listening(world) as listener:
        waiting = asyncio.create_task(listener.event())
        await eventually(lambda: listener.last_id != "", "the stream's first id")
        for _ in range(20):
            grown = replace(HEALTHY[B], replica_offset_bytes=5_000_000)
            world.driver.feed(InfoSeen(B, grown, "10.0.0.2"))
            world.driver.feed(Gossip())
            await asyncio.sleep(0.002)
        world.events.tell(event(1))
        assert (await waiting)[1]["id"] == "msg_1"


async def test_changes_that_nobody_heard_are_marked_for_who_comes_back(world: World) -> None:
    async with listening(world) as listener:
        world.events.tell(event(1))
        await listener.event()
    await eventually(lambda: world.kept.listening.inside == 0, "the listener is gone")
    world.driver.received("s2", Opinions(1, 8, (), Entry(8, 1, TERM_8)))
    async with listening(world, Last_Event_ID=listener.last_id) as back:
        assert await back.event() == ("group", {"group": GROUP})


async def test_silence_is_broken_by_comments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_events, "HEARTBEAT_S", 0.01)
    async with listening(world, "?group=other") as listener:
        waiting = asyncio.create_task(listener.event())
        await eventually(lambda: listener.parser.comments >= 3, "heartbeats")
        world.events.tell(event(1, "other"))
        assert (await waiting)[1]["id"] == "msg_1"


async def test_listeners_are_bounded_and_forgotten_when_they_go(tmp_path: Path) -> None:
    async with running(tmp_path, max_listening=1) as world:
        async with listening(world):
            status, body, headers = await world.get("/v1/events")
            assert (status, body["type"]) == (503, "urn:vedette:problem:too-many-waiting")
            assert headers["Retry-After"]
        await eventually(lambda: world.kept.listening.inside == 0, "the listener is gone")
        async with listening(world):
            pass


async def test_one_that_takes_nothing_is_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_events, "WRITE_TIMEOUT_S", 0.05)
    host, port = world.runner.addresses[0][:2]
    _reader, writer = await asyncio.open_connection(host, port, limit=1024)
    try:
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await eventually(lambda: world.kept.listening.inside == 1, "it listens")
        big = WebhookEvent("msg_1", "replica.down", GROUP, SINCE_MS, {"x": "y" * 60_000})

        def is_cut() -> bool:
            world.events.tell(big)
            return world.kept.listening.inside == 0

        await eventually(is_cut, "the slow listener is cut off")
    finally:
        writer.transport.abort()


async def test_an_unknown_group_and_unknown_parameters_are_refused(world: World) -> None:
    status, body, _ = await world.get("/v1/events?group=nobody")
    assert (status, body["type"]) == (404, "urn:vedette:problem:unknown-group")
    assert (await world.get("/v1/events?since=1"))[0] == 400


async def test_head_ends(world: World) -> None:
    async with world.client.head("/v1/events") as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"


async def test_a_sentinel_that_stops_ends_the_streams(world: World) -> None:
    async with listening(world) as listener:
        waiting = asyncio.create_task(listener.event())
        await eventually(lambda: listener.last_id != "", "the stream's first id")
        await world.runner.cleanup()
        with pytest.raises(EOFError):
            await waiting
