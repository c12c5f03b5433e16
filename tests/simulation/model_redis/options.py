"""What a server is started with: Redis's own settings, and how long its slow moments last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Defaults as in Redis 7.0, save for ``sync_delay_s`` (there 5) and ``persistence`` (there ``rdb``)."""

    repl_timeout_s: float = 60.0
    ping_period_s: int = 10
    backlog_bytes: int = 1 << 20
    backlog_ttl_s: int = 3600
    """A primary without replicas frees its backlog after this, and starts a new history; 0 means never."""
    sync_delay_s: float = 0.0
    """``repl-diskless-sync-delay``: how long a full sync waits for more replicas to arrive."""
    full_sync_s: float = 0.0
    """From the snapshot's moment until its last byte is sent."""
    load_s: float = 0.0
    """How long a snapshot is being loaded, at the start or in a full sync."""
    persistence: str = "none"
    """``rdb`` saves every ``save_every_s``, ``none`` never. Either way the file that a replica received in a
    full sync stays, as it does in Redis, and is loaded when the server starts again."""
    save_every_s: float = 60.0
    keep_sync_file: bool = True
    """False is ``rdb-del-sync-files yes``, which works only without persistence."""
    config_file: bool = False
    """Without one CONFIG REWRITE is an error, and a restarted server is what it was started as."""
    replicaof: tuple[str, int] | None = None
    priority: int = 100
    min_replicas_to_write: int = 0
    min_replicas_max_lag_s: int = 10
    renamed: tuple[str, ...] = ()
    """Commands that ``rename-command`` took away."""
    version: str = "7.0.15"

    def __post_init__(self) -> None:
        if self.persistence not in ("none", "rdb"):
            raise ValueError(f"persistence must be none or rdb, not {self.persistence!r}")
