"""Makes the snapshot of a node for the deciding code, from the node's newest INFO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promotion.view import AttachedReplica, NodeView
from sentinel.coordination.node_refusals import free_memory, would_refuse
from sentinel.coordination.node_spec import NodeRecord, NodeSpec

SILENT_S = 60.0
"""A replica that has acknowledged nothing for so long is gone, though its primary has not missed it yet."""


@dataclass(frozen=True, slots=True)
class Onlooker:
    """What a snapshot needs beside the node's own words. ``name_of`` an address is None if it is nobody's."""

    now: float
    reachable: Callable[[str], bool]
    down: Callable[[str], bool]
    name_of: Callable[[str, int], str]
    is_ours: Callable[[str], bool]
    hands_off: Callable[[str], str]
    undecided: Callable[[str], bool]
    barred: Callable[[NodeSpec], str]
    coming: Callable[[str], tuple[str, int] | None]


def view_of(record: NodeRecord, onlooker: Onlooker) -> NodeView:
    spec, info = record.spec, record.info
    host, port = spec.reach
    down, hands_off = onlooker.down(spec.name), onlooker.hands_off(spec.name)
    if info is None:
        return NodeView(
            spec.name, host, port, reachable=False, down=down, zone=spec.zone, hands_off=hands_off
        )
    follows = None
    if info.master_host is not None and info.master_port is not None:
        follows = onlooker.name_of(info.master_host, info.master_port)
    return NodeView(
        name=spec.name,
        host=host,
        port=port,
        reachable=onlooker.reachable(spec.name),
        down=down,
        age_s=onlooker.now - record.info_at,
        run_id=info.run_id,
        role=info.role,
        keys=info.keys,
        offset_bytes=info.offset_bytes,
        replid=info.replid,
        replid2=info.replid2,
        second_offset=info.second_offset,
        follows=follows,
        follows_host=info.master_host or "",
        link_up=info.link_up,
        link_down_s=info.link_down_s,
        last_io_s=info.last_io_s,
        sync_in_progress=info.sync_in_progress,
        coming=onlooker.coming(spec.name),
        loading=info.loading and not info.async_loading,
        priority=info.priority if spec.priority is None else spec.priority,
        zone=spec.zone,
        attached=tuple(
            AttachedReplica(a.ip, a.port, a.state, a.offset_bytes, a.lag_s) for a in info.attached
        ),
        strangers=sum(
            not onlooker.is_ours(onlooker.name_of(a.ip, a.port))
            for a in info.attached
            if a.lag_s is None or a.lag_s <= SILENT_S
        ),
        handover=info.handover,
        safety=info.safety,
        fence_missing=info.fence_missing,
        version=(info.product, info.version_numbers),
        free_memory=free_memory(info),
        would_refuse=refusing.detail if (refusing := would_refuse(info)) is not None else "",
        hands_off=hands_off,
        undecided=bool(hands_off) and onlooker.undecided(spec.name),
        discovered=spec.discovered,
        barred=onlooker.barred(spec),
    )
