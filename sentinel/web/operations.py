"""Operators' requests over HTTP: checked, handed to the group's driver, and then followed by their id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from promotion.actions import SWITCHOVER_TIMEOUT_S, Request
from promotion.candidates import Ranking
from sentinel.coordination.inputs import Requested
from sentinel.group.driver import GroupDriver
from sentinel.operations.book import Operations
from sentinel.operations.candidates import node_name, why_not
from sentinel.operations.lookup import LookupFailedError
from sentinel.peers.in_touch import InTouch
from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.report import Report
from sentinel.preflight.switchover import objections, worth_a_look
from sentinel.process.instants import iso
from sentinel.status import group as group_status
from sentinel.status.answers import AcceptedAnswer, OperationAnswer
from sentinel.web.directives import accepted, schedule, scheduled_operation
from sentinel.web.guard import Guard
from sentinel.web.inputs import BODY_PROBLEMS, bad_parameter, duration_s, json_body
from sentinel.web.needs import KnownGroups, need_majority
from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply
from sentinel.web.requests import FailoverRequest, SwitchoverRequest

MIN_SWITCHOVER_S = 0.1
_PROBLEMS = (
    *BODY_PROBLEMS,
    "unauthorized",
    "forbidden",
    "unknown-group",
    "in-progress",
    "paused",
    "precondition",
    "no-quorum",
)


class OperationHandlers:
    """``ask_taker``: what the sentinel that took an operation says of it; None if nobody knows it. It raises
    LookupFailedError. ``preflight``: the newest of a group. ``gather``: a new look at a group's nodes, as a
    preflight takes it; None: none can be had.
    """

    def __init__(
        self,
        *,
        groups: KnownGroups,
        in_touch: InTouch,
        guard: Guard,
        operations: Operations,
        ask_taker: Callable[[str], Awaitable[OperationAnswer | None]],
        preflight: Callable[[str], Report],
        gather: Callable[[str], Awaitable[GroupFacts]] | None,
    ) -> None:
        self._groups = groups
        self._in_touch = in_touch
        self._guard = guard
        self._operations = operations
        self._ask_taker = ask_taker
        self._preflight = preflight
        self._gather = gather

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "POST",
                "/v1/groups/{group}/failover",
                self.post_failover,
                "Fail over to another node, the primary being up or not",
                AcceptedAnswer,
                status=202,
                body=FailoverRequest,
                problems=_PROBLEMS,
            ),
            Endpoint(
                "POST",
                "/v1/groups/{group}/switchover",
                self.post_switchover,
                "Hand the role of a healthy primary over to a replica, losing no write, now or at a set time",
                AcceptedAnswer,
                status=202,
                body=SwitchoverRequest,
                problems=(*_PROBLEMS, "already-scheduled"),
            ),
            Endpoint(
                "GET",
                "/v1/operations/{operation}",
                self.get_operation,
                "What became of a request; the last ones are kept until the sentinel that took it restarts",
                OperationAnswer,
                problems=("unknown-operation", "unavailable"),
            ),
        )

    async def post_failover(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        driver = self._groups.of(request)
        body = await json_body(request, FailoverRequest)
        # From here to the driver nothing else runs, so the checks still hold.
        need_majority(self._in_touch)
        self._need_quiet(driver)
        _need_free_hand(driver, body.candidate)
        candidate = _need_chance(driver, body.candidate).candidate
        operation = self._operations.accept(driver.name, candidate)
        driver.feed(Requested(Request(operation.id, candidate)))
        return accepted(operation)

    async def post_switchover(self, request: web.Request) -> web.Response:
        self._guard.check(request)
        driver = self._groups.of(request)
        body = await json_body(request, SwitchoverRequest)
        if body.to is not None and body.candidate not in (None, body.to):
            raise bad_parameter("to", f"{body.to!r:.100} and candidate {body.candidate!r:.100} differ")
        most_s = driver.view.rules.failover_timeout_s
        timeout_s = duration_s("timeout", body.timeout, min(SWITCHOVER_TIMEOUT_S, most_s), most_s)
        if timeout_s < MIN_SWITCHOVER_S:
            raise bad_parameter("timeout", f"{body.timeout!r:.40} is shorter than {MIN_SWITCHOVER_S:g}s")
        need_majority(self._in_touch)
        if body.at is not None:
            return accepted(schedule(self._operations, driver, body.at, body.to or body.candidate, timeout_s))
        prospect = self._need_possible(driver, body.to or body.candidate)
        if await self._need_allowed(driver, prospect.chosen):
            # Time has passed. From here to the driver nothing else runs: what was checked still holds.
            need_majority(self._in_touch)
            prospect = self._need_possible(driver, body.to or body.candidate)
        target = prospect.candidate
        operation = self._operations.accept(driver.name, target, "switchover")
        driver.feed(Requested(Request(operation.id, target, switchover=True, timeout_s=timeout_s)))
        return accepted(operation)

    def _need_possible(self, driver: GroupDriver, asked: str | None) -> _Prospect:
        """A switchover that can succeed by what is watched. Raises ProblemError."""
        self._need_quiet(driver)
        _need_free_hand(driver, asked)
        prospect = _need_chance(driver, asked, switchover=True)
        objection = driver.queries.objection(prospect.chosen)
        if objection is not None:
            raise _refused(f"{objection}.", prospect.ranking)
        return prospect

    async def _need_allowed(self, driver: GroupDriver, chosen: str) -> bool:
        """Raises ProblemError if either node would refuse a step. Returns whether anybody was asked.

        The problems of the last preflight may have been solved since, so the nodes are checked again.
        """
        committed, gather = driver.view.committed, self._gather
        known = self._preflight(driver.name).problems
        if gather is None or committed is None or not worth_a_look(known, committed.primary, chosen):
            return False
        primary = committed.primary
        reasons = objections(await gather(driver.name), primary, chosen)
        if reasons:
            raise ProblemError("precondition", f"{'; '.join(reasons)}.", extra={"reasons": list(reasons)})
        return True

    async def get_operation(self, request: web.Request) -> web.Response:
        id_ = request.match_info["operation"]
        operation = self._operations.get(id_) or scheduled_operation(self._groups, id_)
        if operation is None:
            try:
                told = await self._ask_taker(id_)
            except LookupFailedError as error:
                raise ProblemError("unavailable", str(error)) from error
            if told is None:
                raise ProblemError(
                    "unknown-operation", "No sentinel took it, or remembers it; see the history."
                )
            return reply(told)
        finished_ms = operation.finished_ms
        return reply(
            OperationAnswer(
                operation=operation.id,
                group=operation.group,
                kind=operation.kind,
                at=None if operation.at_ms is None else iso(operation.at_ms),
                candidate=operation.candidate,
                state=operation.state,
                reason=operation.reason,
                term=operation.term,
                new_primary=operation.new_primary,
                requested_at=iso(operation.requested_ms),
                finished_at=None if finished_ms is None else iso(finished_ms),
            )
        )

    def _need_quiet(self, driver: GroupDriver) -> None:
        known = self._operations.open_in(driver.name)
        if known is None and not driver.queries.is_busy():
            return
        extra: Mapping[str, object] = {"operation": known.id} if known else {}
        raise ProblemError(
            "in-progress", f"Group {driver.name} is being worked on; ask again after that.", extra=extra
        )


@dataclass(frozen=True, slots=True)
class _Prospect:
    """``candidate``: whom the request names, if it does; ``chosen``: who would be promoted now."""

    candidate: str | None
    chosen: str
    ranking: Ranking


def _need_chance(driver: GroupDriver, asked: str | None, *, switchover: bool = False) -> _Prospect:
    """A change that can succeed by what is known now. Raises ProblemError."""
    view = driver.view
    candidate = None if asked is None else node_name(view, asked)
    primary = view.committed.primary if view.committed is not None else None
    if candidate is not None and (refused := why_not(view, candidate, primary)) is not None:
        raise _refused(refused, _ranking(driver))
    ranking = _ranking(driver, Request("", candidate, switchover=switchover))
    if ranking.chosen is None:
        why = next((v.reason for v in ranking.verdicts if v.node == candidate), "no replica is eligible")
        subject = "" if candidate is None else f"{candidate}: "
        raise _refused(f"{subject}{ranking.refusal or why}.", ranking)
    return _Prospect(candidate, ranking.chosen, ranking)


def _ranking(driver: GroupDriver, request: Request | None = None) -> Ranking:
    """Raises ProblemError before there is a primary."""
    ranking = driver.queries.ranking(request)
    if ranking is None:
        reason = driver.view.ambiguous or "no primary is known yet"
        raise ProblemError("precondition", f"There is nothing to fail over from: {reason}.")
    return ranking


def _refused(detail: str, ranking: Ranking) -> ProblemError:
    reasons = [verdict.model_dump() for verdict in group_status.candidates(ranking)]
    return ProblemError("precondition", detail, extra={"candidates": reasons})


def _need_free_hand(driver: GroupDriver, asked: str | None) -> None:
    """Raises ProblemError where it would be for the sentinels to choose, though they are to do nothing."""
    if driver.directives.pause is not None and asked is None:
        raise ProblemError(
            "paused", f"Group {driver.name} is paused: name the node to be primary, or resume it first."
        )
