"""The pure rules of webhooks: signatures, the meaning of answers, and retries."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from sentinel.webhooks.attempt import (
    LAST_RETRY_S,
    MAX_RETRY_AFTER_S,
    Answer,
    Result,
    headers,
    judge,
    parse_retry_after,
    retry_in_s,
)
from sentinel.webhooks.event import Endpoint, WebhookEvent, event_id

NOW = 1_700_000_000.0


def test_the_example_of_the_standard_is_signed_as_the_standard_says() -> None:
    body = '{"test": 2432232314}'
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, key, 1614265330.9)
    assert signed["webhook-timestamp"] == "1614265330"
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=1, max_size=64), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_the_reference_library_accepts_every_signature(secret: bytes, text: str) -> None:
    event = WebhookEvent("msg_1", "failover.completed", "g", 1_700_000_000_123, {"text": text})
    signed = headers(event.id, event.body(), secret, time.time())
    standardwebhooks.Webhook(base64.b64encode(secret).decode()).verify(event.body(), signed)


def test_the_body_is_the_documented_one() -> None:
    event = WebhookEvent("msg_1", "failover.completed", "g", 1_700_000_000_007, {"term": 3})
    assert json.loads(event.body()) == {
        "type": "failover.completed",
        "id": "msg_1",
        "timestamp": "2023-11-14T22:13:20.007Z",
        "data": {"group": "g", "term": 3},
    }


def test_bad_events_are_refused() -> None:
    for bad in ("", "a b", "a\r\nb", "é", "x" * 257):
        with pytest.raises(ValueError, match="webhook event id"):
            WebhookEvent(bad, "t", "g", 0, {})
    with pytest.raises(ValueError, match="at most"):
        WebhookEvent("a", "t", "g", 0, {"x": "y" * 70_000}).body()


def test_event_ids_depend_on_every_part() -> None:
    ids = {event_id("a", 1), event_id("a", 2), event_id("a1"), event_id("a", "1"), event_id("a", 1, "")}
    assert len(ids) == 5
    assert event_id("failover.completed", "g", 7) == event_id("failover.completed", "g", 7)


def test_an_endpoint_never_shows_what_may_be_secret() -> None:
    endpoint = Endpoint(
        "https://user:pass@hooks.example:8443/T00/B00?key=k", b"s3cret", frozenset({"a"}), 1.0
    )
    assert endpoint.name == "https://hooks.example:8443"
    for shown in (repr(endpoint), endpoint.key):
        assert not any(word in shown for word in ("user", "pass@", "T00", "key=", "s3cret"))
    assert endpoint.wants("a") and not endpoint.wants("b")


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (200, None, Answer(Result.DELIVERED)),
        (204, None, Answer(Result.DELIVERED)),
        (302, "9", Answer(Result.FAILED, "answered 302: redirects are not followed")),
        (400, "9", Answer(Result.FAILED, "answered 400")),
        (410, None, Answer(Result.GONE, "answered 410: it wants no more events")),
        (429, "9", Answer(Result.FAILED, "answered 429", 9.0)),
        (503, "Tue, 14 Nov 2023 22:14:20 GMT", Answer(Result.FAILED, "answered 503", 60.0)),
        (500, None, Answer(Result.FAILED, "answered 500")),
    ],
)
def test_answers_are_judged(status: int, retry_after: str | None, expected: Answer) -> None:
    assert judge(status, retry_after, NOW) == expected


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        (" 5 ", 5.0),
        ("0", 0.0),
        ("9" * 400, MAX_RETRY_AFTER_S),
        ("-5", 0.0),
        ("5.5", 0.0),
        ("²", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        (None, 0.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("Tue, 14 Nov 2099 22:13:10 GMT", MAX_RETRY_AFTER_S),
        ("Tue, 99 Nov 2099 99:99:99 GMT", 0.0),
    ],
)
def test_retry_after_is_read_or_ignored(value: str | None, wait_s: float) -> None:
    assert parse_retry_after(value, NOW) == wait_s


@given(st.text())
def test_retry_after_never_raises_and_is_bounded(value: str) -> None:
    assert 0.0 <= parse_retry_after(value, NOW) <= MAX_RETRY_AFTER_S


@given(st.integers(1, 1000), st.integers(0, 5))
def test_waits_double_up_to_the_limit_and_honour_the_receiver(attempts: int, seed: int) -> None:
    wait_s = retry_in_s(attempts, Answer(Result.FAILED), random.Random(seed))
    assert 0.0 <= wait_s <= min(LAST_RETRY_S, 2.0 ** (attempts - 1))
    assert retry_in_s(attempts, Answer(Result.FAILED, "", 1000.0), random.Random(seed)) == 1000.0
