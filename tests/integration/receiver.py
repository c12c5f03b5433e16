"""A webhook receiver that verifies signatures with the ``standardwebhooks`` package."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgdGVzdHM="
MAX_BODY_BYTES = 1 << 20


class Receiver:
    """``events`` are the verified bodies in order of arrival; a bad signature is answered with 401.

    While ``broken`` is set, it keeps nothing but in ``turned_away``, and answers with that status.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.turned_away: list[dict[str, Any]] = []
        self.broken: int | None = None
        self.refused = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length", 0)), MAX_BODY_BYTES)
                body = self.rfile.read(length).decode()
                try:
                    event = Webhook(SECRET).verify(body, {k.lower(): v for k, v in self.headers.items()})
                except (WebhookVerificationError, ValueError):
                    receiver.refused += 1
                    self.send_response(401)
                else:
                    kept = receiver.events if receiver.broken is None else receiver.turned_away
                    kept.append(event)
                    self.send_response(receiver.broken or 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == type_]

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
