"""Checks what must hold of a sentinel's state after every change, whatever the messages were."""

from __future__ import annotations

from quorum.errors import InvariantError
from quorum.messages import HardState, Topology


def check_growth(old: HardState, new: HardState) -> None:
    """Invariant: the term, the entry and the commit only grow, and a vote is not changed within a term.

    Raises InvariantError, before ``new`` is written or anybody hears of it.
    """
    if (
        new.term < old.term
        or new.entry.id < old.entry.id
        or new.committed.id < old.committed.id
        or new.entry.term > new.term
        or new.committed.id > new.entry.id
    ):
        raise InvariantError(f"state may only grow: {old} -> {new}")
    if new.term == old.term and old.voted_for is not None and new.voted_for != old.voted_for:
        raise InvariantError(f"two votes in term {new.term}: {old.voted_for}, then {new.voted_for}")


def check_one_primary(before: Topology | None, new: Topology | None) -> None:
    """Invariant: a term names one primary (rule S3). Raises InvariantError before ``new`` is written."""
    if before is None or new is None or new.term != before.term or new.primary == before.primary:
        return
    raise InvariantError(f"two primaries in term {before.term}: {before.primary}, {new.primary}")
