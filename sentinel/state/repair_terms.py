"""Reads and lowers the terms in the state directory of a stopped sentinel (see ``lowered_terms``)."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from quorum.messages import HardState
from sentinel.notices.change import Change
from sentinel.state.file import StoreError, open_state_file

_STATE = TypeAdapter(HardState)
_CHANGE = TypeAdapter(Change)


def read(state_dir: Path, sentinel_id: str) -> dict[str, HardState]:
    """Each group's state on disk. Raises StoreError, also while the sentinel runs."""
    file = open_state_file(state_dir, sentinel_id)
    try:
        rows = file.connection.execute("SELECT group_name, body, crc FROM hard_state").fetchall()
    finally:
        file.close()
    states = {}
    for group, body, crc in rows:
        if zlib.crc32(body) != crc:
            raise StoreError(f"state file {file.path}: group {group!r} has a broken record")
        states[group] = _STATE.validate_json(body, strict=True)
    return states


def write(state_dir: Path, sentinel_id: str, states: Mapping[str, HardState], by: int) -> None:
    """Store ``states`` and lower the history of changes, in one transaction. Raises StoreError."""
    file = open_state_file(state_dir, sentinel_id)
    try:
        connection = file.connection
        connection.execute("BEGIN IMMEDIATE")
        for group, state in states.items():
            body = _STATE.dump_json(state)
            row = (body, zlib.crc32(body), group)
            connection.execute("UPDATE hard_state SET body = ?, crc = ? WHERE group_name = ?", row)
            _lower_history(connection, group, by)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"state file {file.path}: nothing was changed: {error}") from error
    finally:
        file.close()


def _lower_history(connection: sqlite3.Connection, group: str, by: int) -> None:
    query = "SELECT term, body FROM change WHERE group_name = ? AND term > ? ORDER BY term"
    for term, body in connection.execute(query, (group, by)).fetchall():
        change = replace(_CHANGE.validate_json(body, strict=True), term=term - by)
        connection.execute("DELETE FROM change WHERE group_name = ? AND term = ?", (group, term))
        row = (group, change.term, len(change.timeline), _CHANGE.dump_json(change))
        connection.execute("INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?)", row)
