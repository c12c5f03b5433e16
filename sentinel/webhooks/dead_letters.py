"""Tells the other receivers that one of them missed an event. Pure.

It makes no loop: that such an event was given up itself is not told. Of one receiver it is told once an hour,
however many events it misses.
"""

from __future__ import annotations

import json

from sentinel.webhooks.briefing import severity, summary
from sentinel.webhooks.event import Endpoint, WebhookEvent, event_id

TYPE = "webhook.dead_letter"
AGAIN_AFTER_S = 3600.0


class DeadLetters:
    """Of one sentinel."""

    def __init__(self, self_id: str) -> None:
        self._self_id = self_id
        self._told: dict[str, float] = {}
        """For each endpoint: when this was told of it last."""

    def given_up(self, endpoint: Endpoint, body: str, reason: str, now: float) -> WebhookEvent | None:
        """The event to send to the others, if any; ``now`` is seconds since the epoch."""
        missed = json.loads(body)
        told = self._told.get(endpoint.key)
        if missed["type"] == TYPE or (told is not None and told <= now < told + AGAIN_AFTER_S):
            return None
        self._told[endpoint.key] = now
        group = missed["data"]["group"]
        data: dict[str, object] = {
            "receiver": endpoint.name,
            "event": missed["type"],
            "event_id": missed["id"],
            "reason": reason,
            "sentinel": self._self_id,
        }
        data |= {"severity": severity(TYPE, data), "summary": summary(TYPE, group, data)}
        id_ = event_id(TYPE, missed["id"], endpoint.key, self._self_id, int(now))
        return WebhookEvent(id_, TYPE, group, int(now * 1000), data)
