"""Answers clients' questions about the problems of the next failover, and looks for them anew."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from aiohttp import web

from sentinel.preflight.report import Report
from sentinel.preflight.schedule import AGAIN_S, NotCheckedError, TooSoonError
from sentinel.process.instants import iso
from sentinel.status.answers import PreflightAnswer, ProblemFound
from sentinel.web.guard import Guard
from sentinel.web.inputs import BODY_PROBLEMS, json_body
from sentinel.web.needs import KnownGroups
from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply
from sentinel.web.requests import PreflightRequest

_PATH = "/v1/groups/{group}/preflight"


class PreflightHandlers:
    """``newest``: the newest preflight of a group; ``check``: a new one. It raises TooSoonError and
    NotCheckedError.
    """

    def __init__(
        self,
        *,
        groups: KnownGroups,
        newest: Callable[[str], Report],
        check: Callable[[str], Awaitable[Report]],
        guard: Guard,
    ) -> None:
        self._groups = groups
        self._newest = newest
        self._check = check
        self._guard = guard

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "GET",
                _PATH,
                self.get_preflight,
                "What would bite during a failover, as this sentinel last found",
                PreflightAnswer,
                problems=("unknown-group",),
            ),
            Endpoint(
                "POST",
                _PATH,
                self.post_preflight,
                "Check again now, from this sentinel, and answer with what it finds",
                PreflightAnswer,
                body=PreflightRequest,
                problems=(
                    *BODY_PROBLEMS,
                    "unauthorized",
                    "forbidden",
                    "unknown-group",
                    "in-progress",
                    "too-soon",
                ),
            ),
        )

    async def get_preflight(self, request: web.Request) -> web.Response:
        name = self._groups.of(request).name
        return reply(answer(name, self._newest(name)))

    async def post_preflight(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        name = self._groups.of(request).name
        await json_body(request, PreflightRequest)
        try:
            report = await self._check(name)
        except TooSoonError:
            headers = {"Retry-After": str(math.ceil(AGAIN_S))}
            raise ProblemError("too-soon", f"Group {name} was just checked.", headers=headers) from None
        except NotCheckedError as error:
            raise ProblemError("in-progress", f"Group {name} was not checked: {error}.") from None
        return reply(answer(name, report))


def answer(group: str, report: Report) -> PreflightAnswer:
    return PreflightAnswer(
        group=group,
        checked_at=iso(report.at_ms) if report.at_ms is not None else None,
        problems=[
            ProblemFound(
                node=p.node,
                severity=p.severity,
                code=p.code,
                problem=p.problem,
                advice=p.advice,
                found_at=iso(report.since_ms(p)),
            )
            for p in report.problems
        ],
    )
