"""Pauses and resumes a group, and schedules switchovers, over HTTP.

Any sentinel takes these requests: it stands for election itself to have the order agreed on, and waits for
its turn while another one leads. Every sentinel shows the committed orders.
"""

from __future__ import annotations

from aiohttp import web

from quorum.directives import Pause, Schedule
from sentinel.coordination.inputs import Ordered
from sentinel.coordination.orders import CancelOrder, PauseOrder, ResumeOrder, ScheduleOrder
from sentinel.group.driver import GroupDriver
from sentinel.operations.book import Operation, Operations
from sentinel.operations.candidates import node_name, why_not
from sentinel.operations.scheduled import agreed
from sentinel.peers.in_touch import InTouch
from sentinel.process import clock
from sentinel.status.answers import AcceptedAnswer
from sentinel.web.guard import Guard
from sentinel.web.inputs import BODY_PROBLEMS, DAY_MS, instant_ms, json_body
from sentinel.web.needs import KnownGroups, need_majority
from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply
from sentinel.web.requests import PauseRequest, ResumeRequest

MOST_AHEAD_MS = 366 * DAY_MS
_PROBLEMS = ("unauthorized", "forbidden", "unknown-group", "in-progress", "no-quorum")


class DirectiveHandlers:
    def __init__(
        self, *, groups: KnownGroups, in_touch: InTouch, guard: Guard, operations: Operations
    ) -> None:
        self._groups = groups
        self._in_touch = in_touch
        self._guard = guard
        self._operations = operations

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "POST",
                "/v1/groups/{group}/pause",
                self.post_pause,
                "Change nothing until told to resume; to pause twice is the same as once",
                AcceptedAnswer,
                status=202,
                body=PauseRequest,
                problems=(*BODY_PROBLEMS, *_PROBLEMS),
            ),
            Endpoint(
                "POST",
                "/v1/groups/{group}/resume",
                self.post_resume,
                "End the pause, if there is one",
                AcceptedAnswer,
                status=202,
                body=ResumeRequest,
                problems=(*BODY_PROBLEMS, *_PROBLEMS),
            ),
            Endpoint(
                "DELETE",
                "/v1/groups/{group}/switchover",
                self.delete_switchover,
                "Cancel the scheduled switchover",
                AcceptedAnswer,
                status=202,
                problems=(*_PROBLEMS, "not-scheduled"),
            ),
        )

    async def post_pause(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        driver = self._groups.of(request)
        body = await json_body(request, PauseRequest)
        # From here to the driver nothing else runs, so the checks still hold.
        need_majority(self._in_touch)
        _need_no_order(self._operations, driver)
        operation = self._operations.accept(driver.name, None, "pause")
        pause = Pause(operation.requested_ms, self._in_touch.self_id, body.reason)
        driver.feed(Ordered(PauseOrder(operation.id, pause)))
        return accepted(operation)

    async def post_resume(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        driver = self._groups.of(request)
        await json_body(request, ResumeRequest)
        need_majority(self._in_touch)
        _need_no_order(self._operations, driver)
        operation = self._operations.accept(driver.name, None, "resume")
        driver.feed(Ordered(ResumeOrder(operation.id)))
        return accepted(operation)

    async def delete_switchover(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        driver = self._groups.of(request)
        need_majority(self._in_touch)
        _need_no_order(self._operations, driver)
        scheduled = driver.directives.schedule
        if scheduled is None:
            raise ProblemError("not-scheduled", f"No switchover of group {driver.name} is scheduled.")
        operation = self._operations.accept(driver.name, None, "cancel")
        driver.feed(Ordered(CancelOrder(operation.id, scheduled.operation)))
        return accepted(operation)


def schedule(
    operations: Operations, driver: GroupDriver, at: str, asked: str | None, timeout_s: float
) -> Operation:
    """Order a switchover for later. Raises ProblemError; whether it can be carried out shows at its time."""
    at_ms = instant_ms("at", at, clock.wall_ms(), MOST_AHEAD_MS)
    _need_no_order(operations, driver)
    known = driver.directives.schedule
    if known is not None:
        raise ProblemError(
            "already-scheduled",
            f"{known.operation} is scheduled for group {driver.name} already: cancel it first.",
            extra={"operation": known.operation},
        )
    view = driver.view
    to = None if asked is None else node_name(view, asked)
    if view.published is None:
        raise ProblemError("precondition", "There is nothing to hand over: no primary is known yet.")
    if to is not None and (refused := why_not(view, to, view.published.primary)) is not None:
        raise ProblemError("precondition", refused)
    operation = operations.accept(driver.name, to, "switchover", at_ms)
    planned = Schedule(operation.id, at_ms, to, operation.requested_ms, round(timeout_s * 1000))
    driver.feed(Ordered(ScheduleOrder(planned)))
    return operation


def scheduled_operation(groups: KnownGroups, id_: str) -> Operation | None:
    """What the sentinels have agreed on about it, whoever took the request."""
    for driver in groups:
        known = agreed(driver, id_)
        if known is not None:
            return known
    return None


def accepted(operation: Operation) -> web.Response:
    return reply(
        AcceptedAnswer(operation=operation.id, group=operation.group),
        status=202,
        headers={"Location": f"/v1/operations/{operation.id}"},
    )


def _need_no_order(operations: Operations, driver: GroupDriver) -> None:
    known = operations.order_in(driver.name)
    if known is not None:
        raise ProblemError(
            "in-progress",
            f"The sentinels have not agreed on {known.id} yet; ask again after that.",
            extra={"operation": known.id},
        )
