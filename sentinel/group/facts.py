"""What a preflight looks at in a group: its nodes, read anew, and what this sentinel knows beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sentinel.group.runtime import GroupRuntime
from sentinel.peers.cluster import Clusters
from sentinel.peers.twins import Twins
from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.gather import gather
from sentinel.preflight.other_monitors import cluster_tag
from sentinel.preflight.wishes import wishes
from sentinel.process import clock


@dataclass(frozen=True, slots=True)
class FactsGatherer:
    """``members``: all sentinels with their addresses.

    ``clocks_apart`` says of which peers the clocks differ from this sentinel's, and by how much.
    """

    members: Mapping[str, object]
    clocks_apart: Callable[[], Mapping[str, str]]
    twins: Twins
    clusters: Clusters

    async def of(self, group: GroupRuntime) -> GroupFacts:
        """The nodes are asked by connections of their own, so that nothing waits for them."""
        coordinator = group.driver.coordinator
        book, who = coordinator.book, coordinator.who_is_who
        specs = [book[name].spec for name in (*book.names, *book.doubles, *book.balanced.why)]
        facts = await gather(group.link, specs, wishes(group.settings))
        return replace(
            facts,
            unwatched=dict(coordinator.newcomers.unwatched),
            balanced=dict(book.balanced.why),
            contested={name: why for name in book.names if (why := who.why_contested(name))},
            unlisted=who.unlisted,
            unwatched_primary=who.unwatched,
            members=frozenset(self.members),
            cluster_tag=cluster_tag(self.members),
            clocks=self.clocks_apart(),
            no_part=coordinator.member.recovery.why(),
            apart=dict(coordinator.member.attendance.apart),
            twice=self.twins.twice(clock.monotonic()),
            foreign=dict(self.clusters.foreign),
            newest_term=coordinator.situation.newest_term(clock.monotonic()),
            own_term=coordinator.member.register.state.term,
        )
