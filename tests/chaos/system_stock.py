"""Sentinel, that of Redis or that of Valkey, on several hosts: a configuration each, its commands, its log.

Valkey's watches Valkey, and is asked for a planned change in the way that it has for that (``COORDINATED``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.chaos.schedules import Moment
from tests.chaos.systems import FAILOVER_TIMEOUT_MS, GROUP, REDIS_PORT, Site
from tests.chaos.wire import ReplyError, Wire, ask_once

SENTINEL_PORT = 26379


def primary_address(address: str, timeout_s: float = 1.0) -> str | None:
    at = f"{address}:{SENTINEL_PORT}"
    answer = ask_once(at, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP, timeout_s=timeout_s)
    return str(answer[0]) if answer else None


class Sentinel:
    """``server`` is the command of the servers; as a Sentinel the same binary runs."""

    def __init__(
        self, addresses: Sequence[str], down_after_ms: int, server: str, *, coordinated: bool = False
    ) -> None:
        self.server = server
        self._coordinated = coordinated
        self._addresses = list(addresses)
        self._down_after_ms = down_after_ms

    def command(self, site: Site) -> list[str]:
        """The file is written once: Sentinel keeps its state in it."""
        file = site.state / "sentinel.conf"
        if not file.exists():
            quorum = len(self._addresses) // 2 + 1
            file.write_text(
                f"port {SENTINEL_PORT}\nbind *\nprotected-mode no\ndir {site.state}\n"
                f"sentinel monitor {GROUP} {self._addresses[0]} {REDIS_PORT} {quorum}\n"
                f"sentinel down-after-milliseconds {GROUP} {self._down_after_ms}\n"
                f"sentinel failover-timeout {GROUP} {FAILOVER_TIMEOUT_MS}\n"
            )
        return [self.server, str(file), "--sentinel"]

    def primary(self, address: str) -> str | None:
        return primary_address(address)

    def content(self, address: str) -> bool:
        at = f"{address}:{SENTINEL_PORT}"
        master = ask_once(at, "SENTINEL", "MASTER", GROUP)
        replicas = ask_once(at, "SENTINEL", "REPLICAS", GROUP)
        if not master or not replicas:
            return False
        seen = _fields(master)
        others = str(len(self._addresses) - 1)
        return (
            seen["flags"] == "master"
            and seen["num-other-sentinels"] == others
            and seen["num-slaves"] == others
            and all(_fields(replica)["flags"] == "slave" for replica in replicas)
        )

    def switchover(self, address: str) -> str | None:
        try:
            wire = Wire(f"{address}:{SENTINEL_PORT}")
        except OSError as error:
            return f"switchover not asked for: {error}"
        try:
            wire.ask("SENTINEL", "FAILOVER", GROUP, *(["COORDINATED"] if self._coordinated else []))
        except (OSError, ReplyError) as error:
            return f"switchover refused: {error}"
        finally:
            wire.close()
        return None

    def aftermath(self, address: str) -> str | None:
        return None

    def foretell(self, address: str) -> str | None:
        return None

    def tells(self, moment: Moment) -> str:
        return {Moment.ELECTED: "+elected-leader", Moment.CHOSEN: "+selected-slave"}[moment]

    def chosen(self, line: str) -> str | None:
        found = re.search(r"\+selected-slave slave (\S+):\d+ ", line)
        return found[1] if found else None


def _fields(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
