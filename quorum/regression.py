"""Has the primary's data set fallen back? A wiped primary is as bad as a dead one, and wipes its replicas.

Redis restarts with an empty data set when it has no persistence, or an old one when its last snapshot is
old; the replicas then resynchronise and lose what they held. Only a new run id is suspicious (FLUSHALL
and DEL are the client's right), and only while a replica still holds more.
"""

from __future__ import annotations

from collections.abc import Iterable

from quorum.evidence import DataSeen

FALLEN_BELOW = 0.5
"""Of the keys that it held before, or that a replica holds: less than this is a loss, not expiry."""


def regression(before: DataSeen | None, now: DataSeen, replicas: Iterable[DataSeen]) -> str | None:
    """Why ``now`` is a regression of the primary seen ``before``, in words, or None.

    Three proofs: in the same replication history the offset is behind a replica's (Redis keeps replid and
    offset in its snapshot); its process loaded nothing when it started, where it held keys before and a
    replica still does; or the key count collapsed where a replica still has the keys.
    """
    if before is None or before.run_id == now.run_id or now.role != "master":
        return None
    for replica in replicas:
        if replica.role != "slave" or replica.keys == 0:
            continue
        shared = bool(replica.replids & now.replids)
        if shared and now.offset_bytes < replica.offset_bytes:
            return f"restarted at offset {now.offset_bytes}, a replica is at {replica.offset_bytes}"
        # What its replica had, it had as well, though it may not have said so itself before it died.
        same = bool(replica.replids & before.replids)
        had = max(before.keys, replica.keys if same else 0)
        if same and now.started_empty and not shared:
            return f"restarted without its data, had {had} keys, a replica holds {replica.keys}"
        if now.keys < FALLEN_BELOW * had and now.keys < FALLEN_BELOW * replica.keys:
            return f"restarted with {now.keys} keys, had {had}, a replica holds {replica.keys}"
    return None
