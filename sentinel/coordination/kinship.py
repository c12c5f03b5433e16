"""Decides whether a server is the group's: by its identity, because an address alone says nothing. Pure.

Addresses change hands: a pod's IP is given to another cluster, a replica is detached for another purpose. So
the identity of the group's primaries and replicas is remembered, as replication histories and run ids. A node
that does not fit is left alone: to demote a server, or to point it elsewhere, throws its data away.

The configuration is proof enough, unless the node has replicas that are not the group's: then it is another
group's primary. A discovered node has to prove itself before each change to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from promotion.places import written
from sentinel.coordination.node_info import NodeInfo

MAX_REMEMBERED = 256
"""The limit of each kind; the oldest is forgotten first."""

Endpoint: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Relation:
    """A node as it is to be judged. ``follows_ours``: it replicates from a node that the group vouches for.

    ``strangers`` are replicas of its own that are none of the group's nodes.
    """

    name: str
    discovered: bool
    info: NodeInfo
    follows_ours: bool
    strangers: tuple[Endpoint, ...] = ()


class _Recent:
    """A set that forgets."""

    def __init__(self) -> None:
        self._items: dict[object, None] = {}

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def add(self, items: Iterable[object]) -> None:
        for item in items:
            self._items.pop(item, None)
            self._items[item] = None
        while len(self._items) > MAX_REMEMBERED:
            del self._items[next(iter(self._items))]

    def __bool__(self) -> bool:
        return bool(self._items)


class Kinship:
    """What was seen of one group since this process started."""

    def __init__(self) -> None:
        self._histories = _Recent()
        self._upstreams = _Recent()
        """Addresses from which the group's replicas replicated."""
        self._company = _Recent()
        """Of replicas that nobody watches: their addresses, with the node that they were attached to."""
        self._led = _Recent()
        self._witnessed: dict[str, str] = {}
        """By name: the run id under which it was seen as the group's replica."""

    # -- what is seen --------------------------------------------------------------------------

    def led(self, names: Collection[str]) -> None:
        """Leaders of this group have promoted these, or may have."""
        self._led.add(names)

    def reigns(self, name: str, info: NodeInfo) -> None:
        """``name``, on which the sentinels agree, answers as the primary."""
        if info.role == "master":
            self._histories.add(info.replids)
            self._keep_company(name, info)

    def serves(self, relation: Relation) -> None:
        """A replica that follows the group's primary."""
        info = relation.info
        if info.role != "slave" or not relation.follows_ours:
            return
        self._witnessed[relation.name] = info.run_id
        self._keep_company(relation.name, info)
        if info.master_host is not None and info.master_port is not None:
            self._upstreams.add([(info.master_host, info.master_port)])

    def forget(self, name: str) -> None:
        self._witnessed.pop(name, None)

    def _keep_company(self, name: str, info: NodeInfo) -> None:
        self._company.add((name, replica.ip, replica.port) for replica in info.attached)

    # -- what follows --------------------------------------------------------------------------

    def is_the_same(self, name: str, info: NodeInfo) -> bool:
        """Whether this very process was seen as the group's replica."""
        return self._witnessed.get(name) == info.run_id

    def why_foreign(self, of: Relation) -> str:
        """Why the node is not the group's to demote or to re-point; empty if it is."""
        if not self._histories:
            # Before the primary has spoken nothing is known of anybody, and nothing is done to anybody.
            return ""
        others = self._others(of)
        if others:
            shown = ", ".join(written(*each) for each in others)
            return f"it has replicas that are none of the group's: {shown}"
        if not of.discovered:
            return ""
        return self._why_foreign_replica(of) if of.info.role == "slave" else self._why_foreign_master(of)

    def _others(self, of: Relation) -> tuple[Endpoint, ...]:
        """Replicas that came with it. Those of a history that the group has had came from the group."""
        if of.info.replid in self._histories:
            return ()
        return tuple(each for each in of.strangers if (of.name, *each) not in self._company)

    def _why_foreign_replica(self, of: Relation) -> str:
        upstream = (of.info.master_host or "", of.info.master_port or 0)
        if of.follows_ours:
            return ""
        if not self._shares(of.info):
            return _other_history(of.info)
        if upstream not in self._upstreams:
            return f"it was made to follow {written(*upstream)}, which is none of the group's nodes"
        return ""

    def _why_foreign_master(self, of: Relation) -> str:
        """Whoever a leader promoted is the group's. Else somebody made it a master, by hand or as it started.

        History is no proof then: what was detached shares it, and so does what began with a copy of a backup.
        """
        if not self._shares(of.info):
            return _other_history(of.info)
        if of.name in self._led:
            return ""
        if self.is_the_same(of.name, of.info):
            return "somebody made it a master (REPLICAOF NO ONE)"
        if of.name in self._witnessed:
            return "it was started as a master, and no leader of the group promoted it"
        return "it is a master, and was not seen as a replica of the group"

    def has_had(self, info: NodeInfo) -> bool:
        """Whether the node's writes are those of a primary of the group."""
        return info.replid in self._histories

    def is_unknown(self, info: NodeInfo) -> bool:
        """Whether the node has nothing of the group's history, as far as that is known at all."""
        return bool(self._histories) and not self._shares(info)

    def _shares(self, info: NodeInfo) -> bool:
        return any(replid in self._histories for replid in info.replids)


def _other_history(info: NodeInfo) -> str:
    return f"its replication history ({info.replid[:8]}...) is none of the group's"
