"""The book of a group's nodes: their names, their newest INFO, and the owner of each address.

A node is its configured name; Redis reports addresses, which ``node_places`` translates back. A server is its
run id: if several names lead to one server, the book uses one of them (``doubles``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from promotion.view import NodeView
from sentinel.coordination.agreed_nodes import Named, spec_of
from sentinel.coordination.balanced import Balanced
from sentinel.coordination.copies import Copies
from sentinel.coordination.doubles import Doubles
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_places import may_be_known, name_for, node_at
from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from sentinel.coordination.node_views import Onlooker, view_of
from sentinel.coordination.offset_trail import OffsetTrail

NOT_CONFIGURED = "discovered, not configured: name it in nodes, or set discover_replicas to promote"


class NodeBook:
    """``promote``: a discovered node may be promoted too."""

    def __init__(self, specs: Iterable[NodeSpec], discover: bool, promote: bool = False) -> None:
        self._records = {spec.name: NodeRecord(spec) for spec in specs}
        self.discover = discover
        self._promote = promote
        self._trails: dict[str, OffsetTrail] = {}
        self._copies = Copies()
        self._doubles = Doubles()
        self._spelled: dict[str, str] = {}
        """Names of entries that are another spelling of a node's address, or whose server is a node's."""
        self.balanced = Balanced()
        """Names that lead to several servers in turn, and so are no node's."""
        self._stood_for: dict[tuple[str, str], str] = {}
        """By such a name, and the run id with which an entry has it: the node that this was."""
        self.objections: list[Callable[[str], str]] = []
        """Each is asked of a node why nothing may be changed at it, and answers nothing if it may."""
        self.undecided: Callable[[str], bool] = lambda _name: False
        """Whether an objection to a node is for want of time."""
        self.impostors: dict[str, str] = {}
        """Names at which another server answers than the node, with the reason."""
        self.version = 0
        """Grows with all that is learned."""

    def __getitem__(self, name: str) -> NodeRecord:
        return self._records[name]

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def update(
        self, name: str, info: NodeInfo, peer_ip: str | None, now: float, asked_at: float = math.inf
    ) -> None:
        record = self._records[name]
        follows = self.name_of(info.link.host, info.link.port) if info.link.host and info.link.port else ""
        self._copies.see(record, info, now, self._trails.get(follows))
        self._records[name] = NodeRecord(
            record.spec, info, now, peer_ip or record.peer_ip, min(now, asked_at)
        )
        if info.role == "master":
            self._trails.setdefault(name, OffsetTrail()).add(info.replid, info.offset_bytes, now)
        else:
            self._trails.pop(name, None)
        self.version += 1

    def note(self, name: str, info: NodeInfo, now: float, asked_at: float) -> None:
        """As ``update`` with what says only how far the node is by now: nobody need look at it anew."""
        self._records[name] = replace(self._records[name], info=info, info_at=now, asked_at=asked_at)
        self.balanced.heard(name, info.run_id, now)
        if info.role == "master":
            self._trails.setdefault(name, OffsetTrail()).add(info.replid, info.offset_bytes, now)

    @property
    def is_plain(self) -> bool:
        """Each node was configured, under one name that is used for nothing else."""
        odd = self.balanced.why or self._doubles.of or self._spelled or self.impostors
        return not odd and not any(record.spec.discovered for record in self._records.values())

    def behind_s(self, name: str, primary: str) -> float | None:
        """How old the data of ``name`` was when last seen, by the offsets of ``primary``, where known."""
        record, trail = self._records[name], self._trails.get(primary)
        if trail is None or record.info is None:
            return None
        return trail.behind_s(record.info.replid, record.info.offset_bytes, record.info_at)

    def missed_s(self, name: str, primary: str) -> float | None:
        """For how long ``primary`` was seen to write what ``name`` lacks; None where nothing is known."""
        info, trail = self._records[name].info, self._trails.get(primary)
        if trail is None or info is None:
            return None
        held = [(info.replid, info.offset_bytes)]
        if info.replid2 is not None and info.second_offset is not None:
            held.append((info.replid2, info.second_offset - 1))
        return next((s for each in held if (s := trail.missed_s(*each)) is not None), None)

    def name_of(self, host: str, port: int) -> str:
        """The name of the node at this address, or ``host:port`` if it is none of ours."""
        return self.local(node_at(self._fixed.values(), host, port) or name_for(host, port))

    def hands_off(self, name: str) -> str:
        """Why nothing may be changed at the node; empty if it may, or there is none."""
        if name not in self._records:
            return ""
        return next((why for objection in self.objections if (why := objection(name))), "")

    def is_replica(self, name: str) -> bool:
        info = self._records[name].info if name in self._records else None
        return info is not None and info.role == "slave"

    def add(self, spec: NodeSpec) -> None:
        self._records.setdefault(spec.name, NodeRecord(spec))
        self.version += 1

    def may_be_known(self, port: int) -> bool:
        """A configured name that was not reached yet may turn out to be any address of this port."""
        return may_be_known(self._fixed.values(), port)

    @property
    def _fixed(self) -> Mapping[str, NodeRecord]:
        """Of the names that lead to one server each."""
        if not self.balanced.why:
            return self._records
        return {name: record for name, record in self._records.items() if name not in self.balanced}

    def barred(self, spec: NodeSpec) -> str:
        """Why it is never promoted; empty if it may be."""
        return NOT_CONFIGURED if spec.discovered and not self._promote else ""

    # -- names that lead to one server, and nodes that only an entry names -------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Of the nodes: where several names lead to one server, the one that is used."""
        return tuple(name for name in self._fixed if name not in self._doubles.of)

    @property
    def watched(self) -> tuple[str, ...]:
        """And the other names too, lest it be missed that they part."""
        return tuple(self._records)

    @property
    def aliases(self) -> tuple[tuple[str, str], ...]:
        """Pairs: a name that is not used, and the one that is used instead."""
        return (*self._doubles.of.items(), *self._spelled.items())

    @property
    def doubles(self) -> dict[str, str]:
        """The configured names that lead to the server of another node, which is used instead."""
        return {name: used for name, used in self._doubles.of.items() if not self[name].spec.discovered}

    def local(self, name: str) -> str:
        """The name that is used for the node; ``name`` itself if it has no other."""
        name = self._doubles.of.get(name, name)
        is_fixed = name in self._records and name not in self.balanced
        return name if is_fixed else self._spelled.get(name, name)

    def sort_out(self, now: float) -> bool:
        """Compare whose run ids are whose. Returns whether other names are used than before."""
        changed = self._doubles.look(self._fixed, now)
        self.version += changed
        return changed

    def heard(self, name: str, run_id: str, now: float) -> bool:
        """Whom a connection to ``name`` has reached. Returns whether other names are used than before."""
        if not self.balanced.heard(name, run_id, now):
            return False
        self._doubles.forget(name)
        self.sort_out(now)
        self.version += 1
        return True

    def keep(self, named: Sequence[Named]) -> bool:
        """Watch the nodes that the newest entries name. Returns whether there are other nodes than before."""
        wanted = {node.name for node in named}
        before = (self.watched, self.aliases)
        for name in [r.spec.name for r in self._records.values() if r.spec.unlisted]:
            if name not in wanted:
                self.drop(name)
        self._spelled = {}
        for node in named:
            record = self._records.get(node.name)
            if node.name in self.balanced:
                if (meant := self._meant(node)) is not None:
                    self._spelled[node.name] = meant
                continue
            if record is not None and record.spec.discovered:
                spec = replace(record.spec, unlisted=node.needed)
                self._records[node.name] = replace(record, spec=spec)
            elif record is None and (spelled := self._written_as(node)) is not None:
                self._spelled[node.name] = spelled
            elif record is None:
                self.add(spec_of(node))
        return (self.watched, self.aliases) != before

    def _meant(self, node: Named) -> str | None:
        """The node that a name stood for which leads to several: it had the run id that the entry tells."""
        key = (node.name, node.place.run_id)
        for name in self.names:
            info = self._records[name].info
            if info is not None and info.run_id == node.place.run_id:
                self._stood_for[key] = name
        return self._stood_for.get(key)

    def _written_as(self, node: Named) -> str | None:
        """The node that has this very address, in another spelling or by what is announced."""
        place = spec_of(node)
        known = [replace(record, peer_ip=None) for record in self._fixed.values()]
        return node_at(known, place.host, place.port) or node_at(known, *place.reach)

    # -- what the deciding code is shown ---------------------------------------------------------

    def onlooker(self, now: float, reachable: Callable[[str], bool], down: Callable[[str], bool]) -> Onlooker:
        return Onlooker(
            now,
            lambda name: name not in self.impostors and reachable(name),
            down,
            self.name_of,
            self.__contains__,
            self.hands_off,
            self.undecided,
            self.barred,
            self._copies.__getitem__,
        )

    def views(self, onlooker: Onlooker, names: Collection[str] | None = None) -> list[NodeView]:
        """Of the nodes, or of those ``names`` that are nodes."""
        return [
            view_of(self._records[name], onlooker) for name in self.names if names is None or name in names
        ]

    def drop(self, name: str) -> None:
        """Forget a discovered node."""
        del self._records[name]
        self._trails.pop(name, None)
        self._copies.forget(name)
        self.impostors.pop(name, None)
        self.balanced.forget(name)
        self._doubles.forget(name)
        self.version += 1
