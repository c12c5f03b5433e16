"""The store keeps every acknowledged state, and refuses a state that it cannot vouch for, with advice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest

from quorum.directives import Closed, Directives, Outcome, Pause, Schedule
from quorum.messages import Entry, HardState, Intent, Topology
from sentinel.notices.change import Change, TimelineStep
from sentinel.state.file import SCHEMA_VERSION, StoreError
from sentinel.state.store import MAX_CHANGES_PER_GROUP, Store
from tests.unit.sentinel.store_cases import persist

ROOT = Path(__file__).resolve().parents[4]


def state(term: int) -> HardState:
    topology = Topology("a:1", term, "b:1", "failover", "s1", since_ms=1, duration_ms=2)
    entry = Entry(term, 1, topology, Intent("c:1", "failover", "s1", started_ms=3))
    return HardState(term, "s2", entry, entry)


def change(term: int, steps: int = 0, group: str = "g") -> Change:
    timeline = tuple(TimelineStep(f"step{i}", i * 1.5) for i in range(steps))
    return Change(
        group, term, "a:1", "b:1", "failover", "s1", 1_000 + term, 50, timeline, 12 if steps else None
    )


def edit(state_dir: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(state_dir / "state.db")
    with connection:
        connection.execute(statement, values)
    connection.close()


async def fresh(state_dir: Path) -> None:
    store = Store.open(state_dir, "s1")
    await persist(store, "g", state(3))
    await store.close()


async def test_everything_survives_a_restart_and_boots_are_counted(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "deep" / "s1", "s1")
    first = store.boot
    assert (tmp_path / "deep" / "s1").stat().st_mode & 0o777 == 0o700
    assert store.hard_states() == {}
    await persist(store, "g", state(3))
    await persist(store, "h", HardState())
    await persist(store, "g", state(4))
    await store.add_change(change(4, steps=2))
    await store.close()
    await store.close()

    again = Store.open(tmp_path / "deep" / "s1", "s1")
    assert again.boot > first
    assert again.hard_states() == {"g": state(4), "h": HardState()}
    assert await again.changes("g") == [change(4, steps=2)]
    await again.close()


async def test_concurrent_persists_share_transactions_and_the_last_call_wins(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    before = store.thread.transactions
    await asyncio.gather(*(persist(store, f"g{i % 10}", state(i)) for i in range(500)))
    assert store.thread.transactions - before <= 3
    assert {group: kept.term for group, kept in store.hard_states().items()} == {
        f"g{i}": 490 + i for i in range(10)
    }
    await store.close()


async def test_a_persist_during_a_commit_goes_into_the_next_one(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    first = asyncio.create_task(persist(store, "g", state(1)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(persist(store, "g", state(term))) for term in range(2, 50)]
    await asyncio.gather(first, *rest)
    assert store.hard_states()["g"].term == 49
    await store.close()


async def test_a_cancelled_caller_does_not_cancel_its_write(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    task = asyncio.create_task(persist(store, "g", state(7)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await persist(store, "h", state(1))
    assert store.hard_states()["g"].term == 7
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await persist(store, "g", state(8))


async def test_history_is_newest_first_once_per_term_and_the_richer_record_stays(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    for record in (change(2), change(5), change(2, steps=3), change(2), change(5, group="other")):
        await store.add_change(record)
    assert await store.changes("g", 10) == [change(5), change(2, steps=3)]
    assert await store.changes("g", 1) == [change(5)]
    assert await store.changes("nobody", 10) == []
    await store.close()


async def test_the_history_is_bounded(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    await asyncio.gather(*(store.add_change(change(term)) for term in range(MAX_CHANGES_PER_GROUP + 5)))
    kept = await store.changes("g", 10 * MAX_CHANGES_PER_GROUP)
    assert len(kept) == MAX_CHANGES_PER_GROUP
    assert kept[-1].term == 5
    assert store.failure is None
    await store.close()


async def test_a_corrupt_file_is_refused(tmp_path: Path) -> None:
    await fresh(tmp_path)
    path = tmp_path / "state.db"
    content = path.read_bytes()
    path.write_bytes(b"\0" * 200 + content[200:])
    with pytest.raises(StoreError, match=r"state\.db is corrupt .*move .* away to start afresh"):
        Store.open(tmp_path, "s1")
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreError, match=r"state\.db is corrupt"):
        Store.open(tmp_path, "s1")
    path.write_bytes(content)
    await Store.open(tmp_path, "s1").close()


@pytest.mark.parametrize("lose", ["delete", "truncate"])
async def test_a_vanished_state_is_not_taken_for_a_first_start(tmp_path: Path, lose: str) -> None:
    await fresh(tmp_path)
    if lose == "delete":
        (tmp_path / "state.db").unlink()
    else:
        (tmp_path / "state.db").write_bytes(b"")
    with pytest.raises(StoreError, match="missing or empty, although a sentinel has run"):
        Store.open(tmp_path, "s1")


@pytest.mark.parametrize(
    ("body", "crc", "problem"),
    [
        ("{}", 0, "checksum mismatch"),
        ('{"term":"3"}', "right", "term: Input should be a valid integer"),
        ("not json", "right", "Invalid JSON"),
    ],
)
async def test_a_broken_record_names_its_group(tmp_path: Path, body: str, crc: object, problem: str) -> None:
    await fresh(tmp_path)
    checksum = zlib.crc32(body.encode()) if crc == "right" else crc
    edit(tmp_path, "UPDATE hard_state SET body = ?, crc = ?", body.encode(), checksum)
    store = Store.open(tmp_path, "s1")
    with pytest.raises(StoreError, match=f"group 'g' has a broken record .*{problem}"):
        store.hard_states()
    await store.close()


async def test_a_state_of_a_release_without_directives_is_read(tmp_path: Path) -> None:
    await fresh(tmp_path)
    entry = {"term": 3, "seq": 1, "topology": None, "intent": None}
    body = json.dumps({"term": 3, "voted_for": "s2", "entry": entry, "committed": entry}).encode()
    edit(tmp_path, "UPDATE hard_state SET body = ?, crc = ?", body, zlib.crc32(body))
    store = Store.open(tmp_path, "s1")
    assert store.hard_states() == {"g": HardState(3, "s2", Entry(3, 1, None), Entry(3, 1, None))}
    await store.close()


async def test_what_operators_have_told_the_group_survives_a_restart(tmp_path: Path) -> None:
    planned = Schedule("op-1", 5_000, "b:1", 1_000, 2_000)
    told = Directives(Pause(1, "s2", "wegen Umzug"), planned, Closed(planned, Outcome.DROPPED, "why"))
    entry = Entry(3, 1, None, None, told)
    store = Store.open(tmp_path, "s1")
    await persist(store, "g", HardState(3, None, entry, entry))
    await store.close()
    again = Store.open(tmp_path, "s1")
    assert again.hard_states()["g"].committed.directives == told
    await again.close()


async def test_another_sentinels_state_is_refused(tmp_path: Path) -> None:
    await fresh(tmp_path / "s1")
    shutil.copytree(tmp_path / "s1", tmp_path / "s2")
    with pytest.raises(StoreError, match="belongs to sentinel 's1', and this one is 's2'"):
        Store.open(tmp_path / "s2", "s2")


async def test_a_newer_schema_and_foreign_databases_are_refused_untouched(tmp_path: Path) -> None:
    await fresh(tmp_path / "new")
    edit(tmp_path / "new", f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    content = (tmp_path / "new" / "state.db").read_bytes()
    with pytest.raises(StoreError, match="newer release"):
        Store.open(tmp_path / "new", "s1")
    assert (tmp_path / "new" / "state.db").read_bytes() == content
    (tmp_path / "foreign").mkdir()
    edit(tmp_path / "foreign", "CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="another program's database"):
        Store.open(tmp_path / "foreign", "s1")


async def test_a_directory_in_use_is_refused_and_free_again_after_close(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    with pytest.raises(StoreError, match=f"in use by another running sentinel .pid {os.getpid()}"):
        Store.open(tmp_path, "s1")
    await store.close()
    await Store.open(tmp_path, "s1").close()


async def test_its_files_are_private_in_whatever_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    store = Store.open(tmp_path, "s1")
    await persist(store, "g", HardState(1, "s1"))
    files = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(files) >= {"lock", "state.db", "state.db-wal"} and set(files.values()) == {0o600}
    await store.close()
    (tmp_path / "state.db").chmod(0o644)
    again = Store.open(tmp_path, "s1")
    assert (tmp_path / "state.db").stat().st_mode & 0o777 == 0o600
    await again.close()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lock").symlink_to(victim)
    with pytest.raises(StoreError, match="lock is a symbolic link: remove it"):
        Store.open(tmp_path / "state", "s1")
    assert victim.read_text() == "precious"


def test_a_path_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "file" / "s1", "s1")


def run_child(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


# Root may write anywhere, so the child becomes nobody once its modules are loaded.
READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from sentinel.state.store import Store, StoreError
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    Store.open(Path(sys.argv[1]), "s1")
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("target", ["dir", "file"])
def test_a_read_only_state_is_refused(target: str) -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path is closed to other users.
        base = Path(name)
        base.chmod(0o755)
        state_dir = base / "s1"
        if target == "dir":
            state_dir.mkdir()
            state_dir.chmod(0o555)
        else:
            asyncio.run(fresh(state_dir))
            state_dir.chmod(0o777)
            (state_dir / "lock").chmod(0o666)
            (state_dir / "state.db").chmod(0o444)
        child = run_child(READ_ONLY, str(state_dir))
        assert child.returncode == 0, child.stderr
        expected = "is not writable" if target == "dir" else "cannot be opened and written"
        assert expected in child.stdout
        assert str(state_dir) in child.stdout


DISK_FULL = """
import asyncio, resource, sys
from pathlib import Path
from sentinel.state.store import Store, StoreError
from tests.unit.sentinel.store_cases import persist
from quorum.messages import HardState

