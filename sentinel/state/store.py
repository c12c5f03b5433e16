"""Stores what one sentinel must not forget: votes, entries, and the history of changes.

Every write is on disk when its call returns (Raft, figure 2: persistent state is updated on stable
storage before answering). The agreement core relies on nothing else here.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import zlib
from collections.abc import Collection
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from quorum.messages import HardState
from sentinel.notices.change import Change
from sentinel.process.first_problem import first_problem
from sentinel.state.file import AFRESH, UNTOLD, VOUCHED_FILE, StoreError
from sentinel.state.thread import OnDurable, StateThread

MAX_CHANGES_PER_GROUP = 1000

_RETIRED = (
    "%s: not in the configuration any more, so what was agreed on in it is set aside; if that is a mistake, "
    "configure it again and restart this sentinel before others run without it: they tell it what they have"
)

logger = logging.getLogger(__name__)

_HARD_STATE = TypeAdapter(HardState)
_CHANGE = TypeAdapter(Change)


class Store:
    """The durable state of one sentinel. Every method raises StoreError once a write has failed."""

    def __init__(self, thread: StateThread) -> None:
        self._thread = thread
        self._vouched = thread.vouched
        self._untold = thread.untold

    @classmethod
    def open(cls, state_dir: Path, sentinel_id: str) -> Store:
        """Open or create the state; blocks, for the start of the process.

        Raises StoreError, naming the file and what to do, when the state is corrupt, not writable, in
        use, another sentinel's, from a newer release, or gone.
        """
        return cls(StateThread.open(state_dir, sentinel_id))

    @property
    def thread(self) -> StateThread:
        """The thread, for the other tables in the same file: they share its transactions."""
        return self._thread

    @property
    def boot(self) -> int:
        """The number of this start, which grows with each start."""
        return self._thread.boot

    @property
    def vouched(self) -> bool:
        """Whether this sentinel, as far as it knows, wrote last to this very file."""
        return self._vouched

    @property
    def untold(self) -> bool:
        """Whether the file is new, so that this sentinel may have forgotten a group without a state here."""
        return self._untold

    async def vouch(self, *, is_own: bool) -> None:
        """Record whether this file holds what the sentinel wrote last, for now and for the next start."""
        self._vouched, self._untold = is_own, self._untold and not is_own
        value = self._thread.identity if is_own else ""
        await self._thread.write(lambda connection: _write_vouched(connection, value))

    @property
    def failure(self) -> str | None:
        """Why the state can no longer be written; ``None`` while it can."""
        return self._thread.failure

    def hard_states(self) -> dict[str, HardState]:
        """Every group's last persisted state; blocks, for the start of the process.

        Raises StoreError naming the group whose record is broken.
        """
        rows = self._thread.read_blocking(
            lambda connection: connection.execute("SELECT group_name, body, crc FROM hard_state").fetchall()
        )
        return {group: self._hard_state(group, body, crc) for group, body, crc in rows}

    def retire(self, kept: Collection[str]) -> None:
        """Retire the states of all groups but ``kept``; blocks, for the start of the process.

        The write is durable before this process sends anything. Raises StoreError.
        """
        states = self.hard_states().items()
        gone = {name: state.retire() for name, state in states if name not in kept and not state.retired}
        if not gone:
            return
        rows = [_row(name, state) for name, state in gone.items()]
        statement = "INSERT OR REPLACE INTO hard_state VALUES (?, ?, ?)"
        self._thread.write_blocking(lambda connection: connection.executemany(statement, rows))
        for name in sorted(gone):
            logger.warning(_RETIRED, name)

    def persist(self, group: str, state: HardState, done: OnDurable) -> None:
        """Make ``state`` durable; calls that wait for the same fsync share a transaction, in order.

        ``done`` is called once it is durable. Raises StoreError if it cannot even be tried.
        """
        self._thread.put_state(_row(group, state), done)

    async def add_change(self, change: Change) -> None:
        """Add to the history, once per ``(group, term)``: two records are merged."""
        await self._thread.write(lambda connection: _insert_change(connection, change))

    async def changes(self, group: str, limit: int = 100) -> list[Change]:
        """The newest ``limit`` changes of a group, newest first."""
        rows = await self._thread.read(
            lambda connection: connection.execute(
                "SELECT body FROM change WHERE group_name = ? ORDER BY term DESC LIMIT ?",
                (group, max(0, min(limit, MAX_CHANGES_PER_GROUP))),
            ).fetchall()
        )
        try:
            return [_CHANGE.validate_json(body, strict=True) for (body,) in rows]
        except ValidationError as error:
            path = self._thread.path
            raise StoreError(
                f"state file {path}: group {group!r}: broken history ({first_problem(error, 'record')})"
            ) from error

    async def close(self) -> None:
        """Finish what waits and release the file. May be called twice."""
        await self._thread.close()

    def _hard_state(self, group: str, body: bytes, crc: int) -> HardState:
        problem = "checksum mismatch"
        if zlib.crc32(body) == crc:
            try:
                return _HARD_STATE.validate_json(body, strict=True)
            except ValidationError as error:
                problem = first_problem(error, "record")
        path = self._thread.path
        raise StoreError(
            f"state file {path}: group {group!r} has a broken record ({problem}): "
            f"{AFRESH.format(path.parent)}"
        )


def _row(group: str, state: HardState) -> tuple[str, bytes, int]:
    body = _HARD_STATE.dump_json(state)
    return group, body, zlib.crc32(body)


def _write_vouched(connection: sqlite3.Connection, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (VOUCHED_FILE, value))
    if value:
        connection.execute("DELETE FROM meta WHERE key = ?", (UNTOLD,))


def _insert_change(connection: sqlite3.Connection, change: Change) -> None:
    row = connection.execute(
        "SELECT body FROM change WHERE group_name = ? AND term = ?", (change.group, change.term)
    ).fetchone()
    if row is not None:
        # A broken record is replaced: reading it reports the fault, and it has no use.
        with contextlib.suppress(ValidationError):
            change = change.merged(_CHANGE.validate_json(row[0], strict=True))
    connection.execute(
        "INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?)",
        (change.group, change.term, len(change.timeline), _CHANGE.dump_json(change)),
    )
    connection.execute(
        "DELETE FROM change WHERE group_name = :group AND term <= "
        "(SELECT term FROM change WHERE group_name = :group ORDER BY term DESC LIMIT 1 OFFSET :keep)",
        {"group": change.group, "keep": MAX_CHANGES_PER_GROUP},
    )
