"""Announces what the sentinels have agreed on, to clients and to people. Pure."""

from __future__ import annotations

from typing import TypeAlias

from quorum.directives import Directives
from quorum.messages import Entry, Topology
from sentinel.coordination.inputs import LookAnew, Publish, Tell
from sentinel.notices import leaders
from sentinel.notices.directives import directive_events
from sentinel.notices.notice import Notice

Following: TypeAlias = Publish | LookAnew | Tell


class Agreed:
    """``known`` is what was agreed on by the time this process started, as far as it is known here."""

    def __init__(self, group: str, known: Entry) -> None:
        self._group = group
        self._topology = known.topology
        self._directives = known.directives

    def learned(self, entry: Entry) -> list[Following]:
        """``entry`` is known to be committed."""
        return [*self._of_topology(entry.topology), *self._of_directives(entry.directives)]

    def _of_topology(self, topology: Topology | None) -> list[Following]:
        before = self._topology
        if topology is None or (before is not None and topology.term < before.term):
            return []
        self._topology = topology
        if before is None or topology.term > before.term:
            event = leaders.TopologyCommitted(topology)
            # What was known of the nodes is from before the change.
            return [Publish(), LookAnew(), Tell(Notice(self._group, event, topology.term))]
        if topology.lost_bytes is not None and before.lost_bytes is None:
            return [Tell(Notice(self._group, leaders.LossMeasured(topology), topology.term))]
        return []

    def _of_directives(self, directives: Directives) -> list[Following]:
        before, self._directives = self._directives, directives
        told = [Tell(Notice(self._group, event)) for event in directive_events(before, directives)]
        return [Publish(), *told] if told else []
