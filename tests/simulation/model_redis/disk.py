"""What survives a server's process: its last snapshot, with the history it belongs to, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.model_redis.data import Values

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer


@dataclass(frozen=True, slots=True)
class Saved:
    """An RDB file. ``replid`` None: its server was in no replication, so nobody can continue from it."""

    values: Values
    replid: str | None
    offset: int


@dataclass(frozen=True, slots=True)
class SavedConfig:
    """What CONFIG REWRITE writes."""

    replicaof: tuple[str, int] | None
    settings: dict[str, int]


class Disk:
    def __init__(self) -> None:
        self.snapshot: Saved | None = None
        self.config: SavedConfig | None = None
        self.broken = False
        """No snapshot can be written: it is full, or read-only."""


class Saving:
    """When a running server writes its snapshot, and what it takes from it when it starts."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self.on = server.options.persistence == "rdb"
        self.failed = False
        """The last attempt to save: Redis refuses writes until one succeeds."""
        self._last_s = server.unix_s
        self.changes = 0
        """Since the last snapshot."""
        self.loaded = 0
        """How many keys the last snapshot held that was loaded, at the start or from a primary."""

    def save(self) -> bool:
        """Whether it could be written."""
        server = self._server
        self.failed = server.disk.broken
        if self.failed:
            return False
        stream, following = server.stream, server.following
        known = (
            stream.backlog is not None
            if following.host is None
            else (following.master or following.cached) is not None
        )
        server.disk.snapshot = Saved(server.data.snapshot(), stream.replid if known else None, stream.offset)
        self.changes, self._last_s = 0, server.unix_s
        return True

    def cron(self) -> None:
        due = self._server.unix_s - self._last_s >= self._server.options.save_every_s
        if self.on and self.changes and (due or self.failed):
            self.save()

    def flushed(self) -> None:
        """FLUSHALL saves at once where saving is on."""
        if self.on:
            self.save()

    def received(self, saved: Saved) -> None:
        """A full sync comes as a file, which takes the place of our own."""
        options = self._server.options
        keeps = self.on or options.keep_sync_file
        self._server.disk.snapshot = saved if keeps else None
        self.changes = 0
        self.loaded = len(saved.values)

    def restore(self, saved: Saved) -> None:
        """A replica goes on where the file ends; a primary starts a history that its replicas may join."""
        server = self._server
        server.data.load(saved.values)
        self.loaded = len(saved.values)
        if saved.replid is None:
            return
        if server.following.host is not None:
            server.stream.replid, server.stream.offset = saved.replid, saved.offset
            server.following.cache_myself()
        else:
            server.stream.offset = saved.offset
            server.stream.replid2, server.stream.second_offset = saved.replid, saved.offset + 1
            server.stream.ensure_backlog()
