"""Scripts that would look like a hang, found by the commands that have been run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sentinel.preflight.facts import Problem
from sentinel.preflight.rules import find_problems
from sentinel.preflight.scripts import longest_script_s
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, REQUIREMENTS, group

LATENCY = (
    b"# Latencystats\r\nlatency_percentiles_usec_get:p50=1.003,p99=9000000.000,p99.9=9000000.000\r\n"
    b"latency_percentiles_usec_eval:p50=1.003,p99=1.003,p99.9=2013265.919\r\n"
    b"latency_percentiles_usec_fcall:p50=1.003,p99=1.003,p99.9=700.000\r\n"
)
COUNTS = (
    b"# Commandstats\r\ncmdstat_get:calls=1,usec=9000000,usec_per_call=9000000.00,rejected_calls=0\r\n"
    b"cmdstat_evalsha:calls=2,usec=4000000,usec_per_call=2000000.00,rejected_calls=0,failed_calls=0\r\n"
)


def told(settings: Mapping[str, str], longest_s: float | None, down_after_s: float = 1.0) -> list[Problem]:
    primary = replace(PRIMARY, settings={**PRIMARY.settings, **settings}, longest_script_s=longest_s)
    required = replace(REQUIREMENTS, down_after_s=down_after_s)
    return [
        problem
        for problem in find_problems(group(primary, REPLICA, OTHER, required=required))
        if problem.code == "long-scripts"
    ]


@pytest.mark.parametrize(
    ("replies", "longest_s"),
    [
        ((LATENCY, COUNTS), 2.013265919),
        ((Exception("no such section"), COUNTS), 2.0),
        ((b"", b""), None),
        ((b"latency_percentiles_usec_eval_x:p99.9=1\r\nlatency_percentiles_usec_eval:p99.9=nan", b""), None),
    ],
)
def test_how_long_scripts_have_taken(replies: tuple[object, ...], longest_s: float | None) -> None:
    assert longest_script_s(replies) == longest_s


def test_a_long_script_before_which_redis_would_not_say_that_it_is_busy_is_told() -> None:
    [problem] = told({"busy-reply-threshold": "5000"}, 2.0)
    assert (problem.severity, problem.node) == ("warning", PRIMARY.name)
    assert (
        "scripts of 2.0 s" in problem.problem
        and "busy only after 5 s (busy-reply-threshold)" in problem.problem
    )
    assert "CONFIG SET busy-reply-threshold 200" in problem.advice


def test_the_older_name_of_the_setting_is_told_where_it_is_the_only_one() -> None:
    assert "(lua-time-limit)" in told({"lua-time-limit": "5000"}, 2.0)[0].problem


@pytest.mark.parametrize(
    ("settings", "longest_s", "down_after_s"),
    [
        ({"busy-reply-threshold": "5000"}, None, 1.0),
        ({"busy-reply-threshold": "5000"}, 0.1, 1.0),
        ({"busy-reply-threshold": "200"}, 30.0, 1.0),
        ({"busy-reply-threshold": "5000"}, 2.0, 30.0),
        ({}, 2.0, 1.0),
        ({"busy-reply-threshold": "a while"}, 2.0, 1.0),
    ],
    ids=["none", "short", "says-so-in-time", "patient", "not-told", "odd"],
)
def test_what_is_no_danger_is_not_told(
    settings: Mapping[str, str], longest_s: float | None, down_after_s: float
) -> None:
    assert told(settings, longest_s, down_after_s) == []


def test_never_busy_is_never_in_time() -> None:
    [problem] = told({"busy-reply-threshold": "0"}, 2.0)
    assert "says that it is busy never (busy-reply-threshold)" in problem.problem
