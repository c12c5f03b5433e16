"""``vedette webhooks test``: sends one test event to each receiver of a configuration, from this host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp

from config import Settings
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.webhooks.attempt import Result
from sentinel.webhooks.duty import endpoints
from sentinel.webhooks.event import Endpoint, WebhookEvent, event_id
from sentinel.webhooks.request import send

TYPE = "webhook.test"


@dataclass(frozen=True, slots=True)
class Tried:
    receiver: str
    format: str
    delivered: bool
    problem: str
    took_ms: int

    @property
    def words(self) -> str:
        outcome = f"delivered in {self.took_ms} ms" if self.delivered else f"failed: {self.problem}"
        return f"{self.receiver} ({self.format}): {outcome}"


def try_receivers(settings: Settings, url: str | None) -> list[Tried]:
    """``url``: only the receiver with it, as configured or as shown. Raises CliError if there is none."""
    asked = [each for each in endpoints(settings.webhooks) if url in (None, each.url, each.name)]
    if not asked:
        known = ", ".join(hook.safe_url for hook in settings.webhooks) or "none"
        raise CliError(ExitCode.USAGE, f"the configuration has no such receiver; it has {known}")
    return asyncio.run(_try(asked, event(settings)))


def event(settings: Settings) -> WebhookEvent:
    """It belongs to no incident, and to the first group: every body names one."""
    now_ms = int(time.time() * 1000)
    group, me = next(iter(settings.groups)), settings.sentinel.id
    summary = f"{group}: this is a test of sentinel {me}, nothing has happened"
    data = {"sentinel": me, "severity": "info", "summary": summary}
    return WebhookEvent(event_id(TYPE, me, now_ms), TYPE, group, now_ms, data)


async def _try(asked: Iterable[Endpoint], test: WebhookEvent) -> list[Tried]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        return [await _one(session, endpoint, test) for endpoint in asked]


async def _one(session: aiohttp.ClientSession, endpoint: Endpoint, test: WebhookEvent) -> Tried:
    began = time.monotonic()
    answer = await send(session, endpoint, test.id, test.body(), time.time())
    took_ms = round((time.monotonic() - began) * 1000)
    delivered = answer.result is Result.DELIVERED
    return Tried(endpoint.name, endpoint.format, delivered, answer.problem, took_ms)
