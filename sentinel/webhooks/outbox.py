"""The outbox: undelivered webhooks in the state file, so that a restart forgets none.

The leader of a change owns its events and delivers them. Every other sentinel keeps a *standby* copy: the
copy is dropped when the owner reports the event as settled, and claimed when the owner is gone. An event is
settled here once no endpoint waits for it any more. Settled ids are kept for a while, so that neither a late
copy nor a late report leads to a second delivery.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sentinel.state.thread import StateThread
from sentinel.webhooks.attempt import MAX_RETRY_AFTER_S
from sentinel.webhooks.event import Endpoint, WebhookEvent

MAX_PENDING = 10_000
MAX_STANDBY = 10_000
MAX_DEAD = 1000
MAX_SETTLED = 20_000
STANDBY_LIFE_S = 24 * 3600.0
SETTLED_LIFE_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Item:
    """One event for one endpoint. ``attempts`` have failed so far."""

    row_id: int
    event_id: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, as people see it; ``id`` is for ``Outbox.retry``. ``*_s`` are Unix time."""

    id: int
    event_id: str
    type: str
    endpoint: str
    created_s: float
    due_s: float
    """The time of the next attempt; 0 for at once."""
    attempts: int
    problem: str
    body: str


class Outbox:
    """``wall`` returns seconds since the epoch: waits outlive the process. Methods raise StoreError."""

    def __init__(
        self, thread: StateThread, endpoints: Sequence[Endpoint], wall: Callable[[], float] = time.time
    ) -> None:
        self.endpoints = tuple(endpoints)
        self._names = {endpoint.key: endpoint.name for endpoint in self.endpoints}
        if len(self._names) != len(self.endpoints):
            raise ValueError("webhooks: two endpoints have the same url")
        self._thread = thread
        self._wall = wall
        self._on_pending: Callable[[], None] = lambda: None
        self._stopped: dict[str, str] = {}

    def watch(self, on_pending: Callable[[], None]) -> None:
        """Call ``on_pending`` whenever an event may have become deliverable."""
        self._on_pending = on_pending

    async def add(self, event: WebhookEvent, owner: bool, but: Endpoint | None = None) -> None:
        """Store ``event`` for every endpoint that wants it, ``but`` this: to deliver, or as a standby copy.

        It is stored once per event and endpoint; an owner's call turns standby copies into its own. Beyond
        MAX_PENDING the oldest become dead letters.
        """
        body, now = event.body(), self._wall()
        to = [endpoint for endpoint in self.endpoints if endpoint != but]
        wanted = [endpoint.key for endpoint in to if endpoint.wants(event.type)]
        await self._thread.write(lambda connection: _add(connection, event, body, wanted, owner, now))
        if owner:
            self._on_pending()

    async def claim(self, ids: Sequence[str]) -> None:
        """Take over the standby copies of these events: their owner is gone."""
        await self._thread.write(lambda connection: _claim(connection, ids))
        self._on_pending()

    async def mark_delivered(self, ids: Sequence[str]) -> None:
        """Another sentinel has settled these events: nothing is left to do for them here."""
        now = self._wall()
        await self._thread.write(lambda connection: _settle(connection, ids, now))

    async def standby_ids(self) -> frozenset[str]:
        """The events that other sentinels are expected to deliver."""
        query = "SELECT DISTINCT event_id FROM outbox WHERE state = 'standby'"
        rows = await self._thread.read(lambda connection: connection.execute(query).fetchall())
        return frozenset(event_id for (event_id,) in rows)

    async def next_due(self, endpoint: Endpoint, now: float) -> Item | None:
        """The next one to try: new ones first, in order of creation, so that failed ones delay nothing.

        A row that is due further ahead than any wait can be is due: the clock was set back.
        """
        row = await self._thread.read(
            lambda connection: connection.execute(
                "SELECT row_id, event_id, body, attempts FROM outbox WHERE state = 'pending' "
                "AND endpoint = ? AND (due_s <= ? OR due_s > ?) ORDER BY attempts > 0, row_id LIMIT 1",
                (endpoint.key, now, now + 2 * MAX_RETRY_AFTER_S),
            ).fetchone()
        )
        return None if row is None else Item(*row)

    async def delivered(self, item: Item) -> bool:
        """Record a delivery. Returns whether that settles the event."""
        now = self._wall()
        return await self._thread.write(lambda connection: _finish(connection, item, "delivered", "", now))

    async def bury(self, item: Item, problem: str, *, tried: bool = True) -> bool:
        """Give up: make it a dead letter. Returns whether that settles the event."""
        now = self._wall()
        return await self._thread.write(
            lambda connection: _finish(connection, item, "dead", problem, now, tried)
        )

    async def retry_at(self, item: Item, due_s: float, problem: str) -> None:
        """Count a failed attempt, and try again at ``due_s``."""
        await self._thread.write(
            lambda connection: connection.execute(
                "UPDATE outbox SET due_s = ?, attempts = attempts + 1, last_error = ? WHERE row_id = ?",
                (due_s, problem, item.row_id),
            )
        )

    async def pending(self, limit: int = 100) -> list[Delivery]:
        """The deliveries still to be made from here, the oldest first."""
        return await self._deliveries("pending", 1, min(limit, MAX_PENDING))

    async def dead_letters(self, limit: int = 100) -> list[Delivery]:
        """The deliveries that were given up, the newest first."""
        return await self._deliveries("dead", -1, min(limit, MAX_DEAD))

    async def _deliveries(self, state: str, sign: Literal[1, -1], limit: int) -> list[Delivery]:
        rows = await self._thread.read(
            lambda connection: connection.execute(
                "SELECT row_id, event_id, type, endpoint, created_s, due_s, attempts, last_error, body "
                "FROM outbox WHERE state = ? ORDER BY row_id * ? LIMIT ?",
                (state, sign, max(0, limit)),
            ).fetchall()
        )
        removed = "(not configured any more)"
        found = [Delivery(*row) for row in rows]
        return [replace(each, endpoint=self._names.get(each.endpoint, removed)) for each in found]

    async def counts(self) -> tuple[int, int]:
        """The numbers of pending deliveries and of dead letters."""
        query = "SELECT state, COUNT(*) FROM outbox GROUP BY state"
        rows = dict(await self._thread.read(lambda connection: connection.execute(query).fetchall()))
        return rows.get("pending", 0), rows.get("dead", 0)

    async def retry(self, dead_letter_id: int) -> bool:
        """Try a dead letter from the beginning, even if its endpoint is stopped.

        False if there is no dead letter with this id, or no such endpoint.
        """
        keys = list(self._names)
        key = await self._thread.write(lambda connection: _revive(connection, dead_letter_id, keys))
        if key is None:
            return False
        self._stopped.pop(key, None)
        self._on_pending()
        return True

    def stop(self, endpoint: Endpoint, problem: str) -> None:
        """Send nothing to ``endpoint`` any more, until one of its dead letters is retried, or a restart."""
        self._stopped[endpoint.key] = problem

    def stopped(self, endpoint: Endpoint) -> str | None:
        """Why nothing is sent to ``endpoint``; None if it is not stopped."""
        return self._stopped.get(endpoint.key)

    async def sweep(self, now: float) -> None:
        """Drop unclaimed standby copies and old settled ids; bury deliveries without an endpoint.

        ``now`` is seconds since the epoch.
        """
        keys = list(self._names)
        await self._thread.write(lambda connection: _sweep(connection, keys, now))


