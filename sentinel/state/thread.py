"""One thread owns the state file; writes that wait during a commit share the next transaction.

An fsync takes milliseconds, and the event loop must not wait for it. With many groups, several states
become due at once, and group commit makes them share one fsync. Writes of one kind are applied in the order
of the calls, so a later one is never overwritten by an earlier one.

Writes that an election waits for go first, and in a single statement: between two statements the thread would
have to get the interpreter back from a busy event loop, which costs more than the fsync.

After any failure it is unknown what reached the disk (fsync may not be tried again: the kernel may have
dropped the dirty pages), so the thread refuses everything until the process restarts.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sentinel.state.file import StateFile, StoreError, open_state_file

MAX_WAITING_WRITES = 10_000
MAX_ROWS = 1000
"""The most rows in a statement; SQLite takes 32766 parameters."""
MAX_OPERATIONS = 16
"""The most operations in a transaction, so that rows do not wait long."""

_T = TypeVar("_T")
_Operation = Callable[[sqlite3.Connection], _T]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Write:
    operation: _Operation[Any]
    done: asyncio.Future[Any]


OnDurable: TypeAlias = Callable[[StoreError | None], None]
"""Called on the event loop with None once a write is durable, or with the error if it may not be."""


@dataclass(frozen=True, slots=True)
class _Row:
    values: tuple[str, bytes, int]
    done: OnDurable


class StateThread:
    """Runs operations on the state file, off the event loop, one at a time."""

    def __init__(self, executor: ThreadPoolExecutor, file: StateFile) -> None:
        self._executor = executor
        self._file = file
        self._waiting: list[_Write] = []
        self._rows: list[_Row] = []
        self._storing: list[_Row] = []
        self._stored = asyncio.Event()
        self._committer: asyncio.Task[None] | None = None
        self._closed = False
        self.failure: str | None = None
        """Why no write is possible any more; ``None`` while all is well."""
        self.transactions = 0
        """Write transactions committed since the start."""

    @classmethod
    def open(cls, state_dir: Path, sentinel_id: str) -> StateThread:
        """Blocks until the file is open: for the start of the process. Raises StoreError."""
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        try:
            file = executor.submit(open_state_file, state_dir, sentinel_id).result()
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(executor, file)

    @property
    def boot(self) -> int:
        return self._file.boot

    @property
    def vouched(self) -> bool:
        """``StateFile.vouched``, as the file was found."""
        return self._file.vouched

    @property
    def untold(self) -> bool:
        return self._file.untold

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def identity(self) -> str:
        return self._file.identity

    def put_state(self, row: tuple[str, bytes, int], done: OnDurable) -> None:
        """Store a row of ``hard_state``; at most the transaction under way goes first.

        It has a callback and is not awaited: each task on the way would wait for a busy event loop.
        Raises StoreError if nothing is stored.
        """
        self._refuse_unless_writable()
        self._rows.append(_Row(row, done))
        if not self._storing:
            self._store_rows()

    async def write(self, operation: _Operation[_T]) -> _T:
        """Apply ``operation`` in a transaction, which is durable when this returns the operation's result.

        Raises StoreError when it did not become durable, as far as can be known. A cancelled caller
        does not cancel its write.
        """
        self._refuse_unless_writable()
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(operation, done))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_waiting(), name="state-commit")
        return await done

    async def read(self, operation: _Operation[_T]) -> _T:
        """Run a query; it sees every write that was acknowledged before. Raises StoreError."""
        self._refuse_unless_usable()
        return await asyncio.wrap_future(self._executor.submit(self._query, operation))

    def read_blocking(self, operation: _Operation[_T]) -> _T:
        """``read`` for the start of the process, when there is nothing yet to block. Raises StoreError."""
        self._refuse_unless_usable()
        return self._executor.submit(self._query, operation).result()

    def write_blocking(self, operation: _Operation[_T]) -> _T:
        """``write`` for the start of the process. Raises StoreError; the state is then not to be used."""
        self._refuse_unless_usable()
        try:
            (result,) = self._executor.submit(self._transaction, [operation]).result()
        except sqlite3.Error as error:
            self._fail(f"{type(error).__name__}: {error}")
            raise self._failed() from error
        return result  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Finish the writes that wait, then release the file and its lock. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._committer is not None:
            await self._committer
        while self._storing:
            self._stored.clear()
            await self._stored.wait()
        try:
            await asyncio.wrap_future(self._executor.submit(self._file.close))
        except sqlite3.Error as error:
            _logger.warning("state file %s: not closed cleanly: %s", self.path, error)
        finally:
            self._executor.shutdown(wait=False)

    def _refuse_unless_writable(self) -> None:
        self._refuse_unless_usable()
        waiting = len(self._waiting) + len(self._rows)
        if waiting >= MAX_WAITING_WRITES:
            self._fail(f"the disk does not keep up: {waiting} writes are waiting")
            self._refuse_unless_usable()

    def _store_rows(self) -> None:
        self._storing, self._rows = self._rows[:MAX_ROWS], self._rows[MAX_ROWS:]
        loop = asyncio.get_running_loop()
        values = [value for row in self._storing for value in row.values]
        stored = self._executor.submit(self._insert, len(self._storing), values)
        stored.add_done_callback(lambda stored: loop.call_soon_threadsafe(self._rows_stored, stored))

    def _rows_stored(self, stored: Future[None]) -> None:
        rows, self._storing = self._storing, []
        if (error := stored.exception()) is not None:
            self._rows = rows + self._rows
            self._fail(f"{type(error).__name__}: {error}")
        else:
            self.transactions += 1
            # The callbacks may store answers to what is durable now: these share the next transaction.
            self._storing = rows
            for row in rows:
                row.done(None)
            self._storing = []
        if self._rows:
            self._store_rows()
        else:
            self._stored.set()

    async def _commit_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_OPERATIONS], self._waiting[MAX_OPERATIONS:]
            operations = [write.operation for write in batch]
            try:
                results = await loop.run_in_executor(self._executor, self._transaction, operations)
            except Exception as error:  # noqa: BLE001  Whatever it was, what is on disk is unknown now.
                self._waiting = batch + self._waiting
                self._fail(f"{type(error).__name__}: {error}")
                break
            self.transactions += 1
            for write, result in zip(batch, results, strict=True):
                if not write.done.done():
                    write.done.set_result(result)
        self._committer = None

    def _fail(self, problem: str) -> None:
        if self.failure is None:
            self.failure = problem
            _logger.error(
                "state file %s: writing failed, refusing everything from now on: %s", self.path, problem
            )
        rows, self._rows = self._rows, []
        waiting, self._waiting = self._waiting, []
        for row in rows:
            row.done(self._failed())
        for write in waiting:
            if not write.done.done():
                write.done.set_exception(self._failed())

    def _failed(self) -> StoreError:
        return StoreError(
            f"state file {self.path} could not be written ({self.failure}): free disk space or repair the "
            f"disk, then restart this sentinel"
        )

    def _refuse_unless_usable(self) -> None:
        if self.failure is not None:
            raise self._failed()
        if self._closed:
            raise StoreError(f"state file {self.path} is closed")

    def _insert(self, rows: int, values: list[str | bytes | int]) -> None:
        """Outside of a transaction each statement is a transaction of its own."""
        places = ",".join(["(?,?,?)"] * rows)
        statement = f"INSERT OR REPLACE INTO hard_state VALUES {places}"  # noqa: S608 (places alone)
        self._file.connection.execute(statement, values)

    def _transaction(self, operations: list[_Operation[Any]]) -> list[Any]:
        connection = self._file.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [operation(connection) for operation in operations]
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return results

    def _query(self, operation: _Operation[_T]) -> _T:
        try:
            return operation(self._file.connection)
        except sqlite3.Error as error:
            raise StoreError(f"state file {self.path} cannot be read ({error})") from error
