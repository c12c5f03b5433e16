"""Rules about data and settings: memory, formats, snapshots and ``min-replicas`` once another node is
primary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from promotion.disk_refusal import SAVE, STOP_WRITES, disk_refusal
from promotion.fence import is_term
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem

LARGE_BYTES = 1 << 30
BACKLOG_SHARE = 1000
"""The backlog should hold at least this fraction of a large data set (1 MB, the default, for 1 GB)."""

_MB = 1 << 20
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)


def _too_little_memory(facts: GroupFacts) -> Iterator[Problem]:
    primary = facts.primary
    if primary is None:
        return
    used, room = primary.number("used_memory"), primary.number("maxmemory")
    for node in facts.replicas:
        own = node.number("maxmemory")
        if not own or room is None:
            continue
        if used is not None and used > own:
            yield Problem(
                node.name,
                "error",
                "memory",
                f"has maxmemory {_mb(own)}, less than the {_mb(used)} that {primary.name} uses: "
                "as primary it would evict data or refuse writes",
                f"Raise maxmemory to that of {primary.name}.",
            )
        elif room == 0 or own < room:
            yield Problem(
                node.name,
                "warning",
                "memory",
                f"has maxmemory {_mb(own)}, and {primary.name} has {_mb(room) if room else 'no limit'}",
                "Give the nodes the same maxmemory.",
            )


def _evicts_the_fence(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen if facts.required.fence_key is not None else ():
        policy = node.info_fields.get("maxmemory_policy") or ""
        if policy.startswith("allkeys-") and node.number("maxmemory"):
            yield Problem(
                node.name,
                "warning",
                "fence-eviction",
                f"may evict {facts.required.fence_key} (maxmemory-policy {policy}): until it is written "
                "again, which a sentinel sees to, a leader that was paused for long is not refused by it",
                "Use a volatile- policy, which spares keys without an expiry.",
            )


def _eviction(facts: GroupFacts) -> Iterator[Problem]:
    primary = facts.primary
    wanted = primary.info_fields.get("maxmemory_policy") if primary is not None else None
    for node in facts.replicas if primary is not None and wanted else ():
        own = node.info_fields.get("maxmemory_policy")
        if own is not None and own != wanted:
            assert primary is not None
            yield Problem(
                node.name,
                "warning",
                "eviction-policy",
                f"has maxmemory-policy {own}, and {primary.name} has {wanted}",
                "Give the nodes the same maxmemory-policy.",
            )


def _versions(facts: GroupFacts) -> Iterator[Problem]:
    kinds = {node.name: kind for node in facts.seen if (kind := _kind(node)) is not None}
    if len({flavour for flavour, _ in kinds.values()}) > 1:
        flavours = ", ".join(f"{name} is {flavour} {_dotted(v)}" for name, (flavour, v) in kinds.items())
        yield Problem(
            None,
            "warning",
            "versions",
            f"{flavours}: what one writes the other may not be able to load",
            "Run the same server at all nodes.",
        )
        return
    newest = max((version for _, version in kinds.values()), default=(0, 0))
    at = next((name for name, (_, version) in kinds.items() if version == newest), "")
    for name, (_, version) in kinds.items():
        if version < newest:
            yield Problem(
                name,
                "warning",
                "versions",
                f"has version {_dotted(version)}, and {at} has {_dotted(newest)}: an older server may be "
                "unable to follow a newer one",
                "Bring it to the same version; upgrade replicas before the primary.",
            )


def failing_disk(node: NodeFacts) -> str | None:
    """Why the node refuses all writes as a primary; None if its disk is no reason."""
    return disk_refusal(
        snapshot_failed=node.info_fields.get("rdb_last_bgsave_status") == "err",
        aof_failed=node.info_fields.get("aof_last_write_status") == "err"
        and node.settings.get("appendonly") != "no",
        stops=node.settings.get(STOP_WRITES) != "no",
        saves=node.settings.get(SAVE) != "",
    )


def _failing_snapshots(facts: GroupFacts) -> Iterator[Problem]:
    """A node whose snapshots or append-only file fail: Redis refuses writes then (-MISCONF)."""
    for node in facts.seen:
        if (failing := failing_disk(node)) is None:
            continue
        yield Problem(
            node.name,
            "error",
            "persistence-failing",
            f"{failing}, so as primary it refuses writes",
            "See its log: most often the disk is full, or its directory not writable.",
        )


def _no_persistence(facts: GroupFacts) -> Iterator[Problem]:
    """A replica must persist its data if its primary does, or a failover ends that; it need not do more."""
    primary = facts.primary
    if primary is None:
        return
    kept = _keeps(primary)
    for node in facts.replicas if kept else ():
        if _keeps(node) is False:
            yield Problem(
                node.name,
                "warning",
                "no-persistence",
                f"keeps nothing on disk, and {primary.name} does: as primary it would come back empty from a "
                "restart",
                f"Give it the save and appendonly of {primary.name}, and CONFIG REWRITE.",
            )
    if kept is False:
        in_no_time = primary.settings.get("repl-diskless-sync-delay") == "0"
        hurry = ", and with repl-diskless-sync-delay 0 its replicas may be emptied at once" * in_no_time
        yield Problem(
            primary.name,
            "warning",
            "no-persistence",
            f"keeps nothing on disk: restarted by its supervisor it comes back empty{hurry}",
            "Set save or appendonly, or see that no supervisor restarts it sooner than it is failed over.",
        )


def _keeps(node: NodeFacts) -> bool | None:
    """Whether the node persists its data; None if unknown."""
    if "save" not in node.settings or "appendonly" not in node.settings:
        return None
    return node.settings["save"] != "" or node.settings["appendonly"] != "no"


def _demands(facts: GroupFacts) -> Iterator[Problem]:
    """``min-replicas-to-write`` that cannot be met; ``write_safety`` would lower it by itself."""
    others = len(facts.nodes) - 1
    if facts.required.write_safety or others == 0:
        return
    for node in facts.seen:
        demanded = node.number("min-replicas-to-write") or 0
        if demanded > others:
            yield Problem(
                node.name,
                "error",
                "min-replicas",
                f"has min-replicas-to-write {demanded}, and there are {others} other nodes: as primary it "
                "never takes a write",
                f"Set min-replicas-to-write to {max(0, others - 1)}, or use write_safety.",
            )
        elif demanded == others:
            yield Problem(
                node.name,
                "warning",
                "min-replicas",
                f"has min-replicas-to-write {demanded}, as many as there are other nodes: after a failover "
                "it takes no write until the old primary is back",
                f"Set min-replicas-to-write to {others - 1}, or use write_safety.",
            )


def _writable_replicas(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.replicas:
        assert node.info is not None
        if not node.info.read_only:
            yield Problem(
                node.name,
                "warning",
                "writable-replica",
                "has replica-read-only no: what is written to it differs from the primary, and is lost",
                "CONFIG SET replica-read-only yes.",
            )


def _small_backlog(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen:
        used, backlog = node.number("used_memory"), node.number("repl-backlog-size")
        if used is None or backlog is None or used < LARGE_BYTES or backlog >= used // BACKLOG_SHARE:
            continue
        yield Problem(
            node.name,
            "warning",
            "small-backlog",
            f"has repl-backlog-size {_mb(backlog)} for {_mb(used)} of data: a replica that was away for a "
            "moment has to copy all of it",
            "Raise repl-backlog-size to what is written in a minute.",
        )


def _no_config_file(facts: GroupFacts) -> Iterator[Problem]:
    """Nodes without a configuration file, in one problem: in containers it is so at all nodes, on purpose."""
    without = [node.name for node in facts.seen if node.info_fields.get("config_file") == ""]
    if without:
        yield Problem(
            None,
            "warning",
            "no-config-file",
            f"{', '.join(without)}: without a configuration file, so a restarted node comes back in the role "
            "that it was started with, until Vedette corrects it",
            "Start redis-server with a configuration file that it may rewrite.",
        )


def _tls_replication(facts: GroupFacts) -> Iterator[Problem]:
    by_setting: dict[str, list[str]] = {}
    for node in facts.seen:
        if "tls-replication" in node.settings:
            by_setting.setdefault(node.settings["tls-replication"], []).append(node.name)
    if len(by_setting) > 1:
        differing = "; ".join(f"{setting} at {', '.join(names)}" for setting, names in by_setting.items())
        yield Problem(
            None,
            "error",
            "tls-replication",
            f"tls-replication differs ({differing}): some could not follow the others",
            "CONFIG SET tls-replication to the same at all nodes.",
        )


def _fence_content(facts: GroupFacts) -> Iterator[Problem]:
    key = facts.required.fence_key
    for node in facts.seen:
        if node.fence is not None and not is_term(node.fence.encode()):
            yield Problem(
                node.name,
                "error",
                "fence-key",
                f"the key {key} holds {node.fence[:40]!r}, which is not a term, and is left "
                "alone: a leader that was paused for long is not refused",
                f"Find out who writes it, then DEL {key} at the primary; or set another fence_key.",
            )


def _kind(node: NodeFacts) -> tuple[str, tuple[int, int]] | None:
    valkey = node.info_fields.get("valkey_version")
    match = _VERSION.match(valkey or node.info_fields.get("redis_version", ""))
    return ("Valkey" if valkey else "Redis", (int(match[1]), int(match[2]))) if match else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / _MB:.0f} MB" if size_bytes >= 10 * _MB else f"{size_bytes / _MB:.1f} MB"


DATA_RULES: tuple[Callable[[GroupFacts], Iterator[Problem]], ...] = (
    _too_little_memory,
    _eviction,
    _evicts_the_fence,
    _versions,
    _failing_snapshots,
    _no_persistence,
    _demands,
    _writable_replicas,
    _small_backlog,
    _no_config_file,
    _tls_replication,
    _fence_content,
)
