"""Gathers a group's facts for a preflight: its nodes, read again, and this sentinel's own knowledge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sentinel.group.runtime import GroupRuntime
from sentinel.group.view import GroupView
from sentinel.peers.cluster import Clusters
from sentinel.peers.twins import Twins
from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.gather import gather
from sentinel.preflight.other_monitors import cluster_tag
from sentinel.preflight.refuted import Nodes, Watched
from sentinel.preflight.requirements import requirements
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
        facts = await gather(group.link, group.specs, requirements(group.settings))
        view, queries = group.driver.view, group.driver.queries
        return replace(
            facts,
            unwatched=dict(view.not_watched),
            balanced=dict(view.balanced),
            contested={name: node.contested for name, node in view.nodes.items() if node.contested},
            unlisted=view.unlisted_primary,
            unwatched_primary=view.unwatched_primary,
            members=frozenset(self.members),
            cluster_tag=cluster_tag(self.members),
            clocks=self.clocks_apart(),
            no_part=view.voting.why_not,
            apart=dict(view.voting.apart),
            twice=self.twins.twice(clock.monotonic()),
            foreign=dict(self.clusters.foreign),
            newest_term=queries.newest_term(),
            own_term=view.term,
        )


def watched(view: GroupView) -> Nodes:
    """The nodes as the probes see them, to compare a preflight's problems with."""
    return {
        name: Watched(
            reached=node.state in ("up", "refuses_writes", "refuses_clients"),
            is_primary=info is not None and info.role == "master",
            linked=info is not None and info.link_up,
            loading=info is not None and info.loading,
            syncing=info is not None and info.sync_in_progress,
            run_id=info.run_id if info is not None else "",
        )
        for name, node in view.nodes.items()
        for info in (node.info,)
    }
