"""What is wrong with what was seen, and how both read in few words: by one measure for every system."""

from __future__ import annotations

from dataclasses import dataclass

from tests.wild.situation import Wants

FELT_S = 0.5
"""A pause of the writes that is shorter is not worth a word: the machine is shared."""


@dataclass(frozen=True, slots=True)
class Seen:
    """At the end. Nodes are letters; ``before`` had the writes before the strike.

    ``written``: how many writes were acknowledged; ``writes``: also at the very end. ``told``: whether the
    system named every node in trouble; None where there is nothing to tell. ``loss_told``: whether it said
    that writes may be lost. ``remarks``: what the situation
    itself found; one that begins with ``!`` is a fault.
    """

    before: str
    named: list[str]
    masters: list[str]
    writes: bool
    outage_s: float
    written: int
    lost: int
    seeded: int
    seeds_lost: int
    told: bool | None
    loss_told: bool
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``faults`` are those of ``words`` that a user did not deserve."""

    words: list[str]
    faults: list[str]


def judge(wants: Wants, seen: Seen) -> Verdict:
    served = _service(wants, seen)
    if wants.or_told and seen.told:
        served = Verdict(served.words, [])
    parts = [served, _masters(seen), _data(wants, seen), _telling(seen), _remarks(seen)]
    return Verdict(
        [word for part in parts for word in part.words], [fault for part in parts for fault in part.faults]
    )


def _service(wants: Wants, seen: Seen) -> Verdict:
    """Who has the writes, and since when."""
    if len(seen.named) != 1:
        return _fault(f"the sentinels name {', '.join(seen.named)}")
    (named,) = seen.named
    if named not in seen.masters:
        return _fault(f"{named} is named, and is none" if seen.masters else "nobody is primary")
    if not seen.writes:
        word = f"{named} is primary, and writes fail"
        return _fault(word) if wants.writes else Verdict([word], [])
    felt = seen.outage_s >= FELT_S
    if named == seen.before:
        word = f"{named} stays" + (f", no writes for {seen.outage_s:.1f} s" if felt else "")
        return _fault(word) if wants.primary == "another" else Verdict([word], [])
    word = f"{named} after {seen.outage_s:.1f} s" if felt else f"{named} at once"
    return _fault(word) if wants.primary == "same" else Verdict([word], [])


def _masters(seen: Seen) -> Verdict:
    if len(seen.masters) < 2:
        return Verdict([], [])
    return _fault(f"{len(seen.masters)} masters: {', '.join(seen.masters)}")


def _data(wants: Wants, seen: Seen) -> Verdict:
    if wants.spare is None:
        return Verdict([], [])
    words, faults = [], []
    if seen.seeds_lost:
        words.append(f"{seen.seeds_lost} of {seen.seeded} keys lost")
        faults += words
    if seen.lost:
        told = ", and told" if wants.loss_told and seen.loss_told else ""
        words.append(f"{seen.lost} of {seen.written} writes lost{told}")
        faults += words[-1:] if seen.lost > wants.spare and not told else []
    return Verdict(words or ["nothing lost"], faults)


def _telling(seen: Seen) -> Verdict:
    if seen.told is None:
        return Verdict([], [])
    return Verdict(["told"], []) if seen.told else _fault("not told")


def _remarks(seen: Seen) -> Verdict:
    words = [remark.removeprefix("!") for remark in seen.remarks]
    return Verdict(words, [remark[1:] for remark in seen.remarks if remark.startswith("!")])


def _fault(word: str) -> Verdict:
    return Verdict([word], [word])
