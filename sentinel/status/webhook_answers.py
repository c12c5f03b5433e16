"""The HTTP API's answers about webhooks, field by field."""

from __future__ import annotations

from typing import Literal

from sentinel.status.answers import Answer


class WebhookAnswer(Answer):
    """One event that this sentinel has to deliver to one receiver, or has given up on."""

    id: str
    """This delivery's; to retry it."""
    state: Literal["pending", "dead"]
    event: str
    """The event's id, as the receiver sees it: the same at every attempt."""
    type: str
    group: str
    receiver: str
    """Scheme, host and port: the rest of a URL may be a secret."""
    created_at: str
    attempts: int
    last_error: str | None
    next_try_at: str | None
    """null for a dead letter, and for one that is due."""


class ReceiverAnswer(Answer):
    receiver: str
    stopped: str | None
    """Why nothing is sent there any more, until one of its dead letters is retried; null while it is used."""


class WebhooksAnswer(Answer):
    """The deliveries of this sentinel; each event is delivered by one."""

    sentinel: str
    pending: int
    """How many there are, also beyond those listed."""
    dead: int
    receivers: list[ReceiverAnswer]
    deliveries: list[WebhookAnswer]
    """First those that are pending, the oldest first; then the dead letters, the newest first."""


class RetriedAnswer(Answer):
    id: str
