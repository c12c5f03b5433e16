"""When a restarted primary counts as wiped, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quorum.evidence import DataSeen
from quorum.regression import regression

BEFORE = DataSeen("run-1", "master", keys=1000, offset_bytes=5000, replid="h1")
REPLICA = DataSeen("run-r", "slave", keys=1000, offset_bytes=4990, replid="h1")
EMPTY = DataSeen("run-2", "master", keys=0, offset_bytes=0, replid="h2")
OLD_SNAPSHOT = replace(EMPTY, keys=990, offset_bytes=3000, former=("h1", 3000))
WRITTEN_SINCE = replace(OLD_SNAPSHOT, offset_bytes=9000)
OTHER_HISTORY = replace(OLD_SNAPSHOT, former=None)
OLD_AS_REPLICA = replace(EMPTY, role="slave", keys=990, offset_bytes=3000, replid="h1")
REWRITTEN = replace(EMPTY, keys=1000, started_empty=True)
RELOADED = replace(EMPTY, keys=1000, offset_bytes=5000, former=("h1", 5000))


def why(before: DataSeen, now: DataSeen, *replicas: DataSeen) -> str | None:
    named = {f"r{number}": replica for number, replica in enumerate(replicas)}
    return regression(before, now, named, named)


@pytest.mark.parametrize("role", ["master", "slave"])
@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (EMPTY, "restarted with 0 keys, had 1000, a replica holds 1000"),
        (replace(EMPTY, keys=499), "restarted with 499 keys, had 1000, a replica holds 1000"),
        (REWRITTEN, "restarted without its data, had 1000 keys, a replica holds 1000"),
        (OLD_SNAPSHOT, "restarted at offset 3000, a replica is at 4990"),
        (WRITTEN_SINCE, "restarted at offset 3000, a replica is at 4990"),
        (OLD_AS_REPLICA, "restarted at offset 3000, a replica is at 4990"),
    ],
    ids=["empty", "few-keys", "rewritten", "old", "old-and-written-since", "old-as-a-replica"],
)
def test_it_fell_back_in_whatever_role(seen: DataSeen, words: str, role: str) -> None:
    assert why(BEFORE, replace(seen, role=role), REPLICA) == words


@pytest.mark.parametrize(
    ("about", "before", "seen", "replicas"),
    [
        ("it came back whole", BEFORE, RELOADED, [REPLICA]),
        ("some keys expired meanwhile", BEFORE, replace(EMPTY, keys=500), [REPLICA]),
        ("FLUSHALL is the client's right", BEFORE, replace(BEFORE, keys=0), [REPLICA]),
        ("whole, as a replica", BEFORE, replace(RELOADED, role="slave", replid="h1"), [REPLICA]),
        ("it is loading still", BEFORE, replace(EMPTY, loading=True), [REPLICA]),
        ("no replica is there to be wiped", BEFORE, EMPTY, []),
        ("the replicas are wiped already", BEFORE, EMPTY, [replace(REPLICA, keys=0)]),
        ("they are being wiped now", BEFORE, EMPTY, [replace(REPLICA, loading=True)]),
        ("a stray master is no replica", BEFORE, EMPTY, [replace(REPLICA, role="master")]),
        ("a replica has other data", BEFORE, REWRITTEN, [replace(REPLICA, replid="h7")]),
        ("nor do its keys count", BEFORE, EMPTY, [replace(REPLICA, replid="h7")]),
        ("nobody has what it lost", BEFORE, REWRITTEN, [replace(REPLICA, keys=0)]),
        ("it never held more", replace(BEFORE, keys=0), EMPTY, [replace(REPLICA, replid="h7")]),
        ("offsets of two histories do not compare", BEFORE, OTHER_HISTORY, [REPLICA]),
        (
            "a replica wrote on in the new one",
            BEFORE,
            RELOADED,
            [replace(RELOADED, role="slave", offset_bytes=9999)],
        ),
        ("the replica holds no more than it", BEFORE, replace(EMPTY, keys=9), [replace(REPLICA, keys=10)]),
        (
            "more of what it left when it was promoted",
            replace(BEFORE, replid="h3", former=("h1", 3000)),
            OLD_SNAPSHOT,
            [REPLICA],
        ),
    ],
)
def test_it_did_not(about: str, before: DataSeen, seen: DataSeen, replicas: list[DataSeen]) -> None:
    assert why(before, seen, *replicas) is None, about


def test_one_replica_that_still_holds_the_data_is_enough() -> None:
    assert why(BEFORE, EMPTY, replace(REPLICA, keys=0), REPLICA) is not None


def test_counts_of_keys_are_believed_of_those_alone_that_were_heard_since() -> None:
    assert regression(BEFORE, replace(EMPTY, keys=100), {"r": REPLICA}, heard=()) is None
    assert regression(BEFORE, replace(EMPTY, keys=100), {"r": REPLICA}, heard=("r",)) is not None
    assert regression(BEFORE, OLD_SNAPSHOT, {"r": REPLICA}, heard=()) is not None, "offsets only grow"


@pytest.mark.parametrize(("keys", "fell"), [(100, False), (0, True)])
def test_keys_that_expire_do_not_count_unless_none_is_left(keys: int, fell: bool) -> None:
    """A replica keeps them until its primary tells, which is away."""
    before, replica = replace(BEFORE, lasting_keys=100), replace(REPLICA, lasting_keys=100)
    now = replace(EMPTY, keys=keys, lasting_keys=keys)
    assert (why(before, now, replica) is not None) is fell