def _add(
    connection: sqlite3.Connection, event: WebhookEvent, body: str, keys: list[str], owner: bool, now: float
) -> None:
    if connection.execute("SELECT 1 FROM settled WHERE event_id = ?", (event.id,)).fetchone():
        return
    state = "pending" if owner else "standby"
    connection.executemany(
        "INSERT OR IGNORE INTO outbox (event_id, endpoint, state, type, body, created_s) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(event.id, key, state, event.type, body, now) for key in keys],
    )
    if owner:
        _claim(connection, [event.id])
    overflow = connection.execute(
        "SELECT row_id, event_id FROM outbox WHERE state = 'pending' ORDER BY row_id DESC LIMIT -1 OFFSET ?",
        (MAX_PENDING,),
    ).fetchall()
    _bury(connection, overflow, f"more than {MAX_PENDING} were waiting", now)
    _trim(connection, "standby", MAX_STANDBY)


def _claim(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    connection.executemany(
        "UPDATE outbox SET state = 'pending', due_s = 0 WHERE state = 'standby' AND event_id = ?",
        [(event_id,) for event_id in ids],
    )


def _finish(
    connection: sqlite3.Connection, item: Item, state: str, problem: str, now: float, tried: bool = True
) -> bool:
    changed = connection.execute(
        "UPDATE outbox SET state = ?, attempts = attempts + ?, last_error = ? "
        "WHERE row_id = ? AND state = 'pending'",
        (state, int(tried), problem, item.row_id),
    ).rowcount
    if state == "dead":
        _trim(connection, "dead", MAX_DEAD)
    return changed > 0 and _settle_if_done(connection, item.event_id, now)


def _settle_if_done(connection: sqlite3.Connection, event_id: str, now: float) -> bool:
    query = "SELECT 1 FROM outbox WHERE event_id = ? AND state = 'pending'"
    if connection.execute(query, (event_id,)).fetchone():
        return False
    _settle(connection, [event_id], now)
    return True


def _settle(connection: sqlite3.Connection, ids: Sequence[str], now: float) -> None:
    for event_id in ids:
        connection.execute("DELETE FROM outbox WHERE event_id = ? AND state <> 'dead'", (event_id,))
        connection.execute("INSERT OR REPLACE INTO settled VALUES (?, ?)", (event_id, now))
    connection.execute(
        "DELETE FROM settled WHERE at_s < (SELECT at_s FROM settled ORDER BY at_s DESC LIMIT 1 OFFSET ?)",
        (MAX_SETTLED,),
    )


def _bury(connection: sqlite3.Connection, rows: list[tuple[int, str]], problem: str, now: float) -> None:
    for row_id, event_id in rows:
        connection.execute(
            "UPDATE outbox SET state = 'dead', last_error = ? WHERE row_id = ?", (problem, row_id)
        )
        _settle_if_done(connection, event_id, now)
    _trim(connection, "dead", MAX_DEAD)


def _revive(connection: sqlite3.Connection, row_id: int, keys: list[str]) -> str | None:
    """Returns the key of the endpoint; None if there is no such dead letter."""
    row = connection.execute(
        "SELECT endpoint FROM outbox WHERE row_id = ? AND state = 'dead' "
        "AND endpoint IN (SELECT value FROM json_each(?))",
        (row_id, json.dumps(keys)),
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        "UPDATE outbox SET state = 'pending', attempts = 0, due_s = 0 WHERE row_id = ?", (row_id,)
    )
    return str(row[0])


def _sweep(connection: sqlite3.Connection, keys: list[str], now: float) -> None:
    connection.execute(
        "DELETE FROM outbox WHERE state = 'standby' AND created_s < ?", (now - STANDBY_LIFE_S,)
    )
    connection.execute("DELETE FROM settled WHERE at_s < ?", (now - SETTLED_LIFE_S,))
    orphans = connection.execute(
        "SELECT row_id, event_id FROM outbox "
        "WHERE state = 'pending' AND endpoint NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(keys),),
    ).fetchall()
    _bury(connection, orphans, "the endpoint is not configured any more", now)


def _trim(connection: sqlite3.Connection, state: str, keep: int) -> None:
    connection.execute(
        "DELETE FROM outbox WHERE state = :state AND row_id <= "
        "(SELECT row_id FROM outbox WHERE state = :state ORDER BY row_id DESC LIMIT 1 OFFSET :keep)",
        {"state": state, "keep": keep},
    )
