"""Webhooks against a real receiver, which verifies them with the reference library."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import aiohttp
import pytest
import standardwebhooks
from aiohttp import web

from config import WebhookFormat
from sentinel.metrics.registry import Metrics
from sentinel.state.store import Store
from sentinel.webhooks import outbox as outbox_module
from sentinel.webhooks.delivery import Webhooks
from sentinel.webhooks.event import Endpoint, WebhookEvent
from sentinel.webhooks.outbox import Outbox
from tests.processes import free_port
from tests.waiting import wait_until

KEY = b"an endpoint's signing key"
LATER_S = 400.0  # Beyond any jittered wait.

Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """Keeps every request, verified if it should be signed; answers from a script, then 200."""

    url: str = ""
    signed: bool = True
    script: list[Answerer] = field(default_factory=list)
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            body = await request.text()
            headers = {name.lower(): value for name, value in request.headers.items()}
            if self.signed:
                standardwebhooks.Webhook("whsec_" + base64.b64encode(KEY).decode()).verify(body, headers)
            self.requests.append((headers, body))
            self.paths.append(request.path)
            return await self.script.pop(0)(request) if self.script else web.Response()
        finally:
            self.in_flight -= 1


def status(code: int, **headers: str) -> Answerer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={name.replace("_", "-"): v for name, v in headers.items()})

    return answer


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@dataclass
class Sender:
    outbox: Outbox
    webhooks: Webhooks
    settled: list[str]
    over: set[str]
    """The incidents that are resolved."""
    retries: int = 0

    async def opening(self, incident: str) -> None:
        data = {"node": "127.0.0.1:6379", "incident": incident, "incident_status": "open"}
        event = WebhookEvent("msg_down", "primary.down", "mymaster", 1_700_000_000_000, data)
        await self.outbox.add(event, True)
        await self.webhooks.idle()

    async def add(self, *ids: str, owner: bool = True) -> None:
        for name in ids:
            data = {"term": 3, "new_primary": "127.0.0.1:6380"}
            event = WebhookEvent(name, "failover.completed", "mymaster", 1_700_000_000_000, data)
            await self.outbox.add(event, owner)
        await self.webhooks.idle()

    async def retry(self) -> None:
        """Let so much time pass, as far as the retries can tell, that all of them are due."""
        self.retries += 1
        await self.webhooks.run_due(time.time() + self.retries * LATER_S)
        await self.webhooks.idle()


@asynccontextmanager
async def sending(state_dir: Path, *endpoints: Endpoint) -> AsyncIterator[Sender]:
    store = Store.open(state_dir, "s1")
    settled: list[str] = []
    async with aiohttp.ClientSession() as session:
        outbox = Outbox(store.thread, endpoints)
        over: set[str] = set()
        rng = random.Random(1)
        webhooks = Webhooks(outbox, session, settled.append, rng, is_over=over.__contains__)
        try:
            yield Sender(outbox, webhooks, settled, over)
        finally:
            await webhooks.close()
            await store.close()


def endpoint(url: str, max_attempts: int = 12, form: WebhookFormat = "standard") -> Endpoint:
    return Endpoint(url, KEY, None, 5.0, max_attempts, form)


async def test_an_event_is_delivered_at_once_with_a_valid_signature(
    receiver: Receiver, tmp_path: Path
) -> None:
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
        assert sender.settled == ["msg_1"]
        await sender.add("msg_1")
        await sender.retry()
    ((headers, body),) = receiver.requests
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "type": "failover.completed",
        "id": "msg_1",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "data": {"group": "mymaster", "term": 3, "new_primary": "127.0.0.1:6380"},
    }


async def test_a_failure_is_retried_with_the_same_id_and_body(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(500), status(503)]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
        assert sender.settled == []
        await sender.retry()
        await sender.retry()
        assert sender.settled == ["msg_1"]
    assert receiver.ids == ["msg_1"] * 3
    assert len({body for _, body in receiver.requests}) == 1


async def test_retry_after_is_honoured(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(429, Retry_After="1800")]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
        await sender.retry()
        assert len(receiver.requests) == 1
        await sender.webhooks.run_due(time.time() + 1900)
        await sender.webhooks.idle()
        assert sender.settled == ["msg_1"]


async def test_an_exhausted_event_becomes_a_dead_letter(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(500), status(400), status(500)]
    async with sending(tmp_path, endpoint(receiver.url, max_attempts=3)) as sender:
        await sender.add("msg_1")
        for _ in range(3):
            await sender.retry()
        assert receiver.ids == ["msg_1"] * 3 and sender.settled == ["msg_1"]
        (letter,) = await sender.outbox.dead_letters()
        assert (letter.event_id, letter.attempts, letter.problem) == ("msg_1", 3, "answered 500")
        assert await sender.outbox.retry(letter.id)
        await sender.webhooks.idle()
        assert receiver.ids == ["msg_1"] * 4
        assert await sender.outbox.dead_letters() == []


async def test_redirects_are_not_followed(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(307, Location="/elsewhere")]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
        assert (receiver.paths, sender.settled) == (["/hook"], [])
        await sender.retry()
        assert (receiver.paths, sender.settled) == (["/hook", "/hook"], ["msg_1"])


async def test_a_connection_closed_instead_of_an_answer_is_a_failure(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    receiver.script = [cut]
    secret_url = receiver.url.replace("http://", "http://user:pa55word@") + "?token=t0ken"
    async with sending(tmp_path, endpoint(secret_url)) as sender:
        await sender.add("msg_1")
        assert sender.settled == []
        await sender.retry()
        assert sender.settled == ["msg_1"]
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert any("msg_1 to http://127.0.0.1" in line for line in warnings)
    assert not any("pa55word" in line or "t0ken" in line or "/hook" in line for line in warnings)


@pytest.mark.parametrize("body", [b"half", b""])
async def test_an_answer_cut_in_its_body_still_counts(
    receiver: Receiver, tmp_path: Path, body: bytes
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    receiver.script = [half]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1", "msg_2")
        assert sender.settled == ["msg_1", "msg_2"]


async def test_a_receiver_that_does_not_answer_fails_in_time(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with sending(tmp_path, Endpoint(url, KEY, None, 0.1, max_attempts=1)) as sender:
            await sender.add("msg_1")
            (letter,) = await sender.outbox.dead_letters()
            assert letter.problem == "no answer within 0.1 s"


async def test_one_at_a_time_in_order_and_a_failing_one_lets_the_others_pass(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.script = [status(200), status(500)]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await asyncio.gather(*(sender.add(f"msg_{number}") for number in range(10)))
        others = [name for name in receiver.ids if name != "msg_1"]
        assert others == sorted(others) and len(others) == 9
        await sender.retry()
        assert sorted(sender.settled) == [f"msg_{number}" for number in range(10)]
    assert receiver.most_in_flight == 1


async def test_a_restart_between_attempts_goes_on_with_the_same_id(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.script = [status(500)]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.retry()
        assert sender.settled == ["msg_1"]
    assert receiver.ids == ["msg_1", "msg_1"]
    assert len({body for _, body in receiver.requests}) == 1


async def test_a_standby_copy_is_delivered_only_when_claimed(receiver: Receiver, tmp_path: Path) -> None:
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1", "msg_2", owner=False)
        await sender.retry()
        assert receiver.ids == []
        await sender.outbox.mark_delivered(["msg_1"])
        await sender.outbox.claim(["msg_1", "msg_2"])
        await sender.webhooks.idle()
        assert (receiver.ids, sender.settled) == (["msg_2"], ["msg_2"])


async def test_an_event_is_settled_when_no_endpoint_waits_for_it(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(500)]
    other = Endpoint(receiver.url + "/other", KEY, frozenset({"primary.down"}), 5.0)
    third = endpoint(receiver.url + "/third")
    async with sending(tmp_path, endpoint(receiver.url), other, third) as sender:
        await sender.add("msg_1")
        assert sender.settled == []
        await sender.retry()
        assert sender.settled == ["msg_1"]
    assert sorted(receiver.paths) in (
        ["/hook", "/hook", "/hook/third"],
        ["/hook", "/hook/third", "/hook/third"],
    )


async def test_after_close_nothing_is_sent(receiver: Receiver, tmp_path: Path) -> None:
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.webhooks.close()
        await sender.add("msg_1")
        await sender.retry()
        assert receiver.ids == []


async def test_a_receiver_that_is_down_for_a_while_misses_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with sending(tmp_path, endpoint(f"http://127.0.0.1:{port}/hook")) as sender:
        await sender.add("msg_1", "msg_2")
        await sender.retry()
        assert sender.settled == []
        (first, _) = await sender.outbox.pending()
        assert first.attempts == 2 and first.problem.startswith("no valid answer: ")
        async with receiving(port) as receiver:
            await sender.retry()
            assert sorted(receiver.ids) == sorted(sender.settled) == ["msg_1", "msg_2"]


@pytest.mark.parametrize("code", [429, 503])
async def test_a_receiver_that_asks_for_a_rest_gets_it_with_all_events(
    receiver: Receiver, tmp_path: Path, code: int
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=1800)
    receiver.script = [status(code, Retry_After=format_datetime(at, usegmt=True))]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1", "msg_2")
        await sender.retry()
        await sender.retry()
        assert receiver.ids == ["msg_1"], "a newer event does not get through either"
        await sender.webhooks.run_due(time.time() + 1900)
        await sender.webhooks.idle()
        assert sorted(sender.settled) == ["msg_1", "msg_2"]


async def test_no_rest_is_longer_than_an_hour(receiver: Receiver, tmp_path: Path) -> None:
    receiver.script = [status(429, Retry_After="99999999")]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1")
        await sender.webhooks.run_due(time.time() + 3500)
        await sender.webhooks.idle()
        assert sender.settled == []
        await sender.webhooks.run_due(time.time() + 3700)
        await sender.webhooks.idle()
        assert sender.settled == ["msg_1"]


async def test_a_receiver_that_is_gone_is_left_alone_until_somebody_retries(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.script = [status(410)]
    other = endpoint(receiver.url + "/other")
    async with sending(tmp_path, other) as sender:
        await sender.add("msg_1")
        await sender.add("msg_2", "msg_3")
        assert receiver.ids == ["msg_1"] and sender.settled == ["msg_1", "msg_2", "msg_3"]
        letters = {letter.event_id: letter for letter in await sender.outbox.dead_letters()}
        assert [letters[f"msg_{number}"].attempts for number in (1, 2, 3)] == [1, 0, 0]
        assert {letter.problem for letter in letters.values()} == {"answered 410: it wants no more events"}
        (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "webhooks to http://127.0.0.1" in line.getMessage() and "/hook" not in line.getMessage()
        assert await sender.outbox.retry(letters["msg_2"].id)
        await sender.webhooks.idle()
        await sender.add("msg_4")
        assert receiver.ids == ["msg_1", "msg_2", "msg_4"]


async def test_of_a_huge_answer_only_the_beginning_is_read(receiver: Receiver, tmp_path: Path) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x" * 65536)
                written += 65536
        return response

    receiver.script = [endless]
    async with sending(tmp_path, endpoint(receiver.url)) as sender:
        await sender.add("msg_1", "msg_2")
        assert sender.settled == ["msg_1", "msg_2"]
        await wait_until(lambda: receiver.in_flight == 0, what="the endless answer to be cut off")
    assert written < 64 * 1024 * 1024, "what the sockets' buffers hold"


async def test_a_slow_receiver_holds_up_no_other(receiver: Receiver, tmp_path: Path) -> None:
    release = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response()

    async with receiving() as stuck:
        stuck.script = [slow]
        async with sending(tmp_path, endpoint(stuck.url), endpoint(receiver.url)) as sender:
            adding = asyncio.create_task(sender.add("msg_1", "msg_2"))
            await wait_until(lambda: receiver.ids == ["msg_1", "msg_2"] and stuck.ids == ["msg_1"])
            release.set()
            await adding
            assert stuck.ids == receiver.ids == ["msg_1", "msg_2"]


async def test_beyond_its_limit_the_outbox_gives_up_the_oldest_and_the_metric_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_PENDING", 3)
    metrics = Metrics("s1", "1")
    async with sending(tmp_path, endpoint(f"http://127.0.0.1:{free_port()}/")) as sender:
        await sender.add(*(f"msg_{number}" for number in range(5)))
        metrics.set_webhooks(*await sender.outbox.counts())
        assert [letter.event_id for letter in await sender.outbox.dead_letters()] == ["msg_1", "msg_0"]
    shown = (await metrics.render(""))[0].decode()
    assert "vedette_webhook_pending 3.0" in shown and "vedette_webhook_dead_letters 2.0" in shown


async def test_another_receiver_gets_its_own_body_and_no_signature(
    receiver: Receiver, tmp_path: Path
) -> None:
    paged = Endpoint(receiver.url, b"a" * 32, None, 5.0, format="pagerduty")
    alerted = Endpoint(receiver.url + "/alerts", b"t0ken", None, 5.0, format="alertmanager")
    async with sending(tmp_path, paged, alerted) as sender:
        receiver.signed = False
        await sender.opening("inc_1")
        seen = dict(zip(receiver.paths, receiver.requests, strict=True))
        (paged_with, page), (alerted_with, alerts) = seen["/hook"], seen["/hook/alerts"]
        event, (alert,) = json.loads(page), json.loads(alerts)
        assert (event["dedup_key"], event["routing_key"]) == ("inc_1", "a" * 32)
        assert alert["labels"]["incident"] == "inc_1"
        assert not [name for name in (*paged_with, *alerted_with) if name.startswith("webhook-")]
        assert alerted_with["authorization"] == "Bearer t0ken"
        assert "authorization" not in paged_with, "the routing key is in the body alone"
        rows = await sender.outbox.dead_letters() + await sender.outbox.pending()
        assert rows == [] and sender.settled == ["msg_down"]


@pytest.mark.parametrize(("form", "tries"), [("pagerduty", 1), ("alertmanager", 1), ("slack", 2)])
async def test_a_late_retry_opens_no_incident_that_is_over(
    receiver: Receiver, tmp_path: Path, form: WebhookFormat, tries: int
) -> None:
    """A chat is told what was; a pager would wait for an end that has already come."""
    receiver.signed, receiver.script = False, [status(503)]
    async with sending(tmp_path, endpoint(receiver.url, form=form)) as sender:
        await sender.opening("inc_1")
        sender.over.add("inc_1")
        await sender.retry()
        assert len(receiver.requests) == tries and sender.settled == ["msg_down"]


async def test_a_late_retry_of_what_still_lasts_is_made(receiver: Receiver, tmp_path: Path) -> None:
    receiver.signed, receiver.script = False, [status(503)]
    async with sending(tmp_path, endpoint(receiver.url, form="pagerduty")) as sender:
        await sender.opening("inc_1")
        await sender.retry()
        assert len(receiver.requests) == 2 and sender.settled == ["msg_down"]


async def test_another_receiver_hears_of_a_dead_letter_and_the_failing_one_does_not(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.signed = False
    broken = endpoint(f"http://127.0.0.1:{free_port()}/", max_attempts=1)
    async with sending(tmp_path, broken, endpoint(receiver.url)) as sender:
        await sender.add("msg_1", "msg_2")
        await wait_until(lambda: len(receiver.requests) == 3)
        types = [json.loads(body)["type"] for _, body in receiver.requests]
        assert types.count("webhook.dead_letter") == 1, "of one receiver it is told once an hour"
        dead = await sender.outbox.dead_letters()
        assert {letter.type for letter in dead} == {"failover.completed"} and len(dead) == 2
        assert await sender.outbox.pending() == []
