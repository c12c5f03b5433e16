"""Answers clients' questions about the problems of the next failover."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from sentinel.preflight.schedule import Report
from sentinel.process.instants import iso
from sentinel.status.answers import PreflightAnswer, ProblemFound
from sentinel.web.needs import KnownGroups
from sentinel.web.openapi import Endpoint
from sentinel.web.reply import reply


class PreflightHandlers:
    """``newest``: the newest preflight of a group."""

    def __init__(self, *, groups: KnownGroups, newest: Callable[[str], Report]) -> None:
        self._groups = groups
        self._newest = newest

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "GET",
                "/v1/groups/{group}/preflight",
                self.get_preflight,
                "What would bite during a failover, as this sentinel last found",
                PreflightAnswer,
                problems=("unknown-group",),
            ),
        )

    async def get_preflight(self, request: web.Request) -> web.Response:
        name = self._groups.of(request).name
        return reply(answer(name, self._newest(name)))


def answer(group: str, report: Report) -> PreflightAnswer:
    return PreflightAnswer(
        group=group,
        checked_at=iso(report.at_ms) if report.at_ms is not None else None,
        problems=[
            ProblemFound(node=p.node, severity=p.severity, code=p.code, problem=p.problem, advice=p.advice)
            for p in report.problems
        ],
    )
