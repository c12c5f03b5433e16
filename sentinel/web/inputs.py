"""Reads clients' inputs: query parameters and JSON bodies. An invalid one is a problem that names it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.duration import parse_duration
from config.errors import InvalidValueError
from config.fields import nearest
from sentinel.web.problem import ProblemError

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 10.0
MAX_WAIT_S = 60.0
MAX_TERM = 2**63 - 1
MAX_ERRORS = 20
MAX_RANGES = 20
"""Of an Accept header."""
DAY_MS = 24 * 60 * 60 * 1000
BODY_PROBLEMS = ("bad-request", "timeout", "too-large", "unsupported-media-type")
"""What ``json_body`` may find wrong."""

_UNASKED_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_PLAIN_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?", re.ASCII)
_INTEGER = re.compile(r"[0-9]{1,19}", re.ASCII)

_Body = TypeVar("_Body", bound=BaseModel)


def query(request: web.Request, allowed: tuple[str, ...]) -> Mapping[str, str]:
    """Each parameter once. A misspelt one is refused: without it the answer would be another."""
    known = ", ".join(allowed) or "none"
    for name in request.query:
        if name not in allowed:
            raise bad_parameter(name, f"is not known here (known: {known})")
        if len(request.query.getall(name)) > 1:
            raise bad_parameter(name, "is there more than once")
    return request.query


def integer(values: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise bad_parameter(name, f"{text!r:.40} is not a whole number from {low} to {high}")
    return int(text)


def wait_s(values: Mapping[str, str], default_s: float) -> float:
    """Seconds, from ``30s``, ``500ms`` or plain ``30``; at most MAX_WAIT_S."""
    return duration_s("wait", values.get("wait"), default_s, MAX_WAIT_S)


def duration_s(name: str, text: str | None, default_s: float, most_s: float) -> float:
    """Seconds, from ``30s``, ``500ms`` or plain ``30``. Raises ProblemError naming ``name``."""
    if text is None:
        return default_s
    try:
        seconds = float(text) if _PLAIN_SECONDS.fullmatch(text) else parse_duration(text[:64])
    except InvalidValueError as error:
        raise bad_parameter(name, f"{text!r:.40}: {error.args[-1]!s:.200}") from None
    if seconds > most_s:
        raise bad_parameter(name, f"{text!r:.40} is longer than {most_s:g}s")
    return seconds


def instant_ms(name: str, text: str, now_ms: int, most_ms: int) -> int:
    """Milliseconds since the epoch, from ISO 8601 with an offset: to come, and within ``most_ms``.

    Raises ProblemError naming ``name``.
    """
    try:
        # Python 3.11 overlooks a NUL at the end.
        at = datetime.fromisoformat(text if text.isprintable() else "")
    except ValueError:
        raise bad_parameter(name, f"{text!r:.80} is not a time like 2026-01-31T03:00:00Z") from None
    if at.tzinfo is None:
        raise bad_parameter(name, f"{text!r:.80} has no offset: end it with Z, or with one like +01:00")
    at_ms = round(at.timestamp() * 1000)
    if at_ms <= now_ms:
        raise bad_parameter(name, f"{text!r:.80} is not in the future")
    if at_ms > now_ms + most_ms:
        raise bad_parameter(name, f"{text!r:.80} is more than {most_ms // DAY_MS} days away")
    return at_ms


def choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    text = values.get(name)
    if text is not None and text not in allowed:
        raise bad_parameter(name, f"{text!r:.40} is not one of: {', '.join(allowed)}")
    return text


def wants_text(request: web.Request) -> bool:
    """By ``format``, or else if the Accept header names ``text/plain``, and not JSON at least as much."""
    form = choice(request.query, "format", ("json", "text"))
    if form is not None:
        return form == "text"
    wanted = dict(map(_media_range, request.headers.get("Accept", "").split(",")[:MAX_RANGES]))
    return wanted.get("text/plain", 0.0) > wanted.get("application/json", 0.0)


def _media_range(text: str) -> tuple[str, float]:
    """The type and its weight; one that is no number does not count."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = [part[2:] for part in parameters if part.startswith("q=")]
    found = _WEIGHT.fullmatch(weights[0]) if weights else None
    return name, float(found[0]) if found else (0.0 if weights else 1.0)


def bad_parameter(name: str, problem: str) -> ProblemError:
    return ProblemError("bad-request", f"{name:.40}: {problem}", extra={"parameter": name[:40]})


async def json_body(request: web.Request, model: type[_Body]) -> _Body:
    """The body, which may be missing.

    Only ``application/json`` is taken, and even without a body nothing that a page may send to another
    origin unasked (Fetch standard, "CORS-safelisted request-header").
    """
    if request.content_type in _UNASKED_TYPES:
        raise ProblemError("unsupported-media-type", "Send application/json, or no body at all.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProblemError("unsupported-media-type", "Send the body without a Content-Encoding.")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise ProblemError("too-large", f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            raw = await request.read()
    except TimeoutError:
        raise ProblemError("timeout", f"The body did not arrive within {BODY_TIMEOUT_S:.0f} s.") from None
    except web.RequestPayloadError:
        raise ProblemError("bad-request", "The body breaks off, or is not framed as HTTP says.") from None
    if not raw:
        return model()
    if request.content_type != "application/json":
        raise ProblemError("unsupported-media-type", "Say Content-Type: application/json for the body.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _bad_body(error, tuple(model.model_fields)) from None


def _bad_body(error: ValidationError, known: tuple[str, ...]) -> ProblemError:
    errors = [
        {"field": ".".join(str(part) for part in item["loc"])[:80] or "body", "problem": _why(item, known)}
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ERRORS]
    ]
    detail = "; ".join(f"{item['field']}: {item['problem']}" for item in errors[:3])
    return ProblemError("bad-request", detail, extra={"errors": errors})


def _why(item: ErrorDetails, known: tuple[str, ...]) -> str:
    """For a field that there is none of, the one that it looks like, as in the configuration's errors."""
    why = item["msg"][:200]
    if item["type"] != "extra_forbidden":
        return why
    if (alike := nearest(str(item["loc"][-1]), known)) is not None:
        return f"{why}: did you mean {alike!r}?"
    return f"{why} (known: {', '.join(known)})" if known else why
