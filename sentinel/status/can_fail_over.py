"""Finds the reasons why no failover is possible now, for whoever asks: the API, the metrics, the page. Pure.

Each is about this moment and this sentinel. A problem of a node that would not be promoted is no reason.

To rank the nodes of hundreds of groups at each scrape would hold the probes up. So whoever asks about all
groups gets a former answer, while nothing has changed that is cheap to compare, and for KEPT_S at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

from promotion.candidates import Ranking
from sentinel.group.driver import GroupDriver
from sentinel.group.view import NodeStatus
from sentinel.peers.in_touch import InTouch
from sentinel.preflight.report import Report

MOST_NAMED = 5
"""The nodes whose reasons are told, so that a group of hundreds stays readable."""

KEPT_S = 20.0
"""How long an answer about one of all groups may be kept; up to twice that, so that not all end together."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: object
    until: float
    reasons: tuple[str, ...]


class FailoverChances:
    """``preflight``: the newest of a group."""

    def __init__(self, *, in_touch: InTouch, preflight: Callable[[str], Report]) -> None:
        self._in_touch = in_touch
        self._preflight = preflight
        self._kept: dict[str, _Kept] = {}

    def why_not(self, driver: GroupDriver) -> tuple[str, ...]:
        """All reasons, the most general first; none if a failover would go ahead."""
        return tuple(self._reasons(driver))

    def why_not_lately(self, driver: GroupDriver, now: float) -> tuple[str, ...]:
        """The same, for whoever asks about all groups: what a lag alone has changed may not be in it yet."""
        name, key = driver.name, self._key(driver)
        kept = self._kept.get(name)
        if kept is None or kept.key != key or now >= kept.until:
            until = now + KEPT_S * (1 + crc32(name.encode()) % 100 / 100)
            kept = self._kept[name] = _Kept(key, until, self.why_not(driver))
        return kept.reasons

    def _key(self, driver: GroupDriver) -> object:
        view, report = driver.view, self._preflight(driver.name)
        return (
            self._no_majority(),
            view.voting.why_not,
            view.directives.pause,
            view.committed,
            view.ambiguous,
            report.at_ms,
            report.problems,
            tuple(map(_looks, view.nodes.values())),
        )

    def forecast(self, driver: GroupDriver) -> Ranking | None:
        """The choice of a failover: nobody without a majority. None before the first topology."""
        ranking = driver.queries.ranking()
        if ranking is None or (alone := self._no_majority()) is None:
            return ranking
        return replace(ranking, chosen=None, refusal=f"no failover possible: {alone}")

    def _reasons(self, driver: GroupDriver) -> Iterator[str]:
        if (alone := self._no_majority()) is not None:
            yield alone
        view = driver.view
        if view.voting.why_not:
            yield f"this sentinel takes no part: {view.voting.why_not}"
        if view.directives.pause is not None:
            yield "the group is paused"
        ranking = driver.queries.ranking()
        if ranking is None:
            yield f"no primary is known: {view.why_no_primary}"
            return
        if ranking.chosen is None:
            yield ranking.refusal or _nobody(ranking)
        for problem in self._preflight(driver.name).problems:
            if problem.severity == "error" and problem.node in (None, ranking.chosen):
                yield f"{problem.node}: {problem.problem}" if problem.node else problem.problem

    def _no_majority(self) -> str | None:
        if self._in_touch.elects():
            return None
        membership = self._in_touch.membership
        found, of = len(self._in_touch.members()), len(membership.voters)
        return f"{found} of {of} sentinels in touch, {membership.needed} needed"


def _nobody(ranking: Ranking) -> str:
    named = [f"{verdict.node}: {verdict.reason}" for verdict in ranking.verdicts[:MOST_NAMED]]
    return f"no replica is eligible ({'; '.join(named)})" if named else "there is no replica"


def _looks(node: NodeStatus) -> object:
    info = node.info
    seen = (info.role, info.link_up, info.sync_in_progress, info.loading, info.run_id) if info else None
    return node.name, node.state, node.objectively_down, node.barred, node.hands_off, node.priority, seen
