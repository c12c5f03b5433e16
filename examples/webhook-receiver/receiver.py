"""A receiver of Vedette's webhooks that accepts only signed ones, and logs one line for each.

The library of the Standard Webhooks project checks the signature, on the body as it arrived. The receiver
answers 204 once an event is logged, so that the sender stops retrying, and 401 for a bad signature. A webhook
may come more than once: a repetition has the same id, and is acknowledged but not logged again.

    VEDETTE_WEBHOOK_SECRET=whsec_... python receiver.py     # listens on $PORT, 9000 unless set
"""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

MAX_BODY_BYTES = 64 * 1024
MAX_IDS = 1000
READ_TIMEOUT_S = 10


class Seen:
    """The ids of the newest webhooks."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, webhook_id: str) -> bool:
        """Whether this id is new; remembers it."""
        if webhook_id in self._ids:
            return False
        self._ids[webhook_id] = None
        while len(self._ids) > MAX_IDS:
            self._ids.popitem(last=False)
        return True


def line(webhook_id: str, event: dict[str, Any]) -> str:
    """The log line: type, id, group and, for a change of primary, the new one."""
    data = event["data"]
    parts = [event["type"], f"id={webhook_id}", f"group={data['group']}"]
    if data.get("new_primary"):
        parts.append(f"new_primary={data['new_primary']}")
    return " ".join([*parts, "signature ok"])


class Receiver(BaseHTTPRequestHandler):
    """POST takes a webhook on any path; GET answers the health check."""

    webhook: Webhook
    seen: Seen
    timeout = READ_TIMEOUT_S

    def do_GET(self) -> None:
        self._answer(204)

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self._answer(411)
        if not 0 <= length <= MAX_BODY_BYTES:
            return self._answer(413)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            # The body is parsed here and not by verify(), to tell a bad signature from a bad body.
            self.webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            print(f"refused: {error}", flush=True)
            return self._answer(401)
        webhook_id = headers["webhook-id"]
        try:
            logged = line(webhook_id, json.loads(body))
        except (AttributeError, KeyError, TypeError, ValueError):
            print(f"not an event: id={webhook_id}", flush=True)
            return self._answer(400)
        if self.seen.is_new(webhook_id):
            print(logged, flush=True)
        return self._answer(204)

    def log_message(self, *args: object) -> None:
        """Only webhooks are logged."""

    def _answer(self, status: int) -> None:
        self.close_connection = status >= 400
        self.send_response(status)
        self.end_headers()


def main() -> None:
    """Serve until the process is ended."""
    secret, file = os.environ.get("VEDETTE_WEBHOOK_SECRET"), os.environ.get("VEDETTE_WEBHOOK_SECRET_FILE")
    if not secret and file:
        secret = Path(file).read_text().strip()
    if not secret:
        sys.exit(
            "VEDETTE_WEBHOOK_SECRET or ..._FILE is not set: it must be the secret that Vedette signs with"
        )
    Receiver.webhook = Webhook(secret)
    Receiver.seen = Seen()
    port = int(os.environ.get("PORT", "9000"))
    with ThreadingHTTPServer(("", port), Receiver) as server:
        print(f"listening on port {port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
