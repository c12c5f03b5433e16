"""Lowers terms that have almost run out of numbers. Pure.

A release without ``quorum.terms`` believed every term of a fence or a peer, so a client could move all
sentinels to a term that leaves no room to count on. One number is subtracted from all terms above it, the
same at every sentinel. That changes no order among them: who voted for whom, which entry is the newest and
which is committed stays as it was. So it is one number for the whole cluster, given by a person who sees all
disks.

Terms from before the jump stay as they are, and those after it must stay above them: so they are lowered to
just above ``LOWEST``, which no cluster reaches by counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from quorum.directives import Directives
from quorum.messages import Entry, HardState
from quorum.terms import MAX_JUMP, MAX_TERM

LOWEST = 2**31
"""Lowered terms are above it, and terms from before the jump are below."""
STEP = 2**30
"""The number to subtract is a multiple of it, so that sentinels a few terms apart propose the same number."""
HIGH = 2**61
"""From here on a sentinel reports that terms run out: half of all terms are used."""


class CannotLowerError(Exception):
    """Subtracting that number would change the order of the terms. ``str()`` names the term."""


@dataclass(frozen=True, slots=True)
class Found:
    """One group's terms on this disk: the highest, and the lowest one after a jump; 0 without a jump."""

    highest: int
    jumped: int

    @property
    def proposal(self) -> int:
        """The number to subtract, judged by this disk alone; 0: nothing."""
        return max(0, (self.jumped - LOWEST) // STEP * STEP) if self.jumped else 0


def terms_run_out(term: int) -> str:
    """The warning about high terms while the sentinel runs."""
    return (
        f"terms run out: it has come to {term}, of at most {MAX_TERM}, and then nobody can be elected; "
        "a client wrote to the fence key, or a peer's state is spoiled. See `vedette repair-terms`"
    )


def terms_of(state: HardState) -> frozenset[int]:
    found = {state.term}
    for entry in (state.entry, state.committed):
        found.add(entry.term)
        if entry.topology is not None:
            found.add(entry.topology.term)
    return frozenset(found)


def look(states: Mapping[str, HardState]) -> dict[str, Found]:
    found = {}
    for group, state in states.items():
        terms = terms_of(state)
        found[group] = Found(max(terms), min((t for t in terms if t > MAX_JUMP), default=0))
    return found


def lowered(state: HardState, by: int) -> HardState:
    """Raises CannotLowerError."""
    for term in terms_of(state):
        if LOWEST <= term < by + LOWEST:
            raise CannotLowerError(f"term {term} would not stay above those from before the jump")
        if term > by + MAX_JUMP:
            raise CannotLowerError(f"term {term} would still be above 2^32")
    return replace(
        state,
        term=_less(state.term, by),
        entry=_entry(state.entry, by),
        committed=_entry(state.committed, by),
    )


def _less(term: int, by: int) -> int:
    return term - by if term > by else term


def _entry(entry: Entry, by: int) -> Entry:
    topology = entry.topology
    if topology is not None:
        topology = replace(topology, term=_less(topology.term, by))
    directives = _directives(entry.directives, by)
    return replace(entry, term=_less(entry.term, by), topology=topology, directives=directives)


def _directives(directives: Directives, by: int) -> Directives:
    closed = directives.closed
    if closed is None or closed.term is None:
        return directives
    return replace(directives, closed=replace(closed, term=_less(closed.term, by)))
