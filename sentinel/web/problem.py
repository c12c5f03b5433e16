"""Every error answer of the HTTP API, as problem details (RFC 9457).

``type`` is stable, one per kind of problem, so that a program can tell them apart; ``detail`` tells people
what was wrong with this request. Nothing internal, such as a traceback, is ever sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sentinel.process.problem_types import TYPE_PREFIX

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
SERVER = "Vedette"

KINDS: Mapping[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be understood"),
    "unauthorized": (401, "This needs the API's token"),
    "forbidden": (403, "This is not allowed"),
    "not-found": (404, "There is nothing here"),
    "unknown-group": (404, "No such group"),
    "unknown-node": (404, "No such node"),
    "unknown-operation": (404, "No such operation"),
    "not-scheduled": (404, "No switchover is scheduled"),
    "unknown-webhook": (404, "No such dead letter"),
    "method-not-allowed": (405, "This method is not for this resource"),
    "timeout": (408, "The request did not arrive in time"),
    "in-progress": (409, "The group is being worked on"),
    "paused": (409, "The group is paused"),
    "already-scheduled": (409, "A switchover is scheduled already"),
    "precondition": (412, "A failover could not succeed now"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body must be JSON"),
    "expectation-failed": (417, "This cannot be expected here"),
    "upgrade-required": (426, "This takes a websocket"),
    "too-soon": (429, "This was asked for a moment ago"),
    "internal": (500, "This sentinel failed to answer"),
    "no-quorum": (503, "This sentinel is not in touch with a majority"),
    "no-primary": (503, "No primary is known"),
    "primary-unwatched": (503, "The primary is not watched"),
    "check-failed": (503, "The node is not what was asked for"),
    "not-ready": (503, "This sentinel is not ready"),
    "unhealthy": (503, "This sentinel cannot work"),
    "state-unavailable": (503, "The state cannot be read"),
    "too-many-waiting": (503, "Too many clients are waiting"),
    "unavailable": (503, "This sentinel cannot answer now"),
}
"""Each kind with its status and title. A test holds the documentation against this table."""

_KIND_OF_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    417: "expectation-failed",
    426: "upgrade-required",
    503: "unavailable",
}
_KEPT_HEADERS = ("Allow", "Upgrade")


class ProblemError(Exception):
    """Raised by a handler, answered as a problem. ``kind`` is one of KINDS; ``extra`` members are JSON."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.status, self.title = KINDS[kind]
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def body(problem: ProblemError, instance: str) -> bytes:
    """``instance`` is the path that was asked for."""
    members: dict[str, object] = {
        "type": TYPE_PREFIX + problem.kind,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
    }
    # First what people look for; no member of one kind replaces any of these.
    return json.dumps(members | problem.extra | members).encode()


def response(problem: ProblemError, request: web.BaseRequest) -> web.Response:
    """A 503 says when to try again."""
    headers = {"Cache-Control": "no-store", "Server": SERVER} | problem.headers
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    answer = web.Response(
        status=problem.status,
        body=body(problem, request.rel_url.raw_path),
        content_type=CONTENT_TYPE,
        headers=headers,
    )
    if problem.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT):
        # The rest of the body is not worth waiting for to keep the connection.
        answer.force_close()
    return answer


def middleware(raw_handler: Handler) -> Middleware:
    """Answers whatever a handler raises. ``raw_handler`` takes the connection over: its crashes are not
    answered, since its answer may be half sent."""

    @web.middleware
    async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ProblemError as problem:
            return response(problem, request)
        except web.HTTPException as error:
            return response(from_aiohttp(error, request), request)
        except Exception:
            if request.match_info.handler is raw_handler:
                raise
            logger.exception("%s %.200s failed", request.method, request.rel_url.raw_path)
            return response(ProblemError("internal", "It is in this sentinel's log."), request)

    return answer_problems


def from_aiohttp(error: web.HTTPException, request: web.BaseRequest) -> ProblemError:
    details = {
        404: "There is nothing at this path.",
        405: f"{request.method:.20} is not for this path, but {error.headers.get('Allow')}.",
        413: "The body is larger than this sentinel takes.",
    }
    headers = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
    detail = details.get(error.status) or (error.text or error.reason).strip()
    return ProblemError(_KIND_OF_STATUS.get(error.status, "internal"), detail, headers=headers)
