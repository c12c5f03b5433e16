"""Names that lead to another server than the node, for instance because its address was given away. Pure.

A process that ran before the node's own process was last heard is no restart of it. Its answers are not taken
for the node's: else another cluster's primary, at an address of this group, would be the primary here, and be
demoted like a stray one once another is promoted. The node itself is silent meanwhile.

A server measures its uptime by its wall clock, so there is proof to the contrary: it has the group's data,
follows one of its nodes, or is followed by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from sentinel.coordination.moment import Moment
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.relations import Relations

Look: TypeAlias = tuple[str | None, bool]

MARGIN_S = 2.0
"""A server tells whole seconds, and its clock may be set while it runs."""


@dataclass(frozen=True, slots=True)
class _Heard:
    run_id: str
    at: Moment


class Impostors:
    def __init__(self, book: NodeBook, relations: Relations) -> None:
        self._book = book
        self._relations = relations
        self._heard: dict[str, _Heard] = {}
        book.objections.append(lambda name: book.impostors.get(name, ""))

    def look(self, name: str, info: NodeInfo, primary: str | None, at: Moment) -> Look:
        """Why what answers at ``name`` is another server than the node, and whether that is news; None if it
        is taken for the node.

        A discovered node is judged by what it is (``kinship``), and is dropped.
        """
        before = self._heard.get(name)
        configured = name == primary or not self._book[name].spec.discovered
        if (
            configured
            and before is not None
            and before.run_id != info.run_id
            and not self._proves(name, info)
        ):
            known = self._book.impostors.get(name)
            if why := known or self._why(before, info, name == primary, at):
                self._book.impostors[name] = why
                return why, known is None
        was_another = self._book.impostors.pop(name, None) is not None
        self._heard[name] = _Heard(info.run_id, at)
        return None, was_another

    def heard_again(self, name: str, at: Moment) -> None:
        """The process that was heard last has spoken."""
        self._heard[name] = replace(self._heard[name], at=at)

    def _why(self, before: _Heard, info: NodeInfo, is_primary: bool, at: Moment) -> str:
        if not (is_primary or info.keys):
            # It loses nothing by whatever is done to it.
            return ""
        # One of the two clocks may have stood still, as in a machine that was suspended.
        unheard_s = max(at.now - before.at.now, (at.wall_ms - before.at.wall_ms) / 1000)
        if info.uptime_s <= unheard_s + MARGIN_S:
            return ""
        return (
            f"another server answers there (run id {info.run_id[:8]}): it has been running for "
            f"{info.uptime_s} s, and the node itself was heard {unheard_s:.0f} s ago"
        )

    def _proves(self, name: str, info: NodeInfo) -> bool:
        return not self._relations.is_unknown(name, info) or any(
            other.info is not None
            and other.info.link_up
            and other.info.replid in info.replids
            and self._book.name_of(other.info.master_host or "", other.info.master_port or 0) == name
            for other in (self._book[each] for each in self._book.names if each != name)
        )
