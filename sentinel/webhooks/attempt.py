"""The rules of one delivery attempt: its signature, the meaning of an answer, and the next attempt. Pure.

The signature follows Standard Webhooks (standardwebhooks/standard-webhooks, spec/standard-webhooks.md): the
id and the body stay the same at every attempt, the timestamp is that of the attempt.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import random
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 300.0
MAX_RETRY_AFTER_S = 3600.0


def headers(event_id: str, body: str, secret: bytes, now: float) -> dict[str, str]:
    """The headers of an attempt at ``now`` (seconds since the epoch)."""
    timestamp = str(int(now))
    mac = hmac.digest(secret, f"{event_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "vedette",
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def plain_headers(token: bytes) -> dict[str, str]:
    """Of a receiver that checks no signature; ``token`` is its bearer token, or empty."""
    made = {"content-type": "application/json", "user-agent": "vedette"}
    return made | ({"authorization": f"Bearer {token.decode()}"} if token else {})


class Result(enum.Enum):
    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"
    """The receiver wants no more events (410)."""


@dataclass(frozen=True, slots=True)
class Answer:
    result: Result
    problem: str = ""
    retry_after_s: float = 0.0
    """The shortest wait, if the receiver asked for one."""


def judge(status: int, retry_after: str | None, now: float) -> Answer:
    """The meaning of an HTTP answer. Redirects are not followed: an event goes only to its configured URL."""
    if 200 <= status < 300:
        return Answer(Result.DELIVERED)
    if status == 410:
        return Answer(Result.GONE, "answered 410: it wants no more events")
    if 300 <= status < 400:
        return Answer(Result.FAILED, f"answered {status}: redirects are not followed")
    wait_s = parse_retry_after(retry_after, now) if status in (429, 503) else 0.0
    return Answer(Result.FAILED, f"answered {status}", wait_s)


def parse_retry_after(value: str | None, now: float) -> float:
    """Seconds to wait, from seconds or an HTTP date (RFC 9110 section 10.2.3); 0 when it is neither."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:10]), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
        wait_s = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def retry_in_s(attempts: int, answer: Answer, rng: random.Random) -> float:
    """Seconds after ``attempts`` failures: doubling, with full jitter so that attempts spread out."""
    ceiling = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts - 1, 16))
    return max(answer.retry_after_s, rng.uniform(0.0, ceiling))
