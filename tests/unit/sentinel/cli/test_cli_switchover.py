"""``vedette switchover``: its confirmation, its request, and its report of the end."""

from __future__ import annotations

import json

import pytest

from sentinel.cli.failover import describe
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import ExitCode

# Fixtures count for this module where they are imported.
from tests.unit.sentinel.cli.test_cli import (
    A,
    B,
    FakeSentinel,
    changed_over,
    dead,
    fake,
    make_fake,
    other,
    vedette,
)

__all__ = ["dead", "fake", "make_fake", "other"]

PATH = "/v1/groups/g/switchover"


def accept(fake: FakeSentinel, **operation: object) -> None:
    known = {
        "operation": "op-1",
        "group": "g",
        "kind": "switchover",
        "candidate": None,
        "reason": None,
        "term": 8,
        "new_primary": None,
        "requested_at": "2026-01-31T12:00:00.123Z",
        "finished_at": None,
    }
    fake.answers[PATH] = (202, {"operation": "op-1", "group": "g"})
    fake.answers["/v1/operations/op-1"] = (200, {**known, **operation})
    fake.answers["/v1/groups/g"] = (200, changed_over())


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ([], {}),
        (["--to", B], {"to": B}),
        (["--hold-writes", "0.25"], {"timeout": "250ms"}),
        (["--to", B, "--hold-writes", "3"], {"to": B, "timeout": "3000ms"}),
    ],
)
def test_what_was_asked_for_is_sent(fake: FakeSentinel, options: list[str], body: dict[str, str]) -> None:
    accept(fake)
    result = vedette("switchover", "g", *options, "--url", fake.url)
    assert result.exit_code == ExitCode.OK
    assert "op-1" in result.stdout
    [(method, path, _, sent)] = fake.asked
    assert (method, path, json.loads(sent)) == ("POST", PATH, body)


@pytest.mark.parametrize(
    ("to", "chosen", "named"), [(None, B, B), ("c:1", B, "c:1"), (None, None, "the best replica")]
)
def test_the_question_on_a_terminal_names_both_nodes(
    fake: FakeSentinel, to: str | None, chosen: str | None, named: str
) -> None:
    fake.answers["/v1/groups/g/candidates"] = (
        200,
        {"group": "g", "primary": A, "chosen": chosen, "candidates": []},
    )
    asked = describe(Sentinels([fake.url]), "g", to, "Switch over")
    assert asked == f"Switch over g from {A} to {named}?"


def test_a_group_of_any_name_stays_one_part_of_the_path(fake: FakeSentinel) -> None:
    vedette("switchover", "g/failover?x", "--url", fake.url)
    assert fake.asked[0][1] == "/v1/groups/g%2Ffailover%3Fx/switchover"


@pytest.mark.parametrize("hold", ["0.09", "0", "-1", "3601", "soon"])
def test_a_limit_that_makes_no_sense_is_not_sent(fake: FakeSentinel, hold: str) -> None:
    accept(fake)
    result = vedette("switchover", "g", "--hold-writes", hold, "--url", fake.url)
    assert result.exit_code == ExitCode.USAGE
    assert "hold-writes" in result.stderr
    assert fake.asked == []


def test_it_is_followed_to_its_end(fake: FakeSentinel) -> None:
    accept(fake, state="completed", new_primary=B)
    result = vedette("switchover", "g", "--wait", "--url", fake.url)
    assert (result.exit_code, result.stdout) == (ExitCode.OK, f"g: {B} is primary, term 8\n")
    as_json = vedette("switchover", "g", "--wait", "--json", "--url", fake.url)
    assert json.loads(as_json.stdout)["new_primary"] == B


def test_one_that_was_undone_is_an_error_with_its_reason(fake: FakeSentinel) -> None:
    accept(fake, state="failed", reason="b did not catch up within 2 s")
    result = vedette("switchover", "g", "--wait", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert "the switchover of g failed: b did not catch up within 2 s" in result.stderr


def test_waiting_for_it_ends(fake: FakeSentinel) -> None:
    accept(fake, state="running")
    result = vedette("switchover", "g", "--wait", "--timeout", "0", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert "still running" in result.stderr


@pytest.mark.parametrize(
    ("kind", "detail"), [("precondition", f"{B} is not linked"), ("in-progress", "busy")]
)
def test_a_refusal_is_told_with_its_reason(fake: FakeSentinel, kind: str, detail: str) -> None:
    fake.problem(PATH, kind, detail)
    result = vedette("switchover", "g", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert detail in result.stderr
    as_json = vedette("switchover", "g", "--url", fake.url, "--json")
    assert as_json.exit_code == ExitCode.REFUSED
    assert json.loads(as_json.stdout)["type"] == f"urn:vedette:problem:{kind}"


def test_one_that_may_have_been_taken_is_not_asked_for_elsewhere(
    fake: FakeSentinel, other: FakeSentinel
) -> None:
    fake.answers[PATH] = (0, b"")
    accept(other)
    result = vedette("switchover", "g", "--url", fake.url, "--url", other.url)
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "may or may not have taken" in result.stderr
    assert other.asked == []


def test_nobody_there(dead: str) -> None:
    assert vedette("switchover", "g", "--url", dead).exit_code == ExitCode.UNREACHABLE


def test_the_token_goes_with_it(fake: FakeSentinel) -> None:
    accept(fake)
    vedette("switchover", "g", env={"VEDETTE_URL": fake.url, "VEDETTE_TOKEN": "t0ken"})
    assert fake.asked[0][2]["Authorization"] == "Bearer t0ken"
