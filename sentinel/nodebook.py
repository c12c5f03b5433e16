"""What is known of a group's nodes: their names, what they last said, and which address is whose.

A node is its configured name. Redis reports addresses (of a replica's master, of a master's replicas);
``node_places`` translates them back to names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from promotion.view import NodeView
from sentinel.info import NodeInfo
from sentinel.node_places import may_be_known, node_at, written
from sentinel.node_spec import NodeRecord, NodeSpec
from sentinel.node_views import Onlooker, view_of
from sentinel.offset_trail import OffsetTrail

NOT_CONFIGURED = "discovered, not configured: name it in nodes, or set discover_replicas to promote"


class NodeBook:
    """``promote``: a discovered node may be promoted too."""

    def __init__(self, specs: Iterable[NodeSpec], discover: bool, promote: bool = False) -> None:
        self._records = {spec.name: NodeRecord(spec) for spec in specs}
        self.discover = discover
        self._promote = promote
        self._trails: dict[str, OffsetTrail] = {}
        self.objections: list[Callable[[str], str]] = []
        """Each is asked of a node why nothing may be changed at it, and answers nothing if it may."""
        self.version = 0
        """Grows with all that is learned."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._records)

    def __getitem__(self, name: str) -> NodeRecord:
        return self._records[name]

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def update(self, name: str, info: NodeInfo, peer_ip: str | None, now: float) -> None:
        record = self._records[name]
        self._records[name] = NodeRecord(record.spec, info, now, peer_ip or record.peer_ip)
        if info.role == "master":
            self._trails.setdefault(name, OffsetTrail()).add(info.replid, info.offset_bytes, now)
        else:
            self._trails.pop(name, None)
        self.version += 1

    def behind_s(self, name: str, primary: str) -> float | None:
        """How old the data of ``name`` was when last seen, by the offsets of ``primary``, where known."""
        record, trail = self._records[name], self._trails.get(primary)
        if trail is None or record.info is None:
            return None
        return trail.behind_s(record.info.offset_bytes, record.info_at)

    def name_of(self, host: str, port: int) -> str:
        """The name of the node at this address, or ``host:port`` if it is none of ours."""
        return node_at(self._records.values(), host, port) or written(host, port)

    def hands_off(self, name: str) -> str:
        """Why nothing may be changed at the node; empty if it may."""
        return next((why for objection in self.objections if (why := objection(name))), "")

    def add(self, spec: NodeSpec) -> None:
        self._records.setdefault(spec.name, NodeRecord(spec))
        self.version += 1

    def may_be_known(self, port: int) -> bool:
        """A configured name that was not reached yet may turn out to be any address of this port."""
        return may_be_known(self._records.values(), port)

    def _barred(self, spec: NodeSpec) -> str:
        return NOT_CONFIGURED if spec.discovered and not self._promote else ""

    def drop_doubles(self) -> tuple[str, ...]:
        """Forget discovered nodes that turn out to be configured ones under another address."""
        run_ids = {r.info.run_id for r in self._records.values() if r.info and not r.spec.discovered}
        doubles = [
            name
            for name, record in self._records.items()
            if record.spec.discovered and record.info is not None and record.info.run_id in run_ids
        ]
        for name in doubles:
            self.drop(name)
        return tuple(doubles)

    def views(
        self, now: float, reachable: Callable[[str], bool], down: Callable[[str], bool]
    ) -> list[NodeView]:
        onlooker = Onlooker(
            now, reachable, down, self.name_of, self.__contains__, self.hands_off, self._barred
        )
        return [view_of(record, onlooker) for record in self._records.values()]

    def drop(self, name: str) -> None:
        """Forget a discovered node."""
        del self._records[name]
        self._trails.pop(name, None)
        self.version += 1
