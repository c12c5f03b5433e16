"""What is known of a group's nodes: their names, what they last said, and which address is whose.

A node is its configured name. Redis reports addresses (of a replica's master, of a master's replicas);
they are translated back to names by the announced address and by the address that a name last stood for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promotion.view import AttachedReplica, NodeView
from sentinel.info import NodeInfo
from sentinel.offset_trail import OffsetTrail

MAX_DISCOVERED = 64


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node as configured, or as discovered. ``announce`` is what other nodes should connect to."""

    name: str
    host: str
    port: int
    announce_host: str | None = None
    announce_port: int | None = None
    priority: int | None = None
    zone: str | None = None
    discovered: bool = False

    @property
    def reach(self) -> tuple[str, int]:
        return (self.announce_host or self.host, self.announce_port or self.port)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """``info_at`` is monotonic; ``peer_ip`` is None until the node was reached once."""

    spec: NodeSpec
    info: NodeInfo | None = None
    info_at: float = 0.0
    peer_ip: str | None = None


class NodeBook:
    def __init__(self, specs: Iterable[NodeSpec], discover: bool) -> None:
        self._records = {spec.name: NodeRecord(spec) for spec in specs}
        self._discover = discover
        self._trails: dict[str, OffsetTrail] = {}
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
        for name, record in self._records.items():
            spec = record.spec
            if (host, port) in ((spec.host, spec.port), spec.reach):
                return name
        for name, record in self._records.items():
            if record.peer_ip == host and port in (record.spec.port, record.spec.reach[1]):
                return name
        return _join(host, port)

    def discoverable(self, primary: str) -> tuple[NodeSpec, ...]:
        """Replicas that ``primary`` reports and that are none of ours."""
        info = self._records[primary].info
        if not self._discover or info is None:
            return ()
        found = []
        for replica in info.attached:
            name = self.name_of(replica.ip, replica.port)
            if name not in self._records and not self._may_be_known(replica.port):
                found.append(NodeSpec(name, replica.ip, replica.port, discovered=True))
        known = sum(record.spec.discovered for record in self._records.values())
        return tuple(found[: max(0, MAX_DISCOVERED - known)])

    def add(self, spec: NodeSpec) -> None:
        self._records.setdefault(spec.name, NodeRecord(spec))
        self.version += 1

    def drop_doubles(self) -> tuple[str, ...]:
        """Forget discovered nodes that turn out to be configured ones under another address."""
        run_ids = {r.info.run_id for r in self._records.values() if r.info and not r.spec.discovered}
        doubles = [
            name
            for name, record in self._records.items()
            if record.spec.discovered and record.info is not None and record.info.run_id in run_ids
        ]
        self.version += len(doubles)
        for name in doubles:
            del self._records[name]
            self._trails.pop(name, None)
        return tuple(doubles)

    def views(
        self, now: float, reachable: Callable[[str], bool], down: Callable[[str], bool]
    ) -> list[NodeView]:
        return [self._view(record, now, reachable, down) for record in self._records.values()]

    def _view(
        self, record: NodeRecord, now: float, reachable: Callable[[str], bool], down: Callable[[str], bool]
    ) -> NodeView:
        spec, info = record.spec, record.info
        host, port = spec.reach
        if info is None:
            return NodeView(spec.name, host, port, reachable=False, down=down(spec.name), zone=spec.zone)
        follows = None
        if info.master_host is not None and info.master_port is not None:
            follows = self.name_of(info.master_host, info.master_port)
        return NodeView(
            name=spec.name,
            host=host,
            port=port,
            reachable=reachable(spec.name),
            down=down(spec.name),
            age_s=now - record.info_at,
            run_id=info.run_id,
            role=info.role,
            keys=info.keys,
            offset_bytes=info.offset_bytes,
            replid=info.replid,
            replid2=info.replid2,
            second_offset=info.second_offset,
            follows=follows,
            link_up=info.link_up,
            link_down_s=info.link_down_s,
            last_io_s=info.last_io_s,
            sync_in_progress=info.sync_in_progress,
            loading=info.loading and not info.async_loading,
            priority=info.priority if spec.priority is None else spec.priority,
            zone=spec.zone,
            attached=tuple(
                AttachedReplica(a.ip, a.port, a.state, a.offset_bytes, a.lag_s) for a in info.attached
            ),
            strangers=sum(self.name_of(a.ip, a.port) not in self._records for a in info.attached),
            handover=info.handover,
            safety=info.safety,
        )

    def _may_be_known(self, port: int) -> bool:
        """A configured name that was not reached yet may turn out to be this very address."""
        return any(
            record.peer_ip is None and record.spec.port == port and not _is_ip(record.spec.host)
            for record in self._records.values()
        )


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
