"""The settings of one webhook receiver: its URL, events and signing secret (Standard Webhooks)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from config.fields import FilePath, HttpUrl, Number, Seconds, Secret, StrictModel

EventType: TypeAlias = Literal[
    "primary.down",
    "primary.up",
    "primary.degraded",
    "primary.recovered",
    "primary.unwatched",
    "failover.started",
    "failover.completed",
    "failover.aborted",
    "switchover.completed",
    "replica.down",
    "replica.up",
    "node.demoted",
    "group.ambiguous",
    "group.paused",
    "group.resumed",
    "writes.possibly_lost",
    "webhook.dead_letter",
]
WebhookFormat: TypeAlias = Literal["standard", "slack", "pagerduty", "alertmanager", "teams"]
_NEED_A_SECRET = frozenset({"standard", "pagerduty"})
_TAKE_NO_SECRET = frozenset({"slack", "teams"})
ROUTING_KEY_CHARS = 32
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

MAX_WEBHOOKS = 32
_PREFIX = "whsec_"


def _of_format(value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    """Each kind of receiver has a secret of its own, or none beside its URL."""
    form = info.data.get("format")
    if value is None:
        if form in _NEED_A_SECRET:
            raise PydanticCustomError("missing", "is required")
        return None
    secret = value.get_secret_value()
    if form in _TAKE_NO_SECRET:
        raise ValueError(f"is of no use with format {form}: the receiver's URL is its secret")
    if form == "pagerduty" and not re.fullmatch(rf"[A-Za-z0-9]{{{ROUTING_KEY_CHARS}}}", secret):
        raise ValueError(f"is no routing key of PagerDuty: {ROUTING_KEY_CHARS} letters and digits")
    if form == "alertmanager" and not re.fullmatch(r"[!-~]+", secret):
        raise ValueError("is no bearer token")
    if form == "standard":
        _key(secret)
    return value


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64 after 'whsec_'") from None
    if not key:
        raise ValueError("is empty after 'whsec_'")
    return key


class WebhookSettings(StrictModel):
    """A receiver. Shown without the secret, and with only as much of the URL as is safe."""

    url: HttpUrl = Field(description="Where events are POSTed: http or https.")
    format: WebhookFormat = Field(default="standard", description="What the receiver takes.")
    secret: Annotated[Secret | None, AfterValidator(_of_format)] = Field(
        default=None,
        validate_default=True,
        description="`standard`: the signing secret, shared with the receiver (`whsec_` and base64, or any "
        "text). `pagerduty`: the routing key. `alertmanager`: a bearer token, if it needs one. Others: none.",
    )
    secret_file: FilePath | None = Field(default=None, description="File holding `secret`, instead of it.")
    events: tuple[EventType, ...] = Field(
        default=EVENT_TYPES, min_length=1, max_length=64, description="The event types to deliver."
    )
    timeout: Seconds = Field(default=5.0, description="Limit for one attempt, from connecting to the answer.")
    max_attempts: Annotated[Number, Field(ge=1, le=100)] = Field(
        default=12, description="After this many failed attempts an event goes to the dead-letter list."
    )

    @property
    def signing_key(self) -> bytes:
        """The key of the HMAC: decoded from base64 if the secret is written as ``whsec_...``.

        Of other formats than ``standard`` it is the secret itself; empty if there is none.
        """
        secret = self.secret.get_secret_value() if self.secret is not None else ""
        return _key(secret) if self.format == "standard" else secret.encode()

    @property
    def safe_url(self) -> str:
        """Scheme, host and port, for logs. Credentials, path and query may each be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, self.safe_url if name == "url" else value
