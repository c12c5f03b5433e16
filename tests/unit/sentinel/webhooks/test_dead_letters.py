"""The other receivers hear that one of them missed an event, and nobody hears of it for ever."""

from __future__ import annotations

import json

from sentinel.webhooks.dead_letters import AGAIN_AFTER_S, TYPE, DeadLetters
from sentinel.webhooks.event import Endpoint, WebhookEvent

PATH = "https://user:pa55@hooks.example/T00?key=t0ken"
MISSED = Endpoint(PATH, b"k", None, 1.0)
OTHER = Endpoint("http://other.example/", b"k", None, 1.0)
BODY = WebhookEvent("msg_1", "primary.down", "g", 0, {"node": "a:1"}).body()
NOW = 1_700_000_000.0


def test_what_was_missed_by_whom_and_why_is_told() -> None:
    told = DeadLetters("s1").given_up(MISSED, BODY, "answered 500", NOW)
    assert told is not None
    assert (told.type, told.group, told.at_ms) == (TYPE, "g", 1_700_000_000_000)
    missed = {"event": "primary.down", "event_id": "msg_1", "reason": "answered 500", "sentinel": "s1"}
    assert told.data.items() >= {**missed, "receiver": "https://hooks.example", "severity": "warning"}.items()
    assert "pa55" not in told.body() and "t0ken" not in told.body()
    assert told.data["summary"] == "g: a webhook to https://hooks.example was given up: answered 500"


def test_one_that_is_given_up_itself_is_not_told() -> None:
    to = DeadLetters("s1")
    told = to.given_up(MISSED, BODY, "answered 500", NOW)
    assert told is not None
    assert to.given_up(OTHER, told.body(), "answered 500", NOW) is None
    assert json.loads(told.body())["type"] == TYPE


def test_of_one_receiver_it_is_told_once_an_hour() -> None:
    to = DeadLetters("s1")
    ids = [to.given_up(MISSED, BODY, "x", NOW + after) for after in (0, 1, AGAIN_AFTER_S - 1, AGAIN_AFTER_S)]
    assert [told is not None for told in ids] == [True, False, False, True]
    assert to.given_up(OTHER, BODY, "x", NOW + 1) is not None, "another receiver is another matter"
    assert to.given_up(MISSED, BODY, "x", NOW - 9) is not None, "the clock was set back"
