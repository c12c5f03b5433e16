"""The settings that CONFIG GET, SET and REWRITE know."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from promotion.conversation import Reply, ReplyError
from tests.simulation.model_redis.disk import SavedConfig
from tests.simulation.model_redis.messages import Words

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

TO_WRITE, MAX_LAG, PRIORITY = "min-replicas-to-write", "min-replicas-max-lag", "replica-priority"
MAX_MEMORY, MAX_CLIENTS = "maxmemory", "maxclients"
SERVE_STALE, STOP_ON_FAILED_SAVE = "replica-serve-stale-data", "stop-writes-on-bgsave-error"
YES_NO = frozenset({SERVE_STALE, STOP_ON_FAILED_SAVE})
ALIASES = {
    "min-slaves-to-write": TO_WRITE,
    "min-slaves-max-lag": MAX_LAG,
    "slave-priority": PRIORITY,
}


class Config:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        options = server.options
        self._settings = {
            TO_WRITE: options.min_replicas_to_write,
            MAX_LAG: options.min_replicas_max_lag_s,
            PRIORITY: options.priority,
            MAX_MEMORY: 0,
            MAX_CLIENTS: 10_000,
            SERVE_STALE: 1,
            STOP_ON_FAILED_SAVE: 1,
        }
        self.replicaof = options.replicaof
        written = server.disk.config
        if written is not None:
            self._settings.update(written.settings)
            self.replicaof = written.replicaof

    @property
    def min_replicas(self) -> tuple[int, int]:
        """How many must be good for a write, and with what lag, in seconds."""
        return self._settings[TO_WRITE], self._settings[MAX_LAG]

    @property
    def priority(self) -> int:
        return self._settings[PRIORITY]

    @property
    def max_memory(self) -> int:
        """0: without limit."""
        return self._settings[MAX_MEMORY]

    @property
    def max_clients(self) -> int:
        return self._settings[MAX_CLIENTS]

    @property
    def serve_stale(self) -> bool:
        return bool(self._settings[SERVE_STALE])

    @property
    def stop_on_failed_save(self) -> bool:
        return bool(self._settings[STOP_ON_FAILED_SAVE])

    def get(self, patterns: Words) -> Reply:
        found: dict[str, str] = {}
        names = {name: name for name in self._settings} | ALIASES
        for pattern in patterns:
            found |= {n: self._shown(of) for n, of in names.items() if fnmatchcase(n, pattern.lower())}
        return [part for name, value in found.items() for part in (name.encode(), value.encode())]

    def _shown(self, name: str) -> str:
        value = self._settings[name]
        return ("no", "yes")[value] if name in YES_NO else str(value)

    def set(self, words: Words) -> Reply:
        """All of them, or none."""
        changed: dict[str, int] = {}
        if len(words) % 2:
            return ReplyError("ERR wrong number of arguments for 'config|set' command")
        for name, value in zip(words[::2], words[1::2], strict=True):
            known = ALIASES.get(name.lower(), name.lower())
            if known not in self._settings:
                return ReplyError(f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            if known in YES_NO and value.lower() in ("yes", "no"):
                changed[known] = int(value.lower() == "yes")
                continue
            if known in YES_NO or not value.isdigit():
                return ReplyError(
                    f"ERR CONFIG SET failed (possibly related to argument '{name}') - "
                    "argument couldn't be parsed into an integer"
                )
            changed[known] = int(value)
        self._settings.update(changed)
        self._server.replicas.recount()
        return b"OK"

    def rewrite(self) -> Reply:
        if not self._server.options.config_file:
            return ReplyError("ERR The server is running without a config file")
        following = self._server.following
        replicaof = None if following.host is None else (following.host, following.port)
        self._server.disk.config = SavedConfig(replicaof, dict(self._settings))
        return b"OK"
