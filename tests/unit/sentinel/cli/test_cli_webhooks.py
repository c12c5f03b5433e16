"""``vedette webhooks``: every sentinel is asked, and a dead letter is retried at the one that has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.sentinel.cli.test_cli import FakeSentinel, dead, fake, make_fake, other, vedette

__all__ = ["dead", "fake", "make_fake", "other"]

UNKNOWN = "unknown-webhook"


def delivery(id_: str, state: str = "dead", **changes: object) -> dict[str, Any]:
    return {
        "id": id_,
        "state": state,
        "event": "msg_1",
        "type": "failover.completed",
        "group": "g",
        "receiver": "https://hooks.example",
        "created_at": "2026-01-31T12:00:00.123Z",
        "attempts": 12,
        "last_error": "answered 500",
        "next_try_at": None,
        **changes,
    }


def listing(
    sentinel: FakeSentinel, name: str, *deliveries: dict[str, Any], stopped: str | None = None
) -> None:
    body = {
        "sentinel": name,
        "pending": sum(each["state"] == "pending" for each in deliveries),
        "dead": sum(each["state"] == "dead" for each in deliveries),
        "receivers": [{"receiver": "https://hooks.example", "stopped": stopped}],
        "deliveries": deliveries,
    }
    for limit in (100, 1000):
        sentinel.answers[f"/v1/webhooks?limit={limit}"] = (200, body)


def posts(sentinel: FakeSentinel) -> list[str]:
    return [path for method, path, _, _ in sentinel.asked if method == "POST"]


def test_the_deliveries_of_every_sentinel_are_listed(fake: FakeSentinel, other: FakeSentinel) -> None:
    listing(fake, "s1", delivery("s1.4"), stopped="answered 410")
    listing(other, "s2", delivery("s2.7", "pending", attempts=0, last_error=None))
    shown = vedette("webhooks", "list", "--url", fake.url, "--url", other.url)
    assert shown.exit_code == 0
    for text in ("s1.4", "s2.7", "answered 500", "s1: 0 pending, 1 given up", "s2: 1 pending, 0 given up"):
        assert text in shown.stdout
    assert "nothing is sent to https://hooks.example: answered 410" in shown.stdout
    as_json = json.loads(vedette("webhooks", "list", "--json", "--url", fake.url, "--url", other.url).stdout)
    assert [each["sentinel"] for each in as_json["sentinels"]] == ["s1", "s2"]


def test_a_sentinel_that_is_down_hides_nothing_of_the_others(fake: FakeSentinel, dead: str) -> None:
    listing(fake, "s1", delivery("s1.4"))
    for urls in ((dead, fake.url), (fake.url, dead)):
        shown = vedette("webhooks", "list", *(part for url in urls for part in ("--url", url)))
        assert shown.exit_code == 0 and "s1.4" in shown.stdout
        assert f"{dead} does not answer" in shown.stderr
    assert vedette("webhooks", "list", "--url", dead).exit_code == 5


def test_a_dead_letter_is_retried_where_it_is(fake: FakeSentinel, other: FakeSentinel) -> None:
    path = "/v1/webhooks/s2.7/retry"
    fake.problem(path, UNKNOWN)
    other.answers[path] = (202, {"id": "s2.7"})
    done = vedette(
        "webhooks", "retry", "s2.7", "--url", fake.url, "--url", other.url, env={"VEDETTE_TOKEN": "t"}
    )
    assert (done.exit_code, done.stdout) == (0, "tried again: s2.7\n")
    assert posts(fake) == posts(other) == [path]
    assert other.asked[-1][2]["Authorization"] == "Bearer t"


def test_one_that_nobody_knows_is_refused_with_advice(fake: FakeSentinel, dead: str) -> None:
    fake.problem("/v1/webhooks/s9.9/retry", UNKNOWN)
    for urls in ((fake.url, dead), (dead, fake.url)):
        done = vedette("webhooks", "retry", "s9.9", *(part for url in urls for part in ("--url", url)))
        assert done.exit_code == 1 and "vedette webhooks list" in done.stderr


def test_a_refusal_is_not_taken_elsewhere(fake: FakeSentinel, other: FakeSentinel) -> None:
    fake.problem("/v1/webhooks/s2.7/retry", "unauthorized")
    done = vedette("webhooks", "retry", "s2.7", "--url", fake.url, "--url", other.url)
    assert done.exit_code == 1 and "--token-file" in done.stderr and not other.asked


def test_all_dead_letters_are_retried_and_nothing_else(
    make_fake: Callable[[], FakeSentinel], dead: str
) -> None:
    first, second = make_fake(), make_fake()
    listing(first, "s1", delivery("s1.1", "pending"), delivery("s1.4"), delivery("s1.3"))
    listing(second, "s2", delivery("s2.9"))
    for sentinel, ids in ((first, ("s1.4", "s1.3")), (second, ("s2.9",))):
        for id_ in ids:
            sentinel.answers[f"/v1/webhooks/{id_}/retry"] = (202, {"id": id_})
    urls = [part for url in (first.url, dead, second.url) for part in ("--url", url)]
    done = vedette("webhooks", "retry", "--all", "--json", *urls)
    assert done.exit_code == 0 and json.loads(done.stdout) == {"retried": ["s1.4", "s1.3", "s2.9"]}
    assert posts(first) == ["/v1/webhooks/s1.4/retry", "/v1/webhooks/s1.3/retry"]


def test_what_to_retry_has_to_be_said(fake: FakeSentinel) -> None:
    for arguments in ((), ("s1.1", "--all")):
        done = vedette("webhooks", "retry", *arguments, "--url", fake.url)
        assert done.exit_code == 2 and "--all" in done.stderr and not fake.asked
