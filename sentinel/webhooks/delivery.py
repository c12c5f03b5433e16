"""Delivers the events of the outbox: at least once, in order of creation, one at a time per endpoint.

A new event is tried at once. A failed one waits outside the queue, so that it never delays the events behind
it. An endpoint that sends Retry-After gets no events for that time. An endpoint that is gone (410) gets no
more at all: its events become dead letters, and the retry of a dead letter reactivates it. The owner of an
event decides whether it is delivered.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from aiohttp import ClientSession

from sentinel.process.limited_log import LimitedLog
from sentinel.state.file import StoreError
from sentinel.webhooks.attempt import MAX_RETRY_AFTER_S, Answer, Result, retry_in_s
from sentinel.webhooks.dead_letters import DeadLetters
from sentinel.webhooks.event import Endpoint
from sentinel.webhooks.formats import HOLDS_OPEN, opens
from sentinel.webhooks.outbox import Item, Outbox
from sentinel.webhooks.request import send

_logger = logging.getLogger(__name__)


class Webhooks:
    """``on_delivered(event_id)`` is called once no endpoint waits for the event any more;
    ``on_attempt`` is called after each attempt, with ``delivered``, ``failed`` or ``dead``.

    ``session`` belongs to the caller; ``wall`` is seconds since the epoch; ``is_over(incident)`` says whether
    the incident was resolved, as far as is known here.
    """

    def __init__(
        self,
        outbox: Outbox,
        session: ClientSession,
        on_delivered: Callable[[str], None],
        rng: random.Random,
        on_attempt: Callable[[str], None] = lambda _outcome: None,
        wall: Callable[[], float] = time.time,
        is_over: Callable[[str], bool] = lambda _incident: False,
        self_id: str = "",
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._on_delivered = on_delivered
        self._rng = rng
        self._on_attempt = on_attempt
        self._wall = wall
        self._is_over = is_over
        self._dead_letters = DeadLetters(self_id)
        self._log = LimitedLog(_logger)
        self._wanted: dict[str, float] = {}
        """The endpoints to look at again, and when."""
        self._resting: dict[str, float] = {}
        """The endpoints that asked for a pause, and until when."""
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._closed = False
        outbox.watch(lambda: self._kick(self._wall()))

    async def run_due(self, now: float) -> None:
        """Start all deliveries due at ``now`` (seconds since the epoch). Call it each second, for retries."""
        self._kick(now)

    async def idle(self) -> None:
        """Wait until no delivery is under way."""
        while self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    async def close(self) -> None:
        """Stop. Deliveries under way are tried again after the next start."""
        self._closed = True
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    def _kick(self, now: float) -> None:
        if self._closed:
            return
        for endpoint in self._outbox.endpoints:
            self._wanted[endpoint.key] = max(now, self._wanted.get(endpoint.key, now))
            if endpoint.key not in self._lanes:
                lane = asyncio.create_task(self._drain(endpoint), name=f"webhook {endpoint.name}")
                self._lanes[endpoint.key] = lane

    async def _drain(self, endpoint: Endpoint) -> None:
        """Deliver until nothing is due. It is the endpoint's only task, so one delivery is in flight."""
        try:
            while (now := self._wanted.pop(endpoint.key, None)) is not None:
                while self._may_bother(endpoint, now):
                    item = await self._outbox.next_due(endpoint, now)
                    if item is None:
                        break
                    await self._deliver(endpoint, item, now)
        except StoreError as error:
            self._log.warning("store", f"webhooks to {endpoint.name} stop: {error}")
        finally:
            del self._lanes[endpoint.key]

    def _may_bother(self, endpoint: Endpoint, now: float) -> bool:
        until = self._resting.get(endpoint.key, 0.0)
        # A time further ahead than any wait can be means that the clock was set back.
        return not now < until <= now + 2 * MAX_RETRY_AFTER_S

    async def _deliver(self, endpoint: Endpoint, item: Item, now: float) -> None:
        stopped = self._outbox.stopped(endpoint)
        if stopped is not None:
            await self._bury(endpoint, item, stopped, tried=False)
            return
        if self._comes_too_late(endpoint, item):
            if await self._outbox.delivered(item):
                self._on_delivered(item.event_id)
            return
        answer = await send(self._session, endpoint, item.event_id, item.body, self._wall())
        attempts = item.attempts + 1
        if answer.result is Result.DELIVERED:
            self._on_attempt("delivered")
            if await self._outbox.delivered(item):
                self._on_delivered(item.event_id)
        elif answer.result is Result.GONE:
            self._outbox.stop(endpoint, answer.problem)
            _logger.error(
                "webhooks to %s stop: %s; take it out of the configuration, or retry a dead letter",
                endpoint.name,
                answer.problem,
            )
            await self._bury(endpoint, item, answer.problem)
        elif attempts >= endpoint.max_attempts:
            self._log.warning(
                f"dead {endpoint.key}",
                f"webhook {item.event_id} to {endpoint.name}: {answer.problem}; "
                f"given up after {attempts} attempts",
            )
            await self._bury(endpoint, item, answer.problem)
        else:
            await self._postpone(endpoint, item, answer, max(now, self._wall()))

    def _comes_too_late(self, endpoint: Endpoint, item: Item) -> bool:
        """Whether a retry would open an incident again that is over by now, and that nothing would end."""
        if not item.attempts or endpoint.format not in HOLDS_OPEN:
            return False
        incident = opens(item.body)
        return incident is not None and self._is_over(incident)

    async def _bury(self, endpoint: Endpoint, item: Item, problem: str, *, tried: bool = True) -> None:
        self._on_attempt("dead")
        if await self._outbox.bury(item, problem, tried=tried):
            self._on_delivered(item.event_id)
        told = self._dead_letters.given_up(endpoint, item.body, problem, self._wall())
        if told is not None:
            await self._outbox.add(told, True, but=endpoint)

    async def _postpone(self, endpoint: Endpoint, item: Item, answer: Answer, now: float) -> None:
        wait_s = retry_in_s(item.attempts + 1, answer, self._rng)
        self._log.warning(
            f"retry {endpoint.key}",
            f"webhook {item.event_id} to {endpoint.name}: {answer.problem}; again in {wait_s:.1f} s",
        )
        self._on_attempt("failed")
        if answer.retry_after_s > 0:
            self._resting[endpoint.key] = now + answer.retry_after_s
        await self._outbox.retry_at(item, now + wait_s, answer.problem)
