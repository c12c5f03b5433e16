"""Tells a group's nodes apart, as far as one sentinel can, and reports what people must know of it. Pure.

A server is its run id and its history; names are ways to it. The nodes of the newest entries are watched,
whatever the configuration says and whatever name they have here. Of several names of one server one is used.
A server that another group has too, or that is in cluster mode, is not changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from quorum.member import Member
from quorum.messages import EntryId
from sentinel.coordination.agreed_nodes import Named, named_by
from sentinel.coordination.contested import Contested
from sentinel.coordination.nodebook import NodeBook
from sentinel.notices import nodes

IN_CLUSTER_MODE = "is in cluster mode, in which REPLICAOF is refused"


class WhoIsWho:
    """``contested`` is shared by all groups of this sentinel."""

    def __init__(self, group: str, member: Member, book: NodeBook, contested: Contested) -> None:
        self._group = group
        self._member = member
        self._book = book
        self._contested = contested
        self._kept: tuple[EntryId, EntryId] | None = None
        self._told: tuple[nodes.Identity, ...] = ()
        book.objections.append(self.why_contested)
        book.objections.append(self.why_clustered)

    @property
    def unlisted(self) -> str | None:
        """The agreed primary, if no configuration names it."""
        primary = self._member.primary
        if primary is None or primary not in self._book or not self._book[primary].spec.discovered:
            return None
        return primary

    @property
    def unwatched(self) -> str | None:
        """The agreed primary, if it is not watched: nobody would know here that it is lost."""
        primary = self._member.primary
        return primary if primary is not None and primary not in self._member.names.nodes else None

    @property
    def shared_version(self) -> int:
        """Grows with what any group of this sentinel finds out that may concern this one."""
        return self._contested.version

    def why_contested(self, name: str) -> str:
        return self._contested.why(self._group, name)

    def why_clustered(self, name: str) -> str:
        """Made a primary, it could not be made a replica again; and as a master it stays one."""
        info = self._book[name].info
        return IN_CLUSTER_MODE if info is not None and info.cluster_mode else ""

    def keep(self) -> bool:
        """Have the newest entries' nodes in the book. Returns whether it has other nodes than before."""
        view = self._member.view
        known = (view.newest.id, view.committed.id)
        if known == self._kept:
            return False
        self._kept = known
        return self._book.keep(self._named())

    def heard(self, name: str, run_id: str, now: float) -> bool:
        """Record the server that a connection to ``name`` reached. Returns whether the used names changed."""
        if name not in self._book or not self._book.heard(name, run_id, now):
            return False
        self._book.keep(self._named())
        return True

    def saw(self, name: str, now: float) -> bool:
        """Record the node's own identity. Returns whether the used names changed."""
        record = self._book[name]
        if record.info is not None and not record.spec.discovered:
            self._contested.saw(self._group, name, record.info.run_id, now)
        return self._book.sort_out(now)

    def news(self, *, looked_at_all: bool) -> Iterator[nodes.Identity | nodes.Identified]:
        """The events that are new. ``looked_at_all``: each node has answered or is down, so it is known
        whether the primary is configured under another name.
        """
        found: list[nodes.Identity] = [nodes.Double(name, used) for name, used in self._book.doubles.items()]
        found += [nodes.Balanced(name, shown) for name, shown in self._book.balanced.why.items()]
        for name in self._book.names:
            if why := self.why_contested(name):
                found.append(nodes.Contested(name, why))
            if why := self.why_clustered(name):
                found.append(nodes.Clustered(name, why))
        if self.unwatched is not None:
            found.append(nodes.Unwatched(self.unwatched))
        elif (primary := self.unlisted) is not None:
            listed_nowhere = nodes.Unlisted(primary)
            if looked_at_all or listed_nowhere in self._told:
                found.append(listed_nowhere)
        told, self._told = self._told, tuple(found)
        yield from (event for event in found if event not in told)
        still = {(event.name, event.node) for event in found}
        for event in told:
            if (event.name, event.node) not in still:
                yield nodes.Identified(event.node, event.name)

    def _named(self) -> tuple[Named, ...]:
        view = self._member.view
        return named_by((view.newest, view.committed))