async def main():
    store = Store.open(Path(sys.argv[1]), "s1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    acked = 0
    try:
        while True:
            state = HardState(term=acked + 1, voted_for="x" * 500)
            calls = [persist(store, g, state) for g in "abcde"]
            results = await asyncio.gather(*calls, return_exceptions=True)
            failed = [r for r in results if r is not None]
            if failed:
                assert all(isinstance(r, StoreError) for r in failed), results
                break
            acked += 1
    finally:
        print(acked)
    print(store.failure)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for call in (persist(store, "g", HardState()), store.changes("g", 1)):
        try:
            await call
        except StoreError as error:
            print("refused:", error)
    await store.close()

asyncio.run(main())
"""


async def test_after_a_full_disk_every_waiter_is_told_and_nothing_is_accepted_any_more(
    tmp_path: Path,
) -> None:
    child = run_child(DISK_FULL, str(tmp_path))
    assert child.returncode == 0, child.stderr
    lines = child.stdout.splitlines()
    acked = int(lines[0])
    assert acked > 0
    assert len([line for line in lines if line.startswith("refused:") and "free disk space" in line]) == 2
    store = Store.open(tmp_path, "s1")
    assert {kept.term for kept in store.hard_states().values()} <= {acked, acked + 1}
    assert len(store.hard_states()) == 5
    await store.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from sentinel.state.store import Store
from tests.unit.sentinel.store_cases import persist
from quorum.messages import HardState

async def main():
    store = Store.open(Path(sys.argv[1]), "s1")
    term = max([s.term for s in store.hard_states().values()], default=0)
    while True:
        term += 1
        await asyncio.gather(*(persist(store, g, HardState(term=term)) for g in "abc"))
        print(term, flush=True)

asyncio.run(main())
"""


def start_child(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_boot_number_grows_even_when_the_state_is_lost(tmp_path: Path) -> None:
    """Peers drop what seems to come from an earlier process of this sentinel."""
    before = Store.open(tmp_path / "lost", "s1")
    await before.close()
    again = Store.open(tmp_path / "lost", "s1")
    await again.close()
    afresh = Store.open(tmp_path / "new", "s1")
    await afresh.close()
    assert again.boot > before.boot
    assert afresh.boot >= before.boot


async def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    acked = 0
    for boots, lines in enumerate((1, 7, 40), start=1):
        child = start_child(KILLED, str(tmp_path))
        assert child.stdout is not None
        try:
            for _ in range(lines):
                acked = int(child.stdout.readline())
        finally:
            child.kill()
            rest = child.stdout.read().split("\n")
            child.wait()
            child.stdout.close()
        acked = max([acked, *(int(line) for line in rest[:-1])])
        store = Store.open(tmp_path, "s1")
        assert store.boot > boots
        assert {group for group, kept in store.hard_states().items() if kept.term >= acked} == set("abc")
        await store.close()


async def test_commits_reach_the_disk_and_not_only_the_kernel(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "s1")
    modes = store.thread.read_blocking(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    )
    assert modes == ["wal", 2]  # 2 is FULL: the WAL is synced at every commit.
    await store.close()


async def test_a_directory_is_vouched_for_by_its_file_and_a_copy_is_not(tmp_path: Path) -> None:
    first = Store.open(tmp_path / "own", "s1")
    assert first.vouched and first.untold, "of what is not in it something may have been forgotten"
    await first.vouch(is_own=True)
    await first.close()
    again = Store.open(tmp_path / "own", "s1")
    assert again.vouched and not again.untold
    await again.close()
    shutil.copytree(tmp_path / "own", tmp_path / "copy")
    copy = Store.open(tmp_path / "copy", "s1")
    assert not copy.vouched
    await copy.vouch(is_own=True)
    await copy.close()
    kept = Store.open(tmp_path / "copy", "s1")
    assert kept.vouched
    await kept.vouch(is_own=False)
    await kept.close()
    doubtful = Store.open(tmp_path / "copy", "s1")
    assert not doubtful.vouched
    await doubtful.close()


async def test_the_directory_of_a_release_that_kept_no_file_is_believed(tmp_path: Path) -> None:
    await fresh(tmp_path)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("DELETE FROM meta WHERE key IN ('file', 'untold')")
    connection.close()
    store = Store.open(tmp_path, "s1")
    assert store.vouched and not store.untold
    await store.close()


READ_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM meta").fetchone()
connection.close()
"""


async def test_a_program_that_reads_the_file_meanwhile_does_not_take_the_log_away(tmp_path: Path) -> None:
    """Whoever is the last to close an SQLite database deletes its log. Only locks tell who is the last, and
    closing any descriptor of the file ends a process's locks on it: what was written later would be lost.
    """
    store = Store.open(tmp_path, "s1")
    await store.vouch(is_own=True)
    await persist(store, "g", state(3))
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", READ_AND_CLOSE, str(tmp_path / "state.db")], check=True
    )
    assert (tmp_path / "state.db-wal").exists()
    await persist(store, "g", state(4))
    await store.close()
    again = Store.open(tmp_path, "s1")
    assert again.hard_states() == {"g": state(4)}
    await again.close()
