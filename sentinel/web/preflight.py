"""What clients ask about the next failover: what would bite."""

from __future__ import annotations

from aiohttp import web

from sentinel.preflight.schedule import Report
from sentinel.process.instants import iso
from sentinel.status.answers import PreflightAnswer, ProblemFound
from sentinel.web.deps import HttpDeps, reply
from sentinel.web.openapi import Endpoint


def endpoints(deps: HttpDeps) -> tuple[Endpoint, ...]:
    async def get_preflight(request: web.Request) -> web.Response:
        name = deps.driver(request).name
        return reply(answer(name, deps.preflight(name)))

    return (
        Endpoint(
            "GET",
            "/v1/groups/{group}/preflight",
            get_preflight,
            "What would bite during a failover, as this sentinel last found",
            PreflightAnswer,
            problems=("unknown-group",),
        ),
    )


def answer(group: str, report: Report) -> PreflightAnswer:
    return PreflightAnswer(
        group=group,
        checked_at=iso(report.at_ms) if report.at_ms is not None else None,
        problems=[
            ProblemFound(node=p.node, severity=p.severity, code=p.code, problem=p.problem, advice=p.advice)
            for p in report.problems
        ],
    )
