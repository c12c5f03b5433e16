"""``vedette status`` of many groups: a line each, problems first, a summary; and of those that were named."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sentinel.terminal.ages import absolute, age_between, age_text
from sentinel.terminal.exits import ExitCode
from tests.unit.sentinel.cli.test_cli import A, B, FakeSentinel, fake, group, groups, make_fake, node, vedette

__all__ = ["fake", "make_fake"]

DOWN = {"state": "down", "detail": "connection refused", "silence_ms": 49_400}
PAUSE = {"since": "2026-01-31T11:54:00.123Z", "by": "s2", "reason": "kernel"}


def named(name: str, *nodes: dict[str, Any], **changes: object) -> dict[str, Any]:
    return group(*nodes, group=name, **changes)


@pytest.fixture
def many(fake: FakeSentinel) -> FakeSentinel:
    """200 groups: one has lost its primary, one its replica, one its topology; one is paused."""
    well = [named(f"g{number:03}") for number in range(196)]
    lost = named("lost", node(A, "primary", **DOWN), node(B, "replica"))
    alone = named("alone", node(A, "primary"))
    status, body = groups(*well, lost, named("held", paused=PAUSE), alone, named("new", topology=None))
    assert isinstance(body, dict)
    fake.answers["/v1/groups"] = (status, {**body, "now": "2026-01-31T12:00:59.123Z"})
    return fake


def test_each_group_is_one_line_and_problems_come_first(many: FakeSentinel) -> None:
    shown = vedette("status", "--url", many.url)
    lines = shown.stdout.splitlines()
    assert shown.exit_code == ExitCode.REFUSED
    assert len(lines) == 1 + 200 + 2
    assert [line.split()[0] for line in lines[1:6]] == ["lost", "new", "alone", "held", "g000"]
    assert lines[1].endswith(f"primary {A} is down (connection refused), last answer 49 s ago")
    assert lines[1].split()[1:7] == ["no", "primary", A, "7", "59", "s"]
    assert lines[3].endswith("no replica could take over")
    assert lines[4].endswith("paused for 6 min: kernel")
    assert "s2 out of touch" in lines[-2]
    assert lines[-1] == "200 groups: 2 no primary, 1 degraded, 1 paused, 196 ok"


def test_problems_are_all_that_is_shown_if_wanted(many: FakeSentinel) -> None:
    lines = vedette("status", "--problems", "--url", many.url).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["lost", "new", "alone", "held"]
    assert len(lines) == 1 + 4 + 2
    body = json.loads(vedette("status", "--problems", "--json", "--url", many.url).stdout)
    assert [each["group"] for each in body["groups"]] == ["lost", "held", "alone", "new"]
    assert sorted(body["unhealthy"]) == ["alone", "lost", "new"]


def test_where_all_is_well_only_the_summary_is_left(fake: FakeSentinel) -> None:
    fake.answers["/v1/groups"] = groups(named("a"), named("b"))
    shown = vedette("status", "--problems", "--url", fake.url)
    assert shown.exit_code == ExitCode.OK
    assert shown.stdout.splitlines()[-1] == "2 groups: 2 ok"
    assert len(shown.stdout.splitlines()) == 2


def test_groups_that_are_named_are_shown_in_detail_and_decide_the_exit_code(many: FakeSentinel) -> None:
    well = vedette("status", "g001", "--url", many.url)
    assert well.exit_code == ExitCode.OK
    assert f"g001: primary {A} since term 7" in well.stdout
    assert "lost" not in well.stdout
    both = vedette("status", "g001", "lost", "--url", many.url)
    assert both.exit_code == ExitCode.REFUSED
    assert "last answer 49 s ago" in both.stdout
    body = json.loads(vedette("status", "lost", "g001", "lost", "--json", "--url", many.url).stdout)
    assert [each["group"] for each in body["groups"]] == ["lost", "g001"]


def test_a_name_that_is_no_group_is_refused_with_the_one_that_was_meant(many: FakeSentinel) -> None:
    refused = vedette("status", "lots", "--url", many.url)
    assert (refused.exit_code, refused.stdout) == (ExitCode.REFUSED, "")
    assert "there is no group 'lots' (did you mean 'lost'?)" in refused.stderr
    assert "and 190 more." in refused.stderr


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"nodes": [node(A, "replica"), node(B, "replica")]}, "no primary"),
        ({"has_majority": False}, "no majority"),
        ({"doubles": {"x:1": B}}, "degraded"),
    ],
)
def test_the_worst_names_the_state(fake: FakeSentinel, changes: dict[str, Any], standing: str) -> None:
    fake.answers["/v1/groups"] = groups(named("a"), named("b", **changes))
    assert f"2 groups: 1 {standing}, 1 ok" in vedette("status", "--url", fake.url).stdout


def test_ages_are_read_at_once() -> None:
    ages = (-5.0, 0.9, 49.9, 119.0, 120.0, 7199.0, 7200.0, 172_800.0)
    assert [age_text(age) for age in ages] == [
        "0 s",
        "0 s",
        "49 s",
        "119 s",
        "2 min",
        "119 min",
        "2 h",
        "2 d",
    ]
    assert age_between("2026-01-31T12:00:00Z", None) is None
    assert age_between("whenever", "2026-01-31T12:00:00Z") is None


def test_a_time_has_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "ABC-05:30")
    time.tzset()
    try:
        assert absolute("2026-01-31T12:00:00.123Z", utc=False) == "2026-01-31T17:30:00.123+05:30"
        assert absolute("2026-01-31T12:00:00.123Z", utc=True) == "2026-01-31T12:00:00.123+00:00"
        assert absolute("whenever", utc=True) == "whenever"
    finally:
        monkeypatch.undo()
        time.tzset()
