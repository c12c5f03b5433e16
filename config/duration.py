"""Durations as people write them: ``250ms``, ``1.5s``, ``5m``, ``1h``, ``1d``. A unit is never guessed."""

from __future__ import annotations

import re
from decimal import Decimal

from config.errors import InvalidValueError

PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})?(ms|s|m|h|d)$"
MAX_S = 366 * 86_400.0
"""A longer duration is a typing error, and would overflow timers."""

_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_MEANT = {
    "ms": ("msec", "msecs", "millis", "millisecond", "milliseconds"),
    "s": ("sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
}


def parse_duration(text: object) -> float:
    """Seconds, from a number directly followed by its unit. May be zero.

    Raises ``InvalidValueError`` for all else, also a bare number: ``1000`` may mean seconds or milliseconds.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise InvalidValueError(text, f"has no unit (try {text}s or {text}ms)")
    if not isinstance(text, str):
        raise InvalidValueError(text, "is not a duration (try 1s)")
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)", text, re.ASCII)
    if match is None:
        raise InvalidValueError(text, _hint(text))
    seconds = float(Decimal(match[1]) * _MICROSECONDS[match[2]] / 1_000_000)
    if seconds > MAX_S:
        raise InvalidValueError(text, "is longer than a year")
    return seconds


def parse_positive_duration(text: object) -> float:
    """As ``parse_duration``, but zero is refused: it would mean "all the time" or "never"."""
    seconds = parse_duration(text)
    if seconds <= 0:
        raise InvalidValueError(text, "must be longer than 0")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest usual text: ``1s``, ``1.5s``, ``250ms``. Exact to a microsecond; ``seconds`` >= 0."""
    microseconds = round(seconds * 1_000_000)
    for unit, size in sorted(_MICROSECONDS.items(), key=lambda item: -item[1]):
        if microseconds >= size and microseconds % size == 0:
            return f"{microseconds // size}{unit}"
        if unit == "s" and microseconds >= size and microseconds * 10 % size == 0:
            return f"{microseconds / size:.1f}s"
    if microseconds == 0:
        return "0s"
    return f"{Decimal(microseconds) / 1000:f}ms"


def _hint(text: str) -> str:
    match = re.fullmatch(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]*)\s*", text, re.ASCII)
    if match is None:
        return "is not a duration (try 1s)"
    number, unit = match[1], match[2].lower()
    if not unit:
        return f"has no unit (try {number}s or {number}ms)"
    for short, longer in _MEANT.items():
        if unit == short or unit in longer:
            return f"is not a duration (try {number}{short})"
    return "is not a duration (try 1s; the units are ms, s, m, h and d)"
