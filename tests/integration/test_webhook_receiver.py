"""The example receiver believes what is signed, once, and survives the rest."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.processes import Process, free_port
from tests.waiting import wait_for

RECEIVER = Path(__file__).parents[2] / "examples" / "webhook-receiver" / "receiver.py"
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGlzIHRlc3Q="
EVENT = {"type": "failover.completed", "id": "e1", "data": {"group": "g", "new_primary": "redis-2:6379"}}


class Receiver:
    def __init__(self, directory: Path, by_file: bool) -> None:
        self.port = free_port()
        self.log = directory / "log"
        file = directory / "secret"
        file.write_text(f"{SECRET}\n")
        named = {"VEDETTE_WEBHOOK_SECRET_FILE": str(file)} if by_file else {"VEDETTE_WEBHOOK_SECRET": SECRET}
        environment = {**named, "PORT": str(self.port)}
        self.process = Process([sys.executable, str(RECEIVER)], directory, self.log, environment)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def post(self, webhook_id: str, body: str, *, signature: str | None = None, age_s: int = 0) -> int:
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature or Webhook(SECRET).sign(webhook_id, at, body),
        }
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/hook", body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@pytest.fixture(params=[False, True], ids=["secret", "file"])
def receiver(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Receiver]:
    started = Receiver(tmp_path, by_file=request.param)
    try:
        wait_for(lambda: started.log.exists() and "listening" in started.log.read_text(), what="the receiver")
        yield started
    finally:
        started.process.end()


def test_a_signed_webhook_is_logged_once(receiver: Receiver) -> None:
    body = json.dumps(EVENT)
    assert [receiver.post("e1", body), receiver.post("e1", body)] == [204, 204]
    logged = "failover.completed id=e1 group=g new_primary=redis-2:6379 signature ok"
    assert receiver.lines()[1:] == [logged]


@pytest.mark.parametrize("signature", ["v1,AAAA", "v1", "no signature", "v1,%%%"])
def test_a_bad_signature_is_refused(receiver: Receiver, signature: str) -> None:
    assert receiver.post("e1", json.dumps(EVENT), signature=signature) == 401
    assert "signature ok" not in receiver.log.read_text()


def test_an_old_webhook_is_refused(receiver: Receiver) -> None:
    assert receiver.post("e1", json.dumps(EVENT), age_s=3600) == 401


@pytest.mark.parametrize("body", ["[]", '{"data": null}', "no json", ""])
def test_what_is_signed_but_no_event_does_no_harm(receiver: Receiver, body: str) -> None:
    assert receiver.post("e1", body) == 400
    assert receiver.post("e2", json.dumps(EVENT)) == 204


def test_too_large_a_body_is_refused(receiver: Receiver) -> None:
    assert receiver.post("e1", "x" * 100_000) == 413
