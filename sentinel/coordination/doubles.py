"""Names that lead to one server: which of them is used, and when two names have parted. Pure.

A server is its run id, which is drawn at its start. Two names whose servers have the same one are two ways
to one server (an IP and the host name of a pod; a node that was renamed while an entry still has its old
name). The first in the configuration is used, and the other is left out of everything that is decided.

When the server restarts, its run id changes, and the two names see that at different moments. So names that
were one server stay so until the one that is left out has told of another server for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sentinel.coordination.node_spec import NodeRecord

PART_AFTER_S = 5.0


class Doubles:
    """``of`` each name that is left out: the one that is used instead."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self._differ_since: dict[str, float] = {}

    def forget(self, name: str) -> None:
        """There is no such name any more."""
        for other in [other for other, used in self.of.items() if name in (other, used)]:
            self._part(other)

    def look(self, records: Mapping[str, NodeRecord], now: float) -> bool:
        """Compare what all have said. Returns whether anything is different now."""
        before = dict(self.of)
        self._part_the_different(records, now)
        for run_id, names in _by_run_id(records).items():
            if run_id and len(names) > 1:
                used = self.of.get(names[0], names[0])
                for name in names:
                    if name != used:
                        self._join(name, used)
        return self.of != before

    def _part_the_different(self, records: Mapping[str, NodeRecord], now: float) -> None:
        for name, used in list(self.of.items()):
            mine, other = records[name], records[used]
            if not (_run_id(mine) and _run_id(other)) or _run_id(mine) == _run_id(other):
                self._differ_since.pop(name, None)
                continue
            since = self._differ_since.setdefault(name, now)
            if now - since >= PART_AFTER_S and mine.info_at > since:
                self._part(name)

    def _join(self, name: str, used: str) -> None:
        self.of = {other: used if by == name else by for other, by in self.of.items()}
        self.of[name] = used
        self._differ_since.pop(name, None)

    def _part(self, name: str) -> None:
        del self.of[name]
        self._differ_since.pop(name, None)


def _by_run_id(records: Mapping[str, NodeRecord]) -> dict[str, list[str]]:
    """The names of each server: those of the configuration first, in its order."""
    found: dict[str, list[str]] = {}
    for record in _configured_first(records.values()):
        found.setdefault(_run_id(record), []).append(record.spec.name)
    return found


def _configured_first(records: Iterable[NodeRecord]) -> list[NodeRecord]:
    return sorted(records, key=lambda record: record.spec.discovered)


def _run_id(record: NodeRecord) -> str:
    """The server's own run id; before it was heard, the one in an entry."""
    return record.info.run_id if record.info is not None else record.spec.run_id
