"""Finds the node that another sentinel means by a name, or that an entry from an older configuration means.

A server is its run id; names are ways to it. Sentinels may name one server differently: the nodes were
renamed from IPs to host names and not every sentinel was restarted yet, or one listed a server twice. Their
reports about the server count all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from quorum.messages import Opinion, Topology

MAX_RUN_IDS = 512
MAX_KNOWN_AS = 4


class Names:
    """``local`` names are those of the nodes that this sentinel watches."""

    def __init__(self) -> None:
        self.nodes: frozenset[str] = frozenset()
        self._aliases: Mapping[str, str] = {}
        self._run_ids: dict[str, str] = {}
        """Whose each was, newest last; a process that has ended may still be spoken of."""
        self._current: dict[str, str] = {}

    def watch(self, nodes: Iterable[str], aliases: Mapping[str, str]) -> None:
        """``aliases`` are other names for some of the ``nodes``."""
        self.nodes, self._aliases = frozenset(nodes), dict(aliases)

    def saw(self, node: str, run_id: str) -> None:
        if not run_id or self._current.get(node) == run_id:
            return
        self._run_ids.pop(run_id, None)
        self._run_ids[run_id] = node
        self._current[node] = run_id
        while len(self._run_ids) > MAX_RUN_IDS:
            del self._run_ids[next(iter(self._run_ids))]

    def local(self, name: str) -> str:
        """The node that has this name here; the name itself if there is none."""
        return name if name in self.nodes else self._aliases.get(name, name)

    def localized(self, topology: Topology) -> Topology:
        """The same topology in the names that are used here."""
        primary = self.local(topology.primary)
        previous = self.local(topology.previous) if topology.previous is not None else None
        if (primary, previous) == (topology.primary, topology.previous):
            return topology
        return replace(topology, primary=primary, previous=previous)

    def meant(self, opinion: Opinion) -> str:
        """The node that a peer means: by its name, by another name that it knows, or by the run id."""
        for name in (opinion.node, *opinion.known_as):
            if (local := self.local(name)) in self.nodes:
                return local
        node = self._run_ids.get(opinion.run_id, opinion.node)
        return node if node in self.nodes else opinion.node

    def signed(self, opinion: Opinion) -> Opinion:
        """As it is told to the peers: with what they may know the node by."""
        known_as = tuple(sorted(name for name, node in self._aliases.items() if node == opinion.node))
        run_id = self._current.get(opinion.node, "")
        if not known_as and not run_id:
            return opinion
        return replace(opinion, run_id=run_id, known_as=known_as[:MAX_KNOWN_AS])
