"""Parses a node's INFO reply, for Redis 6.2 and later and Valkey.

Unknown and unneeded fields are skipped, so that a newer server can send more. If a field that failover relies
on is missing or garbled, that is an ``InfoError`` with the field's name; no other error is ever raised,
whatever the bytes.
"""

from __future__ import annotations

import re

from promotion.step_types import WriteSafety
from sentinel.coordination.info_limits import read_limits
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.nodes.info_fields import NAMES, fields_of

MAX_INFO_BYTES = 1024 * 1024
MAX_ATTACHED = 1000
"""Further replicas are left out; Redis itself fails long before that."""

MAX_DIGITS = 18

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_HOST = re.compile(r"[0-9A-Za-z_.:%-]{1,255}", re.ASCII)
_NO_REPLID = "0" * 40


class InfoError(Exception):
    """The node's fault: its INFO cannot be understood. ``field`` is the name as INFO writes it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"INFO: {field}: {problem}")
        self.field = field
        self.problem = problem


def parse_info(text: bytes | str) -> NodeInfo:
    """Reads the bulk string that INFO answers with. Raises ``InfoError`` only."""
    if len(text) > MAX_INFO_BYTES:
        raise InfoError("reply", f"longer than {MAX_INFO_BYTES} bytes")
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    fields = _Fields(text)
    role = _role(fields)
    is_replica = role == "slave"
    replid2 = fields.matching("master_replid2", _ID, default=_NO_REPLID)
    return NodeInfo(
        run_id=fields.matching("run_id", _ID),
        version=fields.version(),
        product="redis" if fields.get("valkey_version") is None else "valkey",
        role=role,
        replid=fields.matching("master_replid", _ID),
        replid2=None if replid2 == _NO_REPLID else replid2,
        second_offset=fields.count_or_none("second_repl_offset"),
        master_offset_bytes=max(0, fields.integer("master_repl_offset")),
        replica_offset_bytes=fields.integer("slave_repl_offset") if is_replica else None,
        master_host=fields.matching("master_host", _HOST) if is_replica else None,
        master_port=_port("master_port", fields.integer("master_port")) if is_replica else None,
        link_up=is_replica and fields.get("master_link_status") == "up",
        link_down_s=fields.count_or_none("master_link_down_since_seconds"),
        last_io_s=fields.count_or_none("master_last_io_seconds_ago"),
        sync_in_progress=fields.flag("master_sync_in_progress"),
        priority=fields.integer("slave_priority", 100),
        read_only=fields.flag("slave_read_only"),
        loading=fields.flag("loading"),
        async_loading=fields.flag("async_loading"),
        keys=sum(_keys(name, value) for name, value in fields.numbered("db")),
        attached=_attached(fields),
        uptime_s=max(0, fields.integer("uptime_in_seconds", 0)),
        handover=fields.get("master_failover_state") not in (None, "no-failover"),
        started_empty=_started_empty(fields),
        volatile_keys=sum(_keys(name, value, "expires") for name, value in fields.numbered("db")),
        limits=read_limits(fields.get),
        cluster_mode=fields.mode() == "cluster",
        announced=fields.integer("replica_announced", 1) != 0,
    )


def _started_empty(fields: _Fields) -> bool:
    """Whether the process started without data, by ``rdb_last_load_keys_loaded`` (7.0 and later) and the AOF.

    An append-only file has no base until it was loaded or rewritten. If it has none by configuration
    (``aof-use-rdb-preamble no``), it holds no more than clients have sent to this process.
    """
    loaded = fields.get("rdb_last_load_keys_loaded")
    if fields.flag("loading") or loaded not in (None, "0"):
        return False
    if not fields.flag("aof_enabled"):
        return loaded == "0"
    written = fields.integer("aof_current_size", 0)
    return fields.get("aof_base_size") == "0" and written <= fields.integer("total_net_input_bytes", 0)


def parse_safety(reply: object) -> WriteSafety | None:
    """Parses the reply to ``CONFIG GET min-replicas-*``; None for an error or any other reply."""
    if not isinstance(reply, list) or not all(isinstance(part, bytes) for part in reply):
        return None
    values = dict(zip(reply[::2], reply[1::2], strict=False))
    replicas, lag_s = values.get(b"min-replicas-to-write", b""), values.get(b"min-replicas-max-lag", b"")
    if not (replicas.isdigit() and lag_s.isdigit()) or max(len(replicas), len(lag_s)) > MAX_DIGITS:
        return None
    return WriteSafety(int(replicas), int(lag_s))


class _Fields:
    """The ``name:value`` lines that are used."""

    def __init__(self, text: str) -> None:
        self._values = fields_of(text)

    def get(self, name: str) -> str | None:
        assert name in NAMES, name
        return self._values.get(name)

    def numbered(self, prefix: str) -> list[tuple[str, str]]:
        """The fields whose name is ``prefix`` and a number."""
        names = [name for name in self._values if name not in NAMES and name.startswith(prefix)]
        return [(name, self._values[name]) for name in names]

    def matching(self, name: str, pattern: re.Pattern[str], default: str | None = None) -> str:
        value = self.get(name)
        if value is None:
            value = default
        if value is None:
            raise InfoError(name, "is missing")
        if not pattern.fullmatch(value):
            raise InfoError(name, f"cannot be {_shown(value)}")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise InfoError(name, "is missing")
        return _integer(name, value)

    def count_or_none(self, name: str) -> int | None:
        """Redis writes -1 for "never" and "none"."""
        value = self.integer(name, -1)
        return value if value >= 0 else None

    def flag(self, name: str) -> bool:
        return self.integer(name, 0) != 0

    def mode(self) -> str | None:
        return self.get("redis_mode") or self.get("server_mode")  # The second is Valkey's.

    def version(self) -> str:
        # Valkey also sends the Redis version that it is compatible with.
        return (self.get("valkey_version") or self.get("redis_version") or "unknown")[:64]


def _role(fields: _Fields) -> str:
    role = fields.get("role")
    if role is None and fields.mode() == "sentinel":
        raise InfoError("role", "is missing, for this is a Redis Sentinel")
    if role is None:
        raise InfoError("role", "is missing")
    if role not in ("master", "slave"):
        raise InfoError("role", f"must be master or slave, not {_shown(role)}")
    return role


def _attached(fields: _Fields) -> tuple[Attached, ...]:
    lines = fields.numbered("slave")[:MAX_ATTACHED]
    replicas = (_attached_replica(name, value) for name, value in lines)
    # Port 0 is a tool that reads the replication stream (redis-cli --replica): nobody can connect to it.
    return tuple(replica for replica in replicas if replica.port != 0)


def _attached_replica(name: str, value: str) -> Attached:
    parts = _parts(value)
    for part in ("ip", "port", "state"):
        if part not in parts:
            raise InfoError(name, f"has no {part}")
    if not _HOST.fullmatch(parts["ip"]):
        raise InfoError(name, f"ip cannot be {_shown(parts['ip'])}")
    port = _integer(name, parts["port"])
    lag_s = _integer(name, parts.get("lag", "-1"))
    return Attached(
        ip=parts["ip"],
        port=0 if port == 0 else _port(name, port),
        state=parts["state"][:64],
        offset_bytes=max(0, _integer(name, parts.get("offset", "0"))),
        lag_s=lag_s if lag_s >= 0 else None,
    )


def _keys(name: str, value: str, which: str = "keys") -> int:
    return max(0, _integer(name, _parts(value).get(which, "0")))


def _parts(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in value.split(","))
    return {key: part for key, _, part in pairs}


def _port(name: str, port: int) -> int:
    if not 1 <= port <= 65535:
        raise InfoError(name, f"has a port outside 1 to 65535: {port}")
    return port


def _integer(name: str, value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise InfoError(name, f"must be an integer, not {_shown(value)}")
    return int(value)


def _shown(value: str) -> str:
    return repr(value if len(value) <= 64 else value[:64] + "...")
