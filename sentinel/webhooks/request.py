"""One HTTP request that delivers an event to its receiver, and what came back."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from sentinel.webhooks.attempt import Answer, Result, headers, judge, plain_headers
from sentinel.webhooks.event import Endpoint
from sentinel.webhooks.formats import translated

MAX_ANSWER_BYTES = 4096


async def send(session: ClientSession, endpoint: Endpoint, event_id: str, body: str, now: float) -> Answer:
    """``body`` is the standard one; ``now`` is seconds since the epoch. No failure raises."""
    sent = translated(endpoint.format, body, endpoint.secret)
    if endpoint.format == "standard":
        with_it = headers(event_id, sent, endpoint.secret, now)
    else:
        with_it = plain_headers(endpoint.secret if endpoint.format == "alertmanager" else b"")
    try:
        async with session.post(
            endpoint.url,
            data=sent.encode(),
            headers=with_it,
            allow_redirects=False,
            timeout=ClientTimeout(total=endpoint.timeout_s),
        ) as answer:
            await _skim(answer)
            return judge(answer.status, answer.headers.get("Retry-After"), now)
    except TimeoutError:
        return Answer(Result.FAILED, f"no answer within {endpoint.timeout_s:g} s")
    except (ClientError, OSError, ValueError) as error:
        # The error's own text is never used: it may contain the URL, and that a password.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return Answer(Result.FAILED, f"no valid answer: {reason}")


async def _skim(answer: ClientResponse) -> None:
    """Read a short body, so that the connection can be reused. Its content and its errors are ignored."""
    with suppress(ClientError, OSError, TimeoutError):
        await answer.content.read(MAX_ANSWER_BYTES)
