"""What sentinels of former releases have left: state directories, and what they said to each other.

All of it was recorded from real processes, of the commits that are named here: three sentinels that found out
who was primary, made a change or two, and were paused by an operator and stopped. It is never made anew.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sentinel.state.file_identity import file_identity

GROUP = "mymaster"
SENTINELS = ("s1", "s2", "s3")
_HERE = Path(__file__).with_name("former_releases")


@dataclass(frozen=True, slots=True)
class Release:
    """``committed`` is what all three had agreed on, ``changes`` the terms of their history."""

    name: str
    commit: str
    committed: tuple[int, int]
    primary: str
    changes: tuple[int, ...]

    def __str__(self) -> str:
        return self.name

    def state_dir(self, parent: Path, sentinel: str) -> Path:
        """As its sentinel left it in that place."""
        directory = parent / sentinel
        directory.mkdir(mode=0o700)
        (directory / "lock").write_text("4711\n")
        path = directory / "state.db"
        identity = file_identity(path)
        connection = sqlite3.connect(path)
        connection.executescript((_HERE / self.name / f"{sentinel}.sql").read_text())
        # Which file it was is kept since the releases that keep a membership.
        connection.execute("UPDATE meta SET value = ? WHERE key = 'file'", (identity,))
        connection.commit()
        connection.close()
        return directory

    def told_s3(self) -> list[tuple[str, bytes]]:
        """What s3 was told from its first start on, in that order, and by whom; no name: not by a batch."""
        lines = (_HERE / self.name / "told_s3.jsonl").read_text().splitlines()
        return [(who, frame.encode()) for who, frame in map(json.loads, lines)]

    def handshake(self) -> list[bytes]:
        """Of s2, which dialled, with s3, without a secret: hello, challenge, and the proofs of both."""
        return (_HERE / self.name / "handshake.jsonl").read_bytes().splitlines()


RELEASES = (
    Release("before_membership", "812d556", (5, 6), "127.0.0.1:23488", (4, 2, 1)),
    Release("before_cluster_ids", "fb8bf16", (4, 4), "127.0.0.1:31827", (2, 1)),
)
