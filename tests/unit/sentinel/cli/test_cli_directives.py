"""``vedette pause``, ``resume`` and ``switchover --at``: their requests, and their reports of the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from sentinel.cli.directives import moment
from sentinel.cli.failover import describe
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import CliError, ExitCode

# Fixtures count for this module where they are imported.
from tests.unit.sentinel.cli.test_cli import B, FakeSentinel, dead, fake, group, make_fake, other, vedette

__all__ = ["dead", "fake", "make_fake", "other"]

PAUSE, RESUME, SWITCHOVER = (f"/v1/groups/g/{what}" for what in ("pause", "resume", "switchover"))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def accept(fake: FakeSentinel, path: str, **operation: object) -> None:
    known = {
        "operation": "op-1",
        "group": "g",
        "kind": "switchover",
        "state": "completed",
        "candidate": None,
        "reason": None,
        "term": 8,
        "new_primary": None,
        "requested_at": "2026-01-31T12:00:00.123Z",
        "finished_at": None,
    }
    fake.answers[path] = (202, {"operation": "op-1", "group": "g"})
    fake.answers["/v1/operations/op-1"] = (200, {**known, **operation})


@pytest.mark.parametrize(
    ("arguments", "method", "path", "body", "kind", "said"),
    [
        (["pause", "g"], "POST", PAUSE, {}, "pause", "paused"),
        (["pause", "g", "--reason", "tea"], "POST", PAUSE, {"reason": "tea"}, "pause", "paused"),
        (["resume", "g"], "POST", RESUME, {}, "resume", "no longer paused"),
        (["switchover", "g", "--cancel"], "DELETE", SWITCHOVER, None, "cancel", "is cancelled"),
    ],
)
def test_what_was_asked_for_is_sent_with_the_token_and_followed(
    fake: FakeSentinel,
    tmp_path: Path,
    arguments: list[str],
    method: str,
    path: str,
    body: object,
    kind: str,
    said: str,
) -> None:
    accept(fake, path, kind=kind)
    (tmp_path / "token").write_text("s3cret\n")
    result = vedette(*arguments, "--wait", "--url", fake.url, "--token-file", tmp_path / "token")
    assert result.exit_code == ExitCode.OK and said in result.stdout
    (used, asked, headers, sent), *_ = fake.asked
    assert (used, asked, json.loads(sent or b"null")) == (method, path, body)
    assert headers["Authorization"] == "Bearer s3cret"


def test_a_schedule_is_sent_with_its_offset_and_followed_until_it_is_agreed_on(fake: FakeSentinel) -> None:
    at = "2099-01-31T03:00:00+01:00"
    accept(fake, SWITCHOVER, state="scheduled", candidate=B, at="2099-01-31T02:00:00.000Z")
    result = vedette("switchover", "g", "--to", B, "--at", at, "--wait", "--url", fake.url)
    assert result.exit_code == ExitCode.OK
    assert f"a switchover to {B} is scheduled for 2099-01-31T02:00:00.000Z" in result.stdout
    assert json.loads(fake.asked[0][3]) == {"to": B, "at": at}


def test_json_is_the_sentinels_answer(fake: FakeSentinel) -> None:
    accept(fake, PAUSE)
    result = vedette("pause", "g", "--json", "--url", fake.url)
    assert json.loads(result.stdout) == {"operation": "op-1", "group": "g", "asked": fake.url}


@pytest.mark.parametrize(
    ("path", "kind", "arguments", "advice"),
    [
        (SWITCHOVER, "already-scheduled", ["switchover", "g", "--at", "+1h"], "--cancel"),
        (SWITCHOVER, "not-scheduled", ["switchover", "g", "--cancel"], "vedette status"),
        (SWITCHOVER, "paused", ["switchover", "g"], "vedette resume"),
    ],
)
def test_a_refusal_says_what_to_do(
    fake: FakeSentinel, path: str, kind: str, arguments: list[str], advice: str
) -> None:
    fake.problem(path, kind)
    result = vedette(*arguments, "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED and advice in result.stderr


@pytest.mark.parametrize(
    "options", [["--at", "+1h"], ["--to", B], ["--hold-writes", "3"], ["--to", B, "--at", "+1h"]]
)
def test_cancel_stands_alone(fake: FakeSentinel, options: list[str]) -> None:
    result = vedette("switchover", "g", "--cancel", *options, "--url", fake.url)
    assert result.exit_code == ExitCode.USAGE and "--cancel" in result.stderr
    assert fake.asked == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("+10m", NOW + timedelta(minutes=10)),
        ("+90s", NOW + timedelta(seconds=90)),
        ("2026-02-01T03:00:00Z", datetime(2026, 2, 1, 3, tzinfo=UTC)),
        ("2026-02-01 03:00+01:00", datetime(2026, 2, 1, 3, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_time_is_understood(text: str, meant: datetime) -> None:
    assert datetime.fromisoformat(moment(text, NOW)) == meant


@pytest.mark.parametrize("text", ["+", "+soon", "+5", "tomorrow", "2026-02-01T03:00:00", "", "+99999999999h"])
def test_a_time_that_may_mean_anything_is_refused(text: str) -> None:
    with pytest.raises(CliError, match="--at") as refused:
        moment(text, NOW)
    assert refused.value.code == ExitCode.USAGE


def test_status_and_explain_show_both(fake: FakeSentinel) -> None:
    known = group()
    known["paused"] = {"since": "2026-01-31T12:00:00.000Z", "by": "s2", "reason": "kernel updates"}
    known["scheduled"] = {
        "operation": "op-7",
        "at": "2026-02-01T03:00:00.000Z",
        "to": B,
        "requested_at": "2026-01-31T12:00:00.000Z",
    }
    fake.answers["/v1/groups/g"] = (200, known)
    candidates: dict[str, object] = {"group": "g", "primary": "a:1", "chosen": None, "candidates": []}
    fake.answers["/v1/groups/g/candidates"] = (200, candidates)
    shown = vedette("explain", "g", "--url", fake.url).stdout
    assert "paused since 2026-01-31T12:00:00.000Z, requested at sentinel s2: kernel updates" in shown
    assert f"switchover to {B} scheduled for 2026-02-01T03:00:00.000Z, as op-7" in shown
    assert "nobody is promoted unless an operator names the node" in shown


@pytest.mark.parametrize(("at", "named"), [(None, B), ("2099-01-31T03:00:00Z", "the best replica")])
def test_the_question_names_no_node_that_may_not_be_the_best_then(
    fake: FakeSentinel, at: str | None, named: str
) -> None:
    candidates: dict[str, object] = {"group": "g", "primary": "a:1", "chosen": B, "candidates": []}
    fake.answers["/v1/groups/g/candidates"] = (200, candidates)
    question = describe(Sentinels((fake.url,)), "g", None, "Switch over", at)
    assert question == f"Switch over g from a:1 to {named}{f' at {at}' if at else ''}?"
