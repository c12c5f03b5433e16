"""What machines ask about this sentinel itself: alive, ready, its metrics, and the API's description."""

from __future__ import annotations

from aiohttp import web

from quorum.votes import majority
from sentinel.status.answers import HealthAnswer, ReadyAnswer
from sentinel.web.deps import HttpDeps, reply
from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError


class HealthHandlers:
    """``description`` answers ``/openapi.json``; it is set once all routes are known."""

    def __init__(self, deps: HttpDeps) -> None:
        self._deps = deps
        self.description = b""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", "/healthz", self.get_health, "It works", HealthAnswer, problems=("unhealthy",)),
            Endpoint(
                "GET",
                "/readyz",
                self.get_ready,
                "In touch with a majority, part of it, able to remember, room on the disk, files left",
                ReadyAnswer,
                problems=("not-ready",),
            ),
            Endpoint(
                "GET", "/metrics", self.get_metrics, "Metrics for Prometheus", None, content_type="text/plain"
            ),
            Endpoint("GET", "/openapi.json", self.get_openapi, "This description (OpenAPI 3.1)", None),
        )

    async def get_health(self, _: web.Request) -> web.Response:
        failure = self._deps.store.failure
        if failure is not None:
            raise ProblemError("unhealthy", f"The state cannot be written: {failure}")
        return reply(HealthAnswer())

    async def get_ready(self, _: web.Request) -> web.Response:
        deps, missing = self._deps, []
        found = deps.reachable()
        if not deps.has_majority:
            needed = majority(len(deps.members))
            missing.append(f"in touch with {len(found)} of {len(deps.members)} sentinels, {needed} needed")
        if why := deps.no_part():
            missing.append(why)
        if deps.store.failure is not None:
            missing.append(f"the state cannot be written: {deps.store.failure}")
        elif deps.disk is not None and (trouble := await deps.disk.trouble()) is not None:
            missing.append(trouble)
        if deps.files is not None and deps.files.trouble is not None:
            missing.append(deps.files.trouble)
        if missing:
            extra = {"not_ready": missing, "in_touch": found}
            raise ProblemError("not-ready", "; ".join(missing), extra=extra)
        return reply(ReadyAnswer(in_touch=found))

    async def get_metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._deps.metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def get_openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self.description, content_type="application/json")
