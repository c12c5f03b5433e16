"""INFO as a server of version 7 writes it, as far as sentinels read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nodes.node import Node

_NO_REPLID = "0" * 40


def text(node: Node) -> bytes:
    now = int(node.schedule.now)
    fields: dict[str, object] = {
        "redis_version": "7.0.15",
        "run_id": node.run_id,
        "uptime_in_seconds": 1,
        "loading": int(node.loading),
        "async_loading": 0,
        "role": node.role,
        "slave_priority": node.settings.priority,
        "slave_read_only": 1,
        "connected_slaves": len(node.downstream),
        "master_failover_state": node.handover.state,
        "master_replid": node.replid,
        "master_replid2": node.replid2 or _NO_REPLID,
        "master_repl_offset": node.offset,
        "second_repl_offset": node.second_offset,
    }
    if node.follows is not None:
        link = node.upstream
        up = node.link_up
        fields |= {
            "master_host": node.follows[0],
            "master_port": node.follows[1],
            "master_link_status": "up" if up else "down",
            "master_last_io_seconds_ago": now - int(link.heard_at) if up and link is not None else -1,
            "master_sync_in_progress": int(node.syncing),
            "slave_repl_offset": node.offset,
        }
        if not up:
            fields["master_link_down_since_seconds"] = (
                -1 if node.link_down_at is None else now - int(node.link_down_at)
            )
    for index, link in enumerate(node.downstream.values()):
        replica = link.replica
        state = "online" if link.online else "send_bulk"
        fields[f"slave{index}"] = (
            f"ip={replica.host},port={replica.port},state={state},"
            f"offset={link.acked},lag={now - int(link.acked_at)}"
        )
    if node.data.values:
        fields["db0"] = f"keys={len(node.data.values)},expires=0,avg_ttl=0"
    return "".join(f"{name}:{value}\r\n" for name, value in fields.items()).encode()
