"""What was seen at the end of a situation, as it is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.chaos.wire import ask_once
from tests.wild.bed import Bed
from tests.wild.situation import Situation
from tests.wild.verdict import Seen, judge
from tests.wild.writer import KEY

MOST_SAID = 12
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """``faults`` are those of ``words`` that a user did not deserve; ``says``: the complaints."""

    situation: str
    system: str
    named: list[str]
    masters: list[str]
    outage_s: float
    written: int
    lost: int
    seeded: int
    seeds_lost: int
    words: list[str]
    faults: list[str]
    says: list[str]


def observe(situation: Situation, bed: Bed, ended_at: float) -> Outcome:
    """To be called once the client has stopped."""
    named, masters, writer = sorted(set(bed.named())), bed.masters(), bed.writer
    masters += [name for name in named if name in bed.others and bed.role(name)[0] == "master"]
    seeds_lost, lost = _missing(bed, next((name for name in [*named, *masters] if name in masters), None))
    says = bed.system.says()
    tell = situation.wants.tell
    seen = Seen(
        before=bed.primary,
        named=named,
        masters=masters,
        writes=writer.count > 0 and writer.acknowledged[-1][0] > ended_at - 1.0,
        outage_s=round(writer.longest_gap_s(bed.struck_at, ended_at), 2),
        written=writer.count,
        lost=lost,
        seeded=bed.seeded,
        seeds_lost=seeds_lost,
        told=all(_names(bed, says, letter) for letter in tell) if tell else None,
        loss_told=any("may have lost" in text for text in says),
        remarks=bed.remarks,
    )
    verdict = judge(situation.wants, seen)
    return Outcome(
        situation.name,
        bed.system.name,
        named,
        masters,
        seen.outage_s,
        seen.written,
        lost,
        seen.seeded,
        seeds_lost,
        verdict.words,
        verdict.faults,
        [text[:LONGEST] for text in dict.fromkeys(says)][:MOST_SAID],
    )


def _missing(bed: Bed, holder: str | None) -> tuple[int, int]:
    """Seeded keys and acknowledged writes that the primary lacks; without one, the node that lacks least.

    Where nobody lets anything be read, nothing is known to be lost.
    """
    letters = [holder] if holder else [letter for letter, node in bed.nodes.items() if node.running]
    seeds = [f"seed:{number}" for number in range(bed.seeded)]
    written = [f"{KEY}{number}" for number in bed.writer.numbers()]
    every = [*seeds, *written]
    found = [held for letter in letters if (held := _held(bed, letter, every)) is not None]
    if not found:
        return 0, 0
    best = max(found, key=len)
    return sum(key not in best for key in seeds), sum(key not in best for key in written)


def _held(bed: Bed, letter: str, keys: list[str]) -> set[str] | None:
    """Which of the keys a node has; None for one that does not let them be read."""
    held: set[str] = set()
    for first in range(0, len(keys), 500):
        some = keys[first : first + 500]
        values: Any = ask_once(bed.node(letter).name, "MGET", *some, timeout_s=5.0)
        if values is None:
            return None
        held |= {key for key, value in zip(some, values, strict=True) if value is not None}
    return held


def _names(bed: Bed, says: list[str], letter: str) -> bool:
    """Whether any complaint names this node, by whatever port leads to it."""
    ports = [bed.node(letter).port, *(port for port, led in bed.aliases.items() if led == letter)]
    return any(str(port) in text for port in ports for text in says)
