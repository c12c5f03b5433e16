"""Which binaries make up a system, and where the newer and older servers of some situations are."""

from __future__ import annotations

from pathlib import Path

from tests.redis_server import find_redis_server
from tests.server_builds import build
from tests.wild.system_sentinel import Sentinels
from tests.wild.system_vedette import Vedette
from tests.wild.systems import System


def new_system(name: str) -> System:
    if name == "vedette":
        return Vedette()
    if name == "redis-sentinel":
        return Sentinels(name, find_redis_server())
    return Sentinels(name, build("valkey-9.1"), coordinated=True)


def servers_for(name: str) -> dict[str, Path]:
    """Valkey's Sentinel watches Valkey; the others watch the installed Redis."""
    own = build("valkey-9.1") if name == "valkey-sentinel" else find_redis_server()
    return {"own": own, "older": find_redis_server(), "newer": build("redis-8.2")}
