"""Opens the state file of a sentinel, or says plainly why it cannot.

A sentinel that forgets its vote may vote twice in one term. So any doubtful file is refused at the start: one
that is corrupt, not writable, another sentinel's, already in use, written by a newer release, or missing from
a directory that was in use before.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sentinel.state.file_identity import file_identity

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 5.0
"""How long a backup tool may hold SQLite's lock before a write fails."""

_APPLICATION_ID = 0x76656474  # "vedt", so that another program's database is never taken for ours.

_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE hard_state (
    group_name TEXT PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE setting (  -- nothing is kept there any more; a former release reads it at its start
    group_name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (group_name, key)
) WITHOUT ROWID;
CREATE TABLE change (
    group_name TEXT NOT NULL, term INTEGER NOT NULL, steps INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (group_name, term)
) WITHOUT ROWID;
CREATE TABLE outbox (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL, endpoint TEXT NOT NULL, state TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, created_s REAL NOT NULL, due_s REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '',
    UNIQUE (event_id, endpoint)
);
CREATE INDEX outbox_by_state ON outbox (state, row_id);
CREATE TABLE settled (event_id TEXT PRIMARY KEY, at_s REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX settled_by_age ON settled (at_s);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


_FILES = ("lock", "state.db", "state.db-wal", "state.db-shm")
"""All files of a state directory; the lock comes first."""

_BOOT = re.compile(r"[0-9]{1,18}", re.ASCII)

ASIDE = "before-"
VOUCHED_FILE = "file"
"""The key in ``meta`` of the identity of the file that the sentinel vouched for; empty for none."""
UNTOLD = "untold"

AFRESH = (
    "move {} away to start afresh; this sentinel then takes no part in elections until a majority of the "
    "others has told it what they have. A backup would lack what was agreed on since"
)


class StoreError(Exception):
    """The state cannot be read or written. The text names the file, the reason, and what to do."""


@dataclass(frozen=True, slots=True)
class StateFile:
    """An open state file; ``lock_fd`` holds the directory's lock for as long as it is open."""

    connection: sqlite3.Connection
    lock_fd: int
    path: Path
    identity: str
    """Which file it is (``file_identity``), as it was opened."""
    boot: int
    """The number of this start, which grows with each start."""
    vouched: bool
    """Whether the sentinel wrote last to this very file: a copy or a backup may lack later writes."""
    untold: bool = False
    """The file is new, and this sentinel has not taken part in all of its groups since: it may have forgotten
    a group of which the file holds nothing."""

    def close(self) -> None:
        try:
            self.connection.close()
        finally:
            os.close(self.lock_fd)


def open_state_file(state_dir: Path, sentinel_id: str) -> StateFile:
    """Open or create the state of ``sentinel_id``; the connection belongs to the calling thread.

    Raises StoreError, and then holds nothing open.
    """
    path = state_dir / "state.db"
    _make_private_dir(state_dir)
    lock_fd, in_use_before = _lock(state_dir / "lock")
    try:
        if in_use_before and (not path.exists() or path.stat().st_size == 0):
            raise StoreError(
                f"state file {path} is missing or empty, although a sentinel has run in {state_dir} before: "
                f"{AFRESH.format(state_dir)}"
            )
        identity = _identity(path)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            _check(connection, path, sentinel_id)
            boot, meta = _begin(connection, path, sentinel_id, identity)
            # A file of a release that did not keep the identity is believed.
            vouched = meta.get(VOUCHED_FILE) in (None, identity)
        except BaseException:
            connection.close()
            raise
        _make_private(state_dir)
        _mark_used(lock_fd)
        _sync_dir(state_dir)
    except sqlite3.OperationalError as error:
        os.close(lock_fd)
        raise _unusable(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        os.close(lock_fd)
        raise _corrupt(path, str(error)) from error
    except OSError as error:
        os.close(lock_fd)
        raise StoreError(f"state directory {state_dir}: {error}") from error
    except BaseException:
        os.close(lock_fd)
        raise
    return StateFile(connection, lock_fd, path, identity, boot, vouched, UNTOLD in meta)


def is_empty(state_dir: Path) -> bool:
    """Whether there is no earlier state in the directory."""
    return not (state_dir / "lock").exists() and not (state_dir / "state.db").exists()


def set_aside(state_dir: Path) -> Path:
    """Move the state of a stopped sentinel into a new directory inside ``state_dir``, which may be a mount.

    Returns the new directory. Raises StoreError, also while the sentinel runs.
    """
    lock_fd, _ = _lock(state_dir / "lock")
    aside = state_dir / f"{ASIDE}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    try:
        aside.mkdir(mode=0o700)
        # The lock moves first: if the rest does not follow, the sentinel starts as if nothing had been done.
        for name in _FILES:
            if (state_dir / name).exists():
                (state_dir / name).rename(aside / name)
        _sync_dir(aside)
        _sync_dir(state_dir)
    except OSError as error:
        raise StoreError(f"state directory {state_dir}: {error}") from error
    finally:
        os.close(lock_fd)
    return aside


def _make_private_dir(state_dir: Path) -> None:
    try:
        if not state_dir.is_dir():
            state_dir.mkdir(mode=0o700, parents=True)
            _sync_dir(state_dir.parent)
    except OSError as error:
        raise StoreError(
            f"state directory {state_dir} cannot be made ({error.strerror}): create it, owned by this user"
        ) from error


def _make_private(state_dir: Path) -> None:
    """The files hold receivers' URLs and bodies: only this user may read them."""
    for name in _FILES:
        with suppress(FileNotFoundError):
            (state_dir / name).chmod(0o600)


def _lock(path: Path) -> tuple[int, bool]:
    """Take the directory's lock. Also returns whether a state was ever completed here."""
    try:
        # A link is not followed: its target would be emptied.
        lock_fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoreError(
                f"state directory {path.parent}: {path.name} is a symbolic link: remove it"
            ) from error
        raise StoreError(
            f"state directory {path.parent} is not writable ({error.strerror}: {path.name}): "
            f"make it writable for this user"
        ) from error
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        used = os.fstat(lock_fd).st_size > 0
    except OSError as error:
        holder = os.pread(lock_fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(lock_fd)
        raise StoreError(
            f"state directory {path.parent} is in use by another running sentinel (pid {holder}, lock file "
            f"{path}): stop it first, or give this one a state_dir of its own"
        ) from error
    return lock_fd, used


def _mark_used(lock_fd: int) -> None:
    os.ftruncate(lock_fd, 0)
    os.pwrite(lock_fd, f"{os.getpid()}\n".encode(), 0)
    os.fsync(lock_fd)


def _sync_dir(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _check(connection: sqlite3.Connection, path: Path, sentinel_id: str) -> None:
    """Raises StoreError for every fault that shows without writing."""
    problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if problem != "ok":
        raise _corrupt(path, problem)
    is_new = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if is_new:
        return
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise StoreError(f"state file {path} is another program's database: choose another state_dir")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"state file {path} has schema version {version}, and this release knows up to {SCHEMA_VERSION}: "
            f"run the newer release, or {AFRESH.format(path.parent)}"
        )
    meta = _meta(connection)
    owner = meta.get("sentinel_id")
    if owner != sentinel_id:
        raise StoreError(
            f"state file {path} belongs to sentinel {owner!r:.80}, and this one is {sentinel_id!r}: "
            f"never copy a state_dir between sentinels; use an empty one, or correct sentinel.id"
        )
    boot = meta.get("boot")
    if not isinstance(boot, str) or _BOOT.fullmatch(boot) is None:
        raise _corrupt(path, f"meta.boot is {boot!r:.80}")


def _meta(connection: sqlite3.Connection) -> dict[str, object]:
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def _identity(path: Path) -> str:
    try:
        return file_identity(path)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _begin(
    connection: sqlite3.Connection, path: Path, sentinel_id: str, identity: str
) -> tuple[int, dict[str, object]]:
    """Create the tables in a new file, and count this start: a real, synced write."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"state file {path}: this file system cannot do WAL (got {mode}): use a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO meta VALUES ('sentinel_id', ?), ('boot', '0'), (?, ?), (?, 'yes')",
            (sentinel_id, VOUCHED_FILE, identity, UNTOLD),
        )
    meta = _meta(connection)
    # Higher than a lost file's count: peers would take a lower number for an old process.
    boot = max(int(str(meta["boot"])) + 1, int(time.time()))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'boot'", (str(boot),))
    connection.execute("COMMIT")
    return boot, meta


def _unusable(path: Path, problem: str) -> StoreError:
    return StoreError(
        f"state file {path} cannot be opened and written ({problem}): check that it and {path.parent} "
        f"belong to this user, are writable, and that the disk has room"
    )


def _corrupt(path: Path, problem: str) -> StoreError:
    return StoreError(f"state file {path} is corrupt ({problem}): {AFRESH.format(path.parent)}")
