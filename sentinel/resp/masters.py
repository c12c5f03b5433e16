"""Groups and nodes in Redis Sentinel's words (``sentinel.c``, ``addReplySentinelRedisInstance``). Pure."""

from __future__ import annotations

from sentinel.group.view import GroupView, NodeStatus
from sentinel.resp.codec import Reply


def master(view: GroupView, members: int) -> dict[str, Reply] | None:
    """None before the first topology."""
    where, topology, rules = view.primary_address, view.published, view.rules
    if where is None or topology is None:
        return None
    node = view.node(topology.primary)
    return {
        "name": view.name,
        "ip": where[0],
        "port": str(where[1]),
        "runid": node.info.run_id if node is not None and node.info is not None else "",
        "flags": _flags(node, "master"),
        "role-reported": "master",
        "config-epoch": str(topology.term),
        "num-slaves": str(len(replicas(view))),
        "num-other-sentinels": str(members - 1),
        "quorum": str(rules.quorum),
        "down-after-milliseconds": str(round(rules.down_after_s * 1000)),
        "failover-timeout": str(round(rules.failover_timeout_s * 1000)),
        "parallel-syncs": str(rules.parallel_syncs),
    }


def replicas(view: GroupView) -> list[dict[str, Reply]]:
    if view.published is None:
        return []
    primary = view.published.primary
    return [_replica(node) for node in view.nodes.values() if node.name != primary and _is_announced(node)]


def _is_announced(node: NodeStatus) -> bool:
    """Redis's ``replica-announced no`` keeps a replica from clients, as one that only makes backups."""
    return node.info is None or node.info.announced


def flags_line(view: GroupView) -> str:
    """``ok``, ``sdown`` or ``odown`` of the primary, as INFO says it."""
    node = view.node(view.published.primary) if view.published is not None else None
    if node is not None and node.objectively_down:
        return "odown"
    return "sdown" if node is not None and node.verdict.down else "ok"


def _replica(node: NodeStatus) -> dict[str, Reply]:
    info, (host, port) = node.info, node.reach
    return {
        "name": node.name,
        "ip": host,
        "port": str(port),
        "runid": info.run_id if info else "",
        "flags": _flags(node, "slave"),
        "role-reported": "slave" if info is None else info.role,
        "master-link-status": "ok" if info is not None and info.link_up else "err",
        "master-host": (info.master_host if info else None) or "?",
        "master-port": str((info.master_port if info else None) or 0),
        "slave-priority": str(node.priority or 0),
        "slave-repl-offset": str(info.offset_bytes if info else 0),
    }


def _flags(node: NodeStatus | None, role: str) -> str:
    flags = ["s_down"] if node is not None and node.verdict.down else []
    flags += ["o_down"] if node is not None and node.objectively_down else []
    return ",".join([*flags, role, *(["disconnected"] if flags else [])])
