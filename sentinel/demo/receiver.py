"""The demo's webhook receiver, with an independent check of the signature, as a customer would write it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

TOLERANCE_S = 300
"""The limit of the Standard Webhooks libraries: an older delivery may be a replay."""
MAX_KEPT = 1000
MAX_BODY_BYTES = 256 * 1024


class SignatureError(Exception):
    """The delivery is not signed with the secret, or is too old."""


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    """Raises SignatureError. ``secret`` is ``whsec_`` and base64; ``now`` is seconds since the epoch.

    See standardwebhooks/standard-webhooks, spec/standard-webhooks.md, "Verifying webhook authenticity".
    """
    id_, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id_ or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        raise SignatureError("webhook-id or webhook-timestamp is missing or malformed")
    if abs(now - int(timestamp)) > TOLERANCE_S:
        raise SignatureError("webhook-timestamp is too far from now")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    for signature in headers.get("webhook-signature", "").split(" "):
        version, _, encoded = signature.partition(",")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1" and hmac.compare_digest(given, right):
            return
    raise SignatureError("no webhook-signature fits")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified event at its first arrival. ``at_ms`` is wall clock."""

    at_ms: float
    id: str
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Receiver:
    """Listens on a loopback port of its own choice, inside ``async with``."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._deliveries: dict[str, Delivery] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.refused = 0
        """How many failed the verification, and so are not in ``deliveries``."""

    @property
    def deliveries(self) -> list[Delivery]:
        return list(self._deliveries.values())

    def first(self, type_: str) -> Delivery | None:
        return next((delivery for delivery in self._deliveries.values() if delivery.type == type_), None)

    async def __aenter__(self) -> Receiver:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        now = time.time()
        body = await request.read()
        try:
            verify(request.headers, body, self._secret, now)
            event = json.loads(body)
            delivery = Delivery(now * 1000, request.headers["webhook-id"], event["type"], event["data"])
        except SignatureError as error:
            self.refused += 1
            return web.Response(status=401, text=str(error))
        except (ValueError, KeyError, TypeError):
            self.refused += 1
            return web.Response(status=400, text="not an event")
        if len(self._deliveries) < MAX_KEPT:
            # Delivery is at least once: a repetition has the same id.
            self._deliveries.setdefault(delivery.id, delivery)
        return web.Response(status=204)
