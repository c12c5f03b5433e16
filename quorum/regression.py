"""Judges whether the primary's data set has fallen back: a wiped primary is as bad as a dead one.

Redis restarts with an empty data set when it has no persistence, or an old one when its last snapshot is old;
the replicas then resynchronise and lose what they held. Only a new run id is suspicious (FLUSHALL and DEL are
the client's right), and only while a replica still holds more. The role in which it comes back says nothing
about its data: a command line with ``--replicaof`` makes it a replica.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from quorum.evidence import DataSeen

FALLEN_BELOW = 0.5
"""With less than this share of its former keys, or of a replica's, it is a loss and not expiry."""


def regression(
    before: DataSeen, now: DataSeen, replicas: Mapping[str, DataSeen], heard: Collection[str]
) -> str | None:
    """Why ``now`` is a regression of the primary seen ``before``, in words, or None.

    Three proofs, each by a replica that holds what ``before`` wrote: in that history the primary goes less
    far (Redis keeps history and offset in its snapshot); its process loaded nothing when it started, where
    it held keys before and a replica still does; or the key count collapsed where a replica still has the
    keys. Counts prove that only if the replica is among those ``heard`` since the restart was seen: until
    its end the primary may have let keys expire.
    """
    if before.run_id == now.run_id or now.loading:
        return None
    for name, replica in replicas.items():
        if replica.role != "slave" or replica.loading or replica.keys == 0:
            continue
        if not replica.replids & before.replids:
            continue
        short = _goes_less_far(before, now, replica)
        if short is not None:
            return short
        # What its replica had, it had as well, though it may not have said so itself before it died.
        had = max(before.keys, replica.keys)
        if now.started_empty and not replica.replids & now.replids:
            return f"restarted without its data, had {had} keys, a replica holds {replica.keys}"
        if name in heard and _collapsed(now, before, replica):
            return f"restarted with {now.keys} keys, had {had}, a replica holds {replica.keys}"
    return None


def _goes_less_far(before: DataSeen, now: DataSeen, replica: DataSeen) -> str | None:
    for history in (before.replid, *(before.former or ())[:1]):
        has, holds = now.held(str(history)), replica.held(str(history))
        if has is None or holds is None:
            continue
        if before.former is not None and history == before.former[0]:
            # A replica may have more of a history that the primary left when it was promoted.
            holds = min(holds, before.former[1])
        if has < holds:
            return f"restarted at offset {has}, a replica is at {holds}"
    return None


def _collapsed(now: DataSeen, before: DataSeen, replica: DataSeen) -> bool:
    """Keys that expire may go while the primary is away, and its replicas keep them; not so all its keys."""
    if now.keys == 0:
        return True
    known = [seen.lasting_keys for seen in (now, before, replica)]
    if None in known:
        known = [seen.keys for seen in (now, before, replica)]
    left, had, held = (count or 0 for count in known)
    return left < FALLEN_BELOW * max(had, held) and left < FALLEN_BELOW * held
