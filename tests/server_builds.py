"""Other servers than the installed one: those that ``.ci/make-servers`` lays out below ``.servers/``."""

from __future__ import annotations

from pathlib import Path

SERVERS = Path(__file__).parents[1] / ".servers"


def build(name: str) -> Path:
    """The binary of ``redis-6.2``, ``redis-8.2`` or ``valkey-9.1``."""
    path = SERVERS / name / "redis-server"
    if not path.exists():
        raise RuntimeError(f"no {path}: make servers")
    return path
