"""Finds servers that two groups have, by run id; both groups leave them alone. Pure.

Each group would make the server follow its own primary, again and again, with a full copy of the data each
time. One name in two groups is an error of the configuration; two names of one server are found here, once
both have answered. When the server restarts, the groups see its new run id at different moments. So two names
count as one server until both have reported different servers for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from sentinel.coordination.doubles import PART_AFTER_S

Node: TypeAlias = tuple[str, str]
"""A group, and the name of a node that it has."""


@dataclass(frozen=True, slots=True)
class _Seen:
    run_id: str
    at: float


class Contested:
    """One for all groups of a sentinel; each group reports the nodes that are configured for it."""

    def __init__(self) -> None:
        self._seen: dict[Node, _Seen] = {}
        self._by_run_id: dict[str, set[Node]] = {}
        self._same: dict[Node, dict[Node, float | None]] = {}
        """The nodes of other groups that each shares its server with, and since when they seem to differ."""
        self.version = 0
        """Grows whenever the contested nodes change, in any group."""

    def saw(self, group: str, name: str, run_id: str, now: float) -> None:
        node = (group, name)
        before = self._seen.get(node)
        self._seen[node] = _Seen(run_id, now)
        if before is not None and before.run_id != run_id:
            self._by_run_id[before.run_id].discard(node)
            if not self._by_run_id[before.run_id]:
                del self._by_run_id[before.run_id]
        alike = self._by_run_id.setdefault(run_id, set())
        alike.add(node)
        for other in alike:
            if other[0] != group:
                self._set(node, other, None)
        self._part_the_different(node, now)

    def why(self, group: str, name: str) -> str:
        """Why nothing may be changed at the node; empty if no other group has it."""
        same = self._same.get((group, name))
        return shared_with(sorted(same)) if same else ""

    def _part_the_different(self, node: Node, now: float) -> None:
        for other, since in list(self._same.get(node, {}).items()):
            mine, theirs = self._seen[node], self._seen[other]
            if mine.run_id == theirs.run_id:
                continue
            if since is None:
                self._set(node, other, now)
            elif now - since >= PART_AFTER_S and theirs.at > since:
                del self._same[node][other], self._same[other][node]
                self.version += 1

    def _set(self, node: Node, other: Node, since: float | None) -> None:
        self.version += other not in self._same.get(node, {})
        self._same.setdefault(node, {})[other] = since
        self._same.setdefault(other, {})[node] = since


def shared_with(others: Iterable[Node]) -> str:
    """Why nothing may be changed at a server that these have too; empty if nobody has."""
    return " and ".join(f"group {other} has this server too, as {known_as}" for other, known_as in others)
