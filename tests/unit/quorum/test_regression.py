"""When a restarted primary counts as wiped, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quorum.evidence import DataSeen
from quorum.regression import regression

BEFORE = DataSeen("run-1", "master", keys=1000, offset_bytes=5000, replids=frozenset({"h1"}))
REPLICA = DataSeen("run-r", "slave", keys=1000, offset_bytes=4990, replids=frozenset({"h1"}))
EMPTY = DataSeen("run-2", "master", keys=0, offset_bytes=0, replids=frozenset({"h2"}))
OLD_SNAPSHOT = replace(EMPTY, keys=990, offset_bytes=3000, replids=frozenset({"h2", "h1"}))
OTHER_HISTORY = replace(OLD_SNAPSHOT, replids=frozenset({"h2"}))
REWRITTEN = replace(EMPTY, keys=1000, started_empty=True)
RELOADED = replace(EMPTY, keys=1000, offset_bytes=5000, replids=frozenset({"h1"}))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (EMPTY, "restarted with 0 keys, had 1000, a replica holds 1000"),
        (replace(EMPTY, keys=499), "restarted with 499 keys, had 1000, a replica holds 1000"),
        (REWRITTEN, "restarted without its data, had 1000 keys, a replica holds 1000"),
        (OLD_SNAPSHOT, "restarted at offset 3000, a replica is at 4990"),
    ],
)
def test_it_fell_back(seen: DataSeen, words: str) -> None:
    assert regression(BEFORE, seen, [REPLICA]) == words


@pytest.mark.parametrize(
    ("why", "before", "seen", "replicas"),
    [
        ("it came back whole", BEFORE, RELOADED, [REPLICA]),
        ("some keys expired meanwhile", BEFORE, replace(EMPTY, keys=500), [REPLICA]),
        ("FLUSHALL is the client's right", BEFORE, replace(BEFORE, keys=0), [REPLICA]),
        ("nothing is known of it before", None, EMPTY, [REPLICA]),
        ("it answers as a replica", BEFORE, replace(EMPTY, role="slave"), [REPLICA]),
        ("no replica is there to be wiped", BEFORE, EMPTY, []),
        ("the replicas are wiped already", BEFORE, EMPTY, [replace(REPLICA, keys=0)]),
        ("a stray master is no replica", BEFORE, EMPTY, [replace(REPLICA, role="master")]),
        ("a replica has other data", BEFORE, REWRITTEN, [replace(REPLICA, replids=frozenset({"h7"}))]),
        ("nobody has what it lost", BEFORE, REWRITTEN, [replace(REPLICA, keys=0)]),
        ("it never held more", replace(BEFORE, keys=0), EMPTY, [replace(REPLICA, replids=frozenset({"h7"}))]),
        ("offsets of two histories do not compare", BEFORE, OTHER_HISTORY, [REPLICA]),
        ("the replica holds no more than it", BEFORE, replace(EMPTY, keys=9), [replace(REPLICA, keys=10)]),
    ],
)
def test_it_did_not(why: str, before: DataSeen | None, seen: DataSeen, replicas: list[DataSeen]) -> None:
    assert regression(before, seen, replicas) is None, why


def test_one_replica_that_still_holds_the_data_is_enough() -> None:
    assert regression(BEFORE, EMPTY, [replace(REPLICA, keys=0), REPLICA]) is not None
