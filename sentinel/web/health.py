"""Answers machines' questions about this sentinel: alive, ready, its metrics, and the API's description."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from sentinel.metrics.registry import Metrics
from sentinel.peers.in_touch import InTouch
from sentinel.process.disk import Disk
from sentinel.process.open_files import FilesLeft
from sentinel.state.store import Store
from sentinel.status.answers import HealthAnswer, ReadyAnswer
from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply


class HealthHandlers:
    """``no_part`` says why this sentinel takes no part in elections; empty if it does. ``disk``: where the
    state is; ``files``: what this process may still open; None: nobody looks.
    """

    def __init__(
        self,
        *,
        in_touch: InTouch,
        store: Store,
        metrics: Metrics,
        no_part: Callable[[], str],
        disk: Disk | None = None,
        files: FilesLeft | None = None,
    ) -> None:
        self._in_touch = in_touch
        self._store = store
        self._metrics = metrics
        self._no_part = no_part
        self._disk = disk
        self._files = files

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
        )

    async def get_health(self, _: web.Request) -> web.Response:
        failure = self._store.failure
        if failure is not None:
            raise ProblemError("unhealthy", f"The state cannot be written: {failure}")
        return reply(HealthAnswer())

    async def get_ready(self, _: web.Request) -> web.Response:
        missing, membership = [], self._in_touch.membership
        found = sorted(self._in_touch.members())
        if not self._in_touch.elects():
            of, needed = len(membership.voters), membership.needed
            missing.append(f"in touch with {len(found)} of {of} sentinels, {needed} needed")
        if why := self._no_part():
            missing.append(why)
        if self._store.failure is not None:
            missing.append(f"the state cannot be written: {self._store.failure}")
        elif self._disk is not None and (trouble := await self._disk.trouble()) is not None:
            missing.append(trouble)
        if self._files is not None and self._files.trouble is not None:
            missing.append(self._files.trouble)
        if missing:
            extra = {"not_ready": missing, "in_touch": found}
            raise ProblemError("not-ready", "; ".join(missing), extra=extra)
        return reply(ReadyAnswer(in_touch=found))

    async def get_metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
