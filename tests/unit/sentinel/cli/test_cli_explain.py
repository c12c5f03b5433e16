"""``vedette explain`` says whether a failover is possible now, why not, and what the preflight found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import Result

from sentinel.terminal.exits import ExitCode
from tests.unit.sentinel.cli.test_cli import A, B, FakeSentinel, fake, group, make_fake, vedette

__all__ = ["fake", "make_fake"]

POSSIBLE = f"A failover now would choose {B}"
CHOICE = {"group": "g", "primary": A, "chosen": B, "candidates": []}
PAUSE = {"since": "2026-01-31T12:00:00.123Z", "by": "s2", "reason": None}


def explained(fake: FakeSentinel, *options: str, choice: object = CHOICE, **changes: Any) -> Result:
    fake.answers["/v1/groups/g"] = (200, group(**changes))
    fake.answers.setdefault("/v1/groups/g/candidates", (200, choice))
    return vedette("explain", "g", "--url", fake.url, *options)


def test_a_failover_that_is_possible_is_exit_code_0(fake: FakeSentinel) -> None:
    shown = explained(fake)
    assert shown.exit_code == ExitCode.OK
    assert POSSIBLE in shown.stdout
    assert "No failover" not in shown.stdout


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"has_majority": False, "majority": 2, "members": ["s1", "s2", "s3"]},
            "fewer than 2 of 3 sentinels are in touch",
        ),
        ({"takes_no_part": "it may have forgotten a vote"}, "it may have forgotten a vote"),
        ({"paused": PAUSE}, "the group is paused"),
        ({"topology": None, "ambiguous": "two are primary"}, "two are primary"),
        ({"choice": {**CHOICE, "chosen": None}}, "no replica is eligible"),
        ({"choice": {**CHOICE, "refusal": "durability: too few"}}, "durability: too few"),
    ],
)
def test_one_that_is_not_says_why_and_is_exit_code_1(
    fake: FakeSentinel, changes: dict[str, Any], reason: str
) -> None:
    shown = explained(fake, **changes)
    assert shown.exit_code == ExitCode.REFUSED
    [line] = [line for line in shown.stdout.splitlines() if line.startswith("No failover is possible: ")]
    assert reason in line
    assert POSSIBLE not in shown.stdout


def test_the_sentinels_own_word_counts_where_it_gives_one(fake: FakeSentinel) -> None:
    word = "no failover possible: 1 of 3 sentinels in touch, 2 needed"
    shown = explained(fake, can_fail_over={"ok": False, "reasons": [word, "the group is paused"]})
    assert shown.exit_code == ExitCode.REFUSED
    assert f"\n{word}\nNo failover is possible: the group is paused\n" in shown.stdout
    assert POSSIBLE not in shown.stdout
    agreed = explained(fake, has_majority=False, can_fail_over={"ok": True, "reasons": []})
    assert agreed.exit_code == ExitCode.OK
    assert POSSIBLE in agreed.stdout


def test_a_ranking_that_is_refused_hides_nothing_else(fake: FakeSentinel) -> None:
    fake.problem("/v1/groups/g/candidates", "no-quorum", "1 of 3")
    shown = explained(fake)
    assert (shown.exit_code, shown.stderr) == (ExitCode.REFUSED, "")
    assert "No failover is possible: 1 of 3" in shown.stdout
    assert "What each sentinel says" in shown.stdout


def test_the_preflight_is_shown_with_its_age(fake: FakeSentinel) -> None:
    checked = (datetime.now(UTC) - timedelta(minutes=6, seconds=30)).isoformat()
    problem = {"node": B, "severity": "error", "code": "auth", "problem": "refuses it", "advice": "do"}
    path = "/v1/groups/g/preflight"
    fake.answers[path] = (200, {"group": "g", "checked_at": checked, "problems": [problem]})
    shown = explained(fake).stdout
    assert f"What the preflight found at {checked}, 6 min ago" in shown
    assert ["error", B, "auth", "refuses", "it"] in [line.split() for line in shown.splitlines()]
    assert json.loads(explained(fake, "--json").stdout)["preflight"]["problems"] == [problem]
    fake.answers[path] = (200, {"group": "g", "checked_at": checked, "problems": []})
    assert "The preflight found nothing at" in explained(fake).stdout
    fake.answers[path] = (200, {"group": "g", "checked_at": None, "problems": []})
    assert "has not looked at the nodes yet" in explained(fake).stdout


def test_the_clock_of_an_outage_is_shown_where_the_sentinel_has_one(fake: FakeSentinel) -> None:
    clock = {"since": "2026-01-31T16:32:31Z", "for_ms": 49_300, "next_attempt_in_ms": 2000, "attempts": 3}
    shown = explained(fake, primary_down={**clock, "last_reason": "no replica is linked"}).stdout
    assert "The primary is down for 49 s, since 2026-01-31T16:32:31Z." in shown
    assert "Attempts in vain: 3; the next in 2 s. The last failed: no replica is linked" in shown
