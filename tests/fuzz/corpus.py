"""The inputs that are checked in, a file each, by kind."""

from __future__ import annotations

import hashlib
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")


def files(kind: str) -> list[Path]:
    return sorted((CORPUS / kind).iterdir())


def keep(kind: str, data: bytes) -> Path:
    """As a file of the corpus, so that the unit tests play it from now on."""
    path = CORPUS / kind / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path
