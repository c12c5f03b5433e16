"""Why a server that runs refuses whole kinds of commands: memory, its disk, connections, who may do what.

The conditions, and their order in ``Session``, are those of ``processCommand`` and ``script.c`` in Redis 7.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from promotion.conversation import Reply, ReplyError
from tests.simulation.model_redis.messages import Words

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

USED_BYTES: Final = 1_000_000
"""What an almost empty server takes. With a smaller ``maxmemory`` it is full; there is no eviction."""
OOM: Final = "OOM command not allowed when used memory > 'maxmemory'."
MISCONF: Final = (
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
    "Commands that may modify the data set are disabled, because this instance is configured to report "
    "errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the "
    "Redis logs for details about the RDB error."
)
STALE: Final = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
TOO_MANY_CLIENTS: Final = "ERR max number of clients reached"
NEITHER_QUEUED: Final = frozenset({"EXEC", "DISCARD"})


class Limits:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self.hidden = set(server.options.renamed)
        """Commands that have another name here, or none."""
        self._denied: set[str] = set()

    # What a command may not be run for

    def no_permission(self, words: Words) -> str | None:
        full = "|".join((words[0], *words[1:2])).lower()
        name = words[0].lower()
        if name not in self._denied and full not in self._denied:
            return None
        shown = full if name in ("config", "client") else name
        return f"NOPERM this user has no permissions to run the '{shown}' command"

    @property
    def out_of_memory(self) -> bool:
        """A replica holds what its primary holds, whatever that takes; a paused server must not change."""
        limit = self._server.config.max_memory
        unchanging = (
            self._server.following.host is not None or self._server.pauses.kind or self._server.loading
        )
        return 0 < limit < USED_BYTES and not unchanging

    @property
    def cannot_save(self) -> bool:
        saving = self._server.saving
        return saving.on and saving.failed and self._server.config.stop_on_failed_save

    @property
    def stale(self) -> bool:
        following = self._server.following
        serves = self._server.config.serve_stale
        return following.host is not None and not following.connected and not serves

    @property
    def clients(self) -> int:
        """Replicas count, and so does the primary that is followed."""
        server = self._server
        replicas = len(server.replicas.clients) + len(server.replicas.attached)
        return len(server.sessions) + replicas + (server.following.master is not None)

    @property
    def no_more_clients(self) -> bool:
        return self.clients >= self._server.config.max_clients

    # ACL

    def set_user(self, words: Words) -> Reply:
        """``ACL SETUSER default`` with rules that take a command away, or give it back."""
        for rule in words:
            if rule[0] == "-":
                self._denied.add(rule[1:].lower())
            elif rule[0] == "+":
                self._denied.discard(rule[1:].lower())
            else:
                return ReplyError(f"ERR Error in ACL SETUSER modifier '{rule}': Syntax error")
        return b"OK"
