"""Answers clients' questions about groups: the primary, the nodes, a failover's forecast, and the history."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from sentinel.group.driver import GroupDriver
from sentinel.process import clock
from sentinel.process.client_room import kept
from sentinel.process.instants import iso
from sentinel.process.waiting import Limit, TooManyWaitingError
from sentinel.state.file import StoreError
from sentinel.state.store import MAX_CHANGES_PER_GROUP, Store
from sentinel.status import group as group_status
from sentinel.status.answers import (
    CandidatesAnswer,
    CanFailOverAnswer,
    GroupAnswer,
    GroupsAnswer,
    HistoryAnswer,
    PrimaryAnswer,
)
from sentinel.status.authority import Authority
from sentinel.status.can_fail_over import FailoverChances
from sentinel.status.cluster import ClusterView
from sentinel.web.inputs import MAX_TERM, MAX_WAIT_S, bad_parameter, choice, integer, wait_s, wants_text
from sentinel.web.long_poll import TopologyWaiters
from sentinel.web.needs import KnownGroups, need_current, need_topology, need_watched
from sentinel.web.openapi import Endpoint, Parameter
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply

DEFAULT_WAIT_S = 30.0
DEFAULT_HISTORY = 100

_STALE = Parameter(
    "stale", {"const": "ok"}, "Answer even when no majority has confirmed it lately, marked `stale: true`."
)
_AFTER_TERM = Parameter(
    "after_term",
    {"type": "integer", "minimum": 0, "maximum": MAX_TERM},
    "Wait until a primary with a higher term is known; answer with the current one when `wait` is over.",
)
_WAIT = Parameter(
    "wait",
    {"type": "string", "default": f"{DEFAULT_WAIT_S:.0f}s"},
    f"How long to wait for `after_term`: `30s`, `500ms` or plain seconds, at most {MAX_WAIT_S:.0f}s.",
)
_FORMAT = Parameter(
    "format",
    {"enum": ["json", "text"]},
    "`text`: `host:port` and a newline, as with `Accept: text/plain`. Errors stay problem details.",
)
_LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_CHANGES_PER_GROUP, "default": DEFAULT_HISTORY},
    "At most this many, the newest.",
)


class GroupHandlers:
    """``waiting`` limits how many clients wait, over all groups; ``cluster`` gives the picture of the
    sentinels.
    """

    def __init__(
        self,
        *,
        groups: KnownGroups,
        authority: Authority,
        chances: FailoverChances,
        cluster: Callable[[], ClusterView],
        history: Store,
        waiting: Limit,
    ) -> None:
        self._groups = groups
        self._authority = authority
        self._chances = chances
        self._cluster = cluster
        self._history = history
        self._waiting = waiting
        self._waiters: dict[str, TopologyWaiters] = {}
        self._released = False

    def endpoints(self) -> tuple[Endpoint, ...]:
        known = ("unknown-group",)
        group = "/v1/groups/{group}"
        return (
            Endpoint("GET", "/v1/groups", self.list_groups, "All groups, and the sentinels", GroupsAnswer),
            Endpoint("GET", group, self.get_group, "One group", GroupAnswer, problems=known),
            Endpoint(
                "GET",
                f"{group}/primary",
                self.get_primary,
                "Who is primary; may wait for the next one",
                PrimaryAnswer,
                query=(_STALE, _AFTER_TERM, _WAIT, _FORMAT),
                problems=(*known, "no-quorum", "no-primary", "primary-unwatched", "too-many-waiting"),
                conditional=True,
                also_text=True,
            ),
            Endpoint(
                "GET",
                f"{group}/candidates",
                self.get_candidates,
                "What a failover now would choose, and why",
                CandidatesAnswer,
                problems=(*known, "no-primary"),
            ),
            Endpoint(
                "GET",
                f"{group}/history",
                self.get_history,
                "Past changes of primary",
                HistoryAnswer,
                query=(_LIMIT,),
                problems=(*known, "state-unavailable"),
            ),
        )

    async def release(self, _: web.Application) -> None:
        """Answer all waiting clients: this sentinel stops."""
        self._released = True
        for waiters in self._waiters.values():
            waiters.close()

    async def list_groups(self, _: web.Request) -> web.Response:
        cluster, now = self._cluster(), clock.monotonic()
        return reply(
            GroupsAnswer(
                sentinel=cluster.sentinel,
                version=cluster.version,
                now=iso(clock.wall_ms()),
                cluster_id=cluster.cluster_id or None,
                members=list(cluster.membership.voters),
                former_members=list(cluster.former_members),
                peers=group_status.peers(cluster.peers),
                groups=[
                    self._group(driver, self._chances.why_not_lately(driver, now)) for driver in self._groups
                ],
            )
        )

    async def get_group(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        return reply(self._group(driver, self._chances.why_not(driver)))

    async def get_primary(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        as_text = wants_text(request)
        is_stale_ok = choice(request.query, "stale", ("ok",)) is not None
        after_term = integer(request.query, "after_term", 0, MAX_TERM)
        limit_s = wait_s(request.query, DEFAULT_WAIT_S)
        if after_term is None and "wait" in request.query:
            raise bad_parameter("wait", "needs after_term: what to wait for")
        # Waiting without a majority would only keep a client from asking another sentinel.
        if after_term is not None and (is_stale_ok or self._authority.in_touch.elects()):
            await self._wait(request, driver, after_term, limit_s)
        await self._authority.settle([driver])
        if not is_stale_ok:
            need_current(self._authority, driver)
        view = driver.view
        topology = need_topology(view)
        if not is_stale_ok:
            need_watched(view)
        headers = {"ETag": f'"{topology.term}"'}
        if any(tag.value in ("*", str(topology.term)) for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers | {"Cache-Control": "no-store"})
        answer = group_status.primary(
            view,
            topology,
            stale=not self._authority.is_current(driver),
            age_s=self._authority.age_s(driver),
            wall_ms=clock.wall_ms(),
        )
        if as_text:
            return web.Response(text=f"{answer.address}\n", headers=headers | {"Cache-Control": "no-store"})
        return reply(answer, headers=headers, terse=True)

    async def get_candidates(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        topology, ranking = need_topology(driver.view), self._chances.forecast(driver)
        assert ranking is not None
        return reply(group_status.ranking(driver.name, ranking, topology.primary))

    async def get_history(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        limit = integer(request.query, "limit", 1, MAX_CHANGES_PER_GROUP) or DEFAULT_HISTORY
        try:
            changes = await self._history.changes(driver.name, limit)
        except StoreError as error:
            raise ProblemError("state-unavailable", str(error)) from error
        answers = [group_status.change(made) for made in changes]
        return reply(HistoryAnswer(group=driver.name, changes=answers))

    def _group(self, driver: GroupDriver, reasons: tuple[str, ...]) -> GroupAnswer:
        """``reasons``: why it cannot be failed over."""
        answer = group_status.group(driver, self._authority.in_touch, clock.monotonic())
        chance = CanFailOverAnswer(ok=not reasons, reasons=list(reasons))
        update = {"confirmed": self._authority.is_current(driver), "can_fail_over": chance}
        return answer.model_copy(update=update)

    def _waiters_of(self, driver: GroupDriver) -> TopologyWaiters:
        if driver.name not in self._waiters:
            self._waiters[driver.name] = TopologyWaiters(driver, self._waiting)
        return self._waiters[driver.name]

    async def _wait(self, request: web.Request, driver: GroupDriver, after_term: int, limit_s: float) -> None:
        if self._released:
            return
        try:
            with kept(request.protocol):
                await self._waiters_of(driver).wait(after_term, limit_s)
        except TooManyWaitingError as error:
            raise ProblemError("too-many-waiting", str(error)) from error
