"""What INFO answers: the sections and fields that a failover monitor reads, worded as Redis words them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.model_redis.limits import USED_BYTES
from tests.simulation.model_redis.messages import Words

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

Fields = dict[str, object]


def info_text(server: ModelServer, sections: Words) -> str:
    """All sections if none is named, or one of ``all``, ``default``, ``everything``."""
    wanted = {section.lower() for section in sections} or {"default"}
    every = bool(wanted & {"all", "default", "everything"})
    parts = []
    for name, fields in _SECTIONS.items():
        if every or name in wanted:
            lines = [f"{key}:{value}" for key, value in fields(server).items()]
            parts.append("\r\n".join((f"# {name.capitalize()}", *lines, "")))
    return "\r\n".join(parts)


def _server(server: ModelServer) -> Fields:
    left_ms = server.shutdown.left_ms
    return {
        "redis_version": server.options.version,
        "redis_mode": "cluster" if server.in_cluster else "standalone",
        "run_id": server.run_id,
        "tcp_port": server.port,
        "uptime_in_seconds": int(server.world.now - server.started),
        **({} if left_ms is None else {"shutdown_in_milliseconds": left_ms}),
    }


def _persistence(server: ModelServer) -> Fields:
    return {
        "loading": int(server.loading),
        "async_loading": 0,
        "rdb_changes_since_last_save": server.saving.changes,
        "rdb_last_bgsave_status": "err" if server.saving.failed else "ok",
        "rdb_last_load_keys_loaded": server.saving.loaded,
        "aof_enabled": 0,
        "aof_last_write_status": "ok",
    }


def _clients(server: ModelServer) -> Fields:
    return {"connected_clients": len(server.sessions), "maxclients": server.config.max_clients}


def _memory(server: ModelServer) -> Fields:
    return {
        "used_memory": USED_BYTES,
        "maxmemory": server.config.max_memory,
        "maxmemory_policy": "noeviction",
    }


def _stats(server: ModelServer) -> Fields:
    return {
        "sync_full": server.replicas.full_syncs,
        "sync_partial_ok": server.replicas.partial_ok,
        "sync_partial_err": server.replicas.partial_refused,
    }


def _replication(server: ModelServer) -> Fields:
    stream, replicas = server.stream, server.replicas
    fields: Fields = {"role": "master" if server.following.host is None else "slave"}
    if server.following.host is not None:
        fields |= _follows(server)
    fields["connected_slaves"] = len(replicas.attached)
    if all(server.config.min_replicas):
        fields["min_slaves_good_slaves"] = replicas.good
    for index, replica in enumerate(replicas.attached):
        lag_s = server.unix_s - replica.ack_s if replica.state == "online" else 0
        fields[f"slave{index}"] = (
            f"ip={replica.host},port={replica.port},state={replica.state.partition(' ')[0]},"
            f"offset={replica.ack_offset},lag={lag_s}"
        )
    return fields | {
        "master_failover_state": server.failover.state,
        "master_replid": stream.replid,
        "master_replid2": stream.replid2,
        "master_repl_offset": stream.offset,
        "second_repl_offset": stream.second_offset,
        "repl_backlog_active": int(stream.backlog is not None),
        "repl_backlog_size": server.options.backlog_bytes,
        "repl_backlog_first_byte_offset": stream.first_offset,
        "repl_backlog_histlen": stream.backlog_bytes,
    }


def _follows(server: ModelServer) -> Fields:
    following = server.following
    known = following.master or following.cached
    offset = 1 if known is None else known.offset
    last_io_s = -1 if following.master is None else server.unix_s - following.master.heard_s
    fields: Fields = {
        "master_host": following.host,
        "master_port": following.port,
        "master_link_status": "up" if following.connected else "down",
        "master_last_io_seconds_ago": last_io_s,
        "master_sync_in_progress": int(following.state == "sync"),
        "slave_read_repl_offset": offset,
        "slave_repl_offset": offset,
    }
    if not following.connected:
        down_s = server.unix_s - following.down_since_s if following.down_since_s else -1
        fields["master_link_down_since_seconds"] = down_s
    return fields | {
        "slave_priority": server.config.priority,
        "slave_read_only": 1,
        "replica_announced": 1,
    }


def _keyspace(server: ModelServer) -> Fields:
    keys = len(server.data.values)
    return {"db0": f"keys={keys},expires=0,avg_ttl=0"} if keys else {}


_SECTIONS = {
    "server": _server,
    "clients": _clients,
    "memory": _memory,
    "persistence": _persistence,
    "stats": _stats,
    "replication": _replication,
    "keyspace": _keyspace,
}
