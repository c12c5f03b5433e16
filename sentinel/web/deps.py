"""What the HTTP API needs of the daemon, and the questions that several handlers ask of it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from quorum.messages import Topology
from quorum.votes import majority
from sentinel.group.driver import GroupDriver
from sentinel.group.view import GroupView
from sentinel.metrics.registry import Metrics
from sentinel.operations.book import Operations
from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.schedule import Report
from sentinel.process.disk import Disk
from sentinel.process.open_files import FilesLeft
from sentinel.state.store import Store
from sentinel.status import group as group_status
from sentinel.status.answers import OperationAnswer
from sentinel.status.confirmed import Confirmed
from sentinel.web.event_feed import EventFeed
from sentinel.web.guard import Guard
from sentinel.web.problem import ProblemError
from sentinel.webhooks.outbox import Outbox


@dataclass(frozen=True, slots=True)
class HttpDeps:
    sentinel_id: str
    drivers: Mapping[str, GroupDriver]
    """By group."""
    in_touch: Callable[[], frozenset[str]]
    """The peers that this sentinel is in touch with, without itself."""
    members: frozenset[str]
    peer_states: Callable[[], Mapping[str, Mapping[str, Any]]]
    """``in_touch`` and ``rtt_s`` (seconds, or None) of each peer."""
    store: Store
    operations: Operations
    ask_taker: Callable[[str], Awaitable[OperationAnswer | None]]
    """What the sentinel that took an operation says of it; None if nobody knows it. Raises ProblemError."""
    outbox: Outbox
    events: EventFeed
    metrics: Metrics
    guard: Guard
    """Stands before every request: no foreign page is answered, and who changes something may do so."""
    peer_handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    version: str
    preflight: Callable[[str], Report] = lambda _: Report()
    """The newest of a group."""
    gather: Callable[[str], Awaitable[GroupFacts]] | None = None
    """A new look at a group's nodes, as a preflight takes it."""
    disk: Disk | None = None
    """Where the state is."""
    files: FilesLeft | None = None
    """What this process may still open."""
    cluster_id: Callable[[], str] = lambda: ""
    """Empty while none is agreed on."""
    former_members: Callable[[], list[str]] = list
    """Those of before in whatever register, while a change of members is under way."""
    no_part: Callable[[], str] = lambda: ""
    """Why this sentinel takes no part in elections; empty if it does."""

    confirmed: Confirmed | None = None
    """Whether what is agreed on in a group was confirmed lately; None: being in touch suffices."""

    @property
    def has_majority(self) -> bool:
        return group_status.has_majority(self.members, self.in_touch())

    def reachable(self) -> list[str]:
        """The members in touch, this sentinel included."""
        return sorted((self.in_touch() & self.members) | {self.sentinel_id})

    def driver(self, request: web.Request) -> GroupDriver:
        """The group of the path. Raises ProblemError."""
        name = request.match_info["group"]
        driver = self.drivers.get(name)
        if driver is None:
            raise ProblemError("unknown-group", f"There is no group {name!r:.100} in this configuration.")
        return driver

    def need_majority(self) -> None:
        """Raises ProblemError unless this sentinel is in touch with a majority."""
        if self.has_majority:
            return
        needed, found = majority(len(self.members)), self.reachable()
        raise ProblemError(
            "no-quorum",
            f"In touch with {len(found)} of {len(self.members)} sentinels, itself included; {needed} needed.",
            extra={"in_touch": found, "members": sorted(self.members), "needed": needed},
        )

    async def settle(self, driver: GroupDriver) -> None:
        """Wait for a majority's word on the group, if it is missing and may be had in a moment."""
        if self.confirmed is not None:
            await self.confirmed.wait([driver])

    def is_current(self, driver: GroupDriver) -> bool:
        """Whether what is agreed on in the group may be told as it is known here."""
        return self.has_majority if self.confirmed is None else self.confirmed.is_current(driver)

    def need_current(self, driver: GroupDriver) -> None:
        """Raises ProblemError unless what is agreed on in the group may be told as it is known here."""
        if self.is_current(driver):
            return
        self.need_majority()
        raise ProblemError(
            "no-quorum",
            f"Group {driver.name}: no majority has confirmed lately that nothing newer is agreed on.",
            extra={"in_touch": self.reachable(), "members": sorted(self.members)},
        )

    def confirmed_age_s(self, driver: GroupDriver) -> float | None:
        """How long ago it was confirmed; None if it was not."""
        age_s = self.confirmed.age_s(driver) if self.confirmed is not None else math.inf
        return age_s if math.isfinite(age_s) else None


def need_topology(view: GroupView) -> Topology:
    """Who is primary, as clients may be told. Raises ProblemError while nobody knows."""
    if view.published is None:
        reason = view.ambiguous or "the sentinels have not agreed on one yet"
        raise ProblemError("no-primary", f"Group {view.name}: {reason}.")
    return view.published


def need_watched(view: GroupView) -> None:
    """Raises ProblemError where the agreed primary is not watched: it may be gone, and nobody here knows."""
    unwatched = view.unwatched_primary
    if unwatched is not None:
        raise ProblemError("primary-unwatched", f"Group {view.name}: {unwatched} is not watched here.")


def reply(
    answer: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None, terse: bool = False
) -> web.Response:
    """``terse`` leaves out what is null."""
    return web.Response(
        status=status,
        body=answer.model_dump_json(exclude_none=terse).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )
