from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import InvalidValueError, format_duration, parse_duration
from config.duration import MAX_S


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("1s", 1.0),
        ("1.5s", 1.5),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1d", 86_400.0),
        ("0s", 0.0),
    ],
)
def test_reads_each_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("1 sec", "'1 sec' is not a duration (try 1s)"),
        ("2 Minutes", "'2 Minutes' is not a duration (try 2m)"),
        ("1S", "'1S' is not a duration (try 1s)"),
        ("1000", "'1000' has no unit (try 1000s or 1000ms)"),
        (1000, "1000 has no unit (try 1000s or 1000ms)"),
        ("-1s", "'-1s' is not a duration (try 1s)"),
        ("1s\n", "'1s\\n' is not a duration (try 1s)"),
        ("", "'' is not a duration (try 1s)"),
        ("3 weeks", "'3 weeks' is not a duration (try 1s; the units are ms, s, m, h and d)"),
        ("\u0661s", "'\u0661s' is not a duration (try 1s)"),
        ("400d", "'400d' is longer than a year"),
        (True, "True is not a duration (try 1s)"),
        (None, "None is not a duration (try 1s)"),
    ],
)
def test_refuses_with_a_hint(value: object, why: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_duration(value)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250ms"), (1.0, "1s"), (1.5, "1.5s"), (90.0, "90s"), (300.0, "5m"), (0.0, "0s")],
)
def test_shows_the_shortest_usual_text(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=int(MAX_S) * 1_000_000))
def test_what_is_shown_is_read_back_to_the_microsecond(microseconds: int) -> None:
    assert round(parse_duration(format_duration(microseconds / 1_000_000)) * 1_000_000) == microseconds


@given(
    st.text()
    | st.integers()
    | st.floats()
    | st.from_regex(r"[0-9.]{1,12} ?(ms|s|m|h|d|sec)?", fullmatch=True)
)
def test_anything_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(InvalidValueError):
        assert 0 <= parse_duration(value) <= MAX_S
