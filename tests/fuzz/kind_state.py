"""State files: each is opened as it was left, or refused with what to do; and what is refused stays as it is.

An input is a list of changes to a good one: rows that are put in (``row TABLE<tab>value<tab>...``), tables
that are dropped (``drop TABLE``); ``crc`` makes the checksums right again. ``flip AT WITH``, ``cut AT`` and
``raw AT<tab>BYTES`` change the file behind that.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sentinel.state.file import StoreError
from sentinel.state.store import Store
from sentinel.status import group as group_status
from sentinel.webhooks.event import Endpoint
from sentinel.webhooks.outbox import Outbox
from tests.fuzz.kind import Check, Kind, must, outline
from tests.unit.sentinel.former_cases import GROUP, RELEASES

MAX_CHANGES = 40
_ROWS = {b"hard_state": 3, b"change": 4, b"meta": 2, b"setting": 3, b"settled": 2, b"outbox": 10}
_WORDS = (
    b"row hard_state\t", b"row change\t", b"row meta\t", b"row setting\t", b"row outbox\t",
    b"row settled\t", b"crc\n", b"flip ", b"cut ", b"raw ", b"boot", b"sentinel_id", b"mymaster", b"{}",
    b"[]", b"null", b'"term":', b"-1", b"untold", b"file", b"pending", b"standby", b"dead", b"drop ",
    b"hard_state", b"change",
)  # fmt: skip
_ENDPOINTS = (Endpoint("http://127.0.0.1:1/hook", b"key", None, 1.0),)


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        made = RELEASES[-1].state_dir(Path(folder), "s1") / "state.db"
        connection = sqlite3.connect(made)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
        good = made.read_bytes()
        yield lambda data: runner.run(_check(good, data))


async def _check(good: bytes, data: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder) / "s1"
        state_dir.mkdir(mode=0o700)
        file = state_dir / "state.db"
        file.write_bytes(good)
        _change(file, data)
        before = file.read_bytes()
        try:
            store = Store.open(state_dir, "s1")
        except StoreError as error:
            must(str(folder) in str(error), f"does not name the file: {error}")
            must(len(str(error)) < 1500, f"a long error: {len(str(error))} characters")
            must(file.read_bytes() == before, "the refused file is changed")
            return outline(str(error).replace(folder, ""))
        try:
            return await _used(store, folder)
        finally:
            await store.close()


async def _used(store: Store, folder: str) -> str:
    """As a start does it, and whoever asks for the history."""
    try:
        states = store.hard_states()
        store.retire({GROUP})
    except StoreError as error:
        must(str(folder) in str(error), f"does not name the file: {error}")
        return outline(str(error).replace(folder, ""))
    came = f"{sorted(states)[:2]} {store.vouched} {store.untold}"
    try:
        for change in await store.changes(GROUP):
            group_status.change(change).model_dump_json()
        outbox = Outbox(store.thread, _ENDPOINTS)
        await outbox.counts()
        await outbox.next_due(_ENDPOINTS[0], 2e9)
        for letter in (*await outbox.pending(), *await outbox.dead_letters()):
            must(isinstance(letter.body, str), "a letter without a text")
        await outbox.standby_ids()
        await outbox.sweep(2e9)
    except StoreError as error:
        must(str(folder) in str(error), f"does not name the file: {error}")
        return came + outline(str(error).replace(folder, ""))
    return came


def _change(file: Path, data: bytes) -> None:
    lines = data.split(b"\n")[:MAX_CHANGES]
    connection = sqlite3.connect(file)
    with connection:
        for line in lines:
            with suppress(sqlite3.Error, UnicodeDecodeError):
                _change_row(connection, line)
    connection.close()
    raw = bytearray(file.read_bytes())
    for line in lines:
        word, _, rest = line.partition(b" ")
        with suppress(ValueError):
            if word == b"flip":
                at, _, by = rest.partition(b" ")
                raw[int(at) % len(raw)] ^= int(by) % 256
            elif word == b"cut":
                del raw[max(0, int(rest)) :]
            elif word == b"raw":
                at, _, by = rest.partition(b"\t")
                start = int(at) % len(raw)
                raw[start : start + len(by)] = by
        if not raw:
            break
    file.write_bytes(raw)


def _change_row(connection: sqlite3.Connection, line: bytes) -> None:
    word, _, rest = line.partition(b" ")
    table, *values = rest.split(b"\t")
    if word == b"row" and table in _ROWS:
        known = [_value(value) for value in values[: _ROWS[table]]]
        known += [None] * (_ROWS[table] - len(known))
        places = ",".join("?" * len(known))
        connection.execute(f"INSERT OR REPLACE INTO {table.decode()} VALUES ({places})", known)
    elif word == b"drop" and table in _ROWS:
        connection.execute(f"DROP TABLE {table.decode()}")
    elif word == b"crc":
        rows = connection.execute("SELECT group_name, body FROM hard_state").fetchall()
        for group, body in rows:
            blob = body if isinstance(body, bytes) else str(body).encode()
            connection.execute(
                "UPDATE hard_state SET crc = ? WHERE group_name = ?", (zlib.crc32(blob), group)
            )


def _value(word: bytes) -> bytes | str | int | float | None:
    """``i`` a number, ``f`` another, ``b`` bytes, ``n`` nothing; else it is a text."""
    kind, _, rest = word.partition(b":")
    with suppress(ValueError):
        match kind:
            case b"i":
                return int(rest) % 2**63
            case b"f":
                return float(rest)
            case b"b":
                return rest
            case b"n":
                return None
    return word.decode(errors="replace")


STATE = Kind("state", _opened, _WORDS)
