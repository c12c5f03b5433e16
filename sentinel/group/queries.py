"""The questions of readers that the core has to work out: a few, each with a name."""

from __future__ import annotations

from collections.abc import Mapping

from promotion.actions import Request
from promotion.candidates import Ranking
from promotion.switchover import objection
from sentinel.coordination.coordinator import Coordinator
from sentinel.process import clock


class GroupQueries:
    """All are about this moment, and change nothing."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def ranking(self, request: Request | None = None) -> Ranking | None:
        """The choice of a failover, or of ``request``; None before the first topology."""
        return self._coordinator.situation.ranking(clock.monotonic(), request)

    def objection(self, target: str) -> str | None:
        """Why a switchover to ``target`` cannot be done, by what is watched; None if it can."""
        primary = self._coordinator.member.primary
        if primary is None:
            return None
        return objection(primary, target, self._coordinator.situation.views(clock.monotonic()))

    def is_busy(self) -> bool:
        """Whether a change is under way, here or at another sentinel."""
        return self._coordinator.busy(clock.monotonic())

    def name_of(self, host: str, port: int) -> str:
        """The name of the node at this address, or ``host:port`` if it is none of the group's."""
        return self._coordinator.book.name_of(host, port)

    def standing_back(self) -> Mapping[str, str]:
        """The sentinels that could promote nobody while another could, with the reasons."""
        return self._coordinator.member.standing.standing_back(clock.monotonic())

    def newest_term(self) -> int | None:
        """The highest that the cluster has come to; None while a majority has not said lately that it knows
        of no other primary.
        """
        return self._coordinator.situation.newest_term(clock.monotonic())
