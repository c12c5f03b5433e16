"""The webhooks that this sentinel still has to deliver or has given up on, and retries of the latter."""

from __future__ import annotations

import json

from aiohttp import web

from sentinel.process.instants import iso
from sentinel.state.file import StoreError
from sentinel.status.webhook_answers import ReceiverAnswer, RetriedAnswer, WebhookAnswer, WebhooksAnswer
from sentinel.web.guard import Guard
from sentinel.web.inputs import BODY_PROBLEMS, integer, json_body
from sentinel.web.openapi import Endpoint, Parameter
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply
from sentinel.web.requests import RetryRequest
from sentinel.webhooks.outbox import MAX_DEAD, Delivery, Outbox

DEFAULT_LISTED = 100

_LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_DEAD, "default": DEFAULT_LISTED},
    "At most this many that are pending, and as many dead letters.",
)


class WebhookHandlers:
    """An id names the sentinel too: what one has given up, no other knows of."""

    def __init__(self, *, sentinel_id: str, outbox: Outbox, guard: Guard) -> None:
        self._sentinel_id = sentinel_id
        self._outbox = outbox
        self._guard = guard

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "GET",
                "/v1/webhooks",
                self.list_webhooks,
                "What this sentinel has to deliver, and what it has given up",
                WebhooksAnswer,
                query=(_LIMIT,),
                problems=("state-unavailable",),
            ),
            Endpoint(
                "POST",
                "/v1/webhooks/{id}/retry",
                self.post_retry,
                "Try a dead letter again, from the beginning",
                RetriedAnswer,
                status=202,
                body=RetryRequest,
                problems=(
                    *BODY_PROBLEMS,
                    "unauthorized",
                    "forbidden",
                    "unknown-webhook",
                    "state-unavailable",
                ),
            ),
        )

    async def list_webhooks(self, request: web.Request) -> web.Response:
        limit = integer(request.query, "limit", 1, MAX_DEAD) or DEFAULT_LISTED
        outbox = self._outbox
        try:
            pending, dead = await outbox.pending(limit), await outbox.dead_letters(limit)
            counts = await outbox.counts()
        except StoreError as error:
            raise ProblemError("state-unavailable", str(error)) from error
        return reply(
            WebhooksAnswer(
                sentinel=self._sentinel_id,
                pending=counts[0],
                dead=counts[1],
                receivers=[
                    ReceiverAnswer(receiver=endpoint.name, stopped=outbox.stopped(endpoint))
                    for endpoint in outbox.endpoints
                ],
                deliveries=[
                    *(self._answer(delivery, is_dead=False) for delivery in pending),
                    *(self._answer(delivery, is_dead=True) for delivery in dead),
                ],
            )
        )

    async def post_retry(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        id_ = request.match_info["id"]
        row_id = self._row_id(id_)
        await json_body(request, RetryRequest)
        try:
            is_found = row_id is not None and await self._outbox.retry(row_id)
        except StoreError as error:
            raise ProblemError("state-unavailable", str(error)) from error
        if not is_found:
            raise ProblemError(
                "unknown-webhook",
                f"Sentinel {self._sentinel_id} has no dead letter {id_!r:.100} for a receiver it knows.",
            )
        return reply(RetriedAnswer(id=id_), status=202, headers={"Location": "/v1/webhooks"})

    def _row_id(self, id_: str) -> int | None:
        sentinel, _, digits = id_.rpartition(".")
        is_ours = sentinel == self._sentinel_id and digits.isascii() and digits.isdecimal()
        return int(digits) if is_ours and len(digits) < 19 else None

    def _answer(self, delivery: Delivery, *, is_dead: bool) -> WebhookAnswer:
        return WebhookAnswer(
            id=f"{self._sentinel_id}.{delivery.id}",
            state="dead" if is_dead else "pending",
            event=delivery.event_id,
            type=delivery.type,
            group=json.loads(delivery.body)["data"]["group"],
            receiver=delivery.endpoint,
            created_at=iso(round(delivery.created_s * 1000)),
            attempts=delivery.attempts,
            last_error=delivery.problem or None,
            next_try_at=None if is_dead or not delivery.due_s else iso(round(delivery.due_s * 1000)),
        )
