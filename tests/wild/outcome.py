"""What was seen at the end of a situation, what is wrong with it, and how that reads in few words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.chaos.wire import ask_once
from tests.wild.bed import SEEDED, Bed
from tests.wild.situation import Situation, Wants
from tests.wild.writer import KEY

FELT_S = 0.5
"""A pause of the writes that is shorter is not worth a word: the machine is shared."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``faults`` are those of ``words`` that the user did not deserve."""

    situation: str
    system: str
    named: list[str]
    masters: list[str]
    writes: bool
    outage_s: float
    acknowledged: int
    lost: int
    seeded: int
    seeds_lost: int
    told: bool | None
    words: list[str]
    faults: list[str]
    remarks: list[str]
    says: list[str]


def observe(situation: Situation, bed: Bed, ended_at: float) -> Outcome:
    """To be called once the client has stopped."""
    wants = situation.wants
    named = sorted(set(bed.named()))
    masters = bed.masters()
    one = named[0] if len(named) == 1 else None
    writes = bed.writer.count > 0 and bed.writer.acknowledged[-1][0] > ended_at - 1.0
    outage = bed.writer.longest_gap_s(bed.struck_at, ended_at) if bed.writer.count else 0.0
    holder = one if one in masters else (masters[0] if masters else None)
    seeds_lost, lost = _missing(bed, holder)
    says = bed.system.says()
    told = all(_tells(bed, says, letter) for letter in wants.tell) if wants.tell else None
    good, bad = _words(wants, bed, one, named, masters, writes, outage)
    more, worse = _data_words(wants, bed, seeds_lost, lost)
    faults = [*bad, *worse]
    if wants.or_told and told:
        faults = [fault for fault in faults if fault not in bad]
    if told is False:
        faults.append("not told")
    words = [*good, *more, *(["told"] if told else []), *(["not told"] if told is False else [])]
    wrong = [remark.removeprefix("!") for remark in bed.remarks if remark.startswith("!")]
    words += [remark.removeprefix("!") for remark in bed.remarks]
    return Outcome(
        situation.name,
        bed.system.name,
        named,
        masters,
        writes,
        round(outage, 2),
        bed.writer.count,
        lost,
        bed.seeded,
        seeds_lost,
        told,
        words,
        [*faults, *wrong],
        list(bed.remarks),
        _without_repetition(says),
    )


def _words(
    wants: Wants,
    bed: Bed,
    one: str | None,
    named: list[str],
    masters: list[str],
    writes: bool,
    outage: float,
) -> tuple[list[str], list[str]]:
    """What is said of the primary; and those of the words that are faults."""
    words, faults = [], []
    after = f" after {outage:.1f} s" if outage >= FELT_S else " at once"
    if one is None:
        faults.append(f"the sentinels name {', '.join(named)}")
    elif one == "nobody" or one not in masters:
        faults.append("nobody is primary" if not masters else f"{one} is named, and is none")
    elif not writes and bed.writer.count:
        word = f"{one} is primary, and writes fail"
        words.append(word)
        faults += [word] if wants.writes else []
    else:
        same = one == bed.primary
        stays = f"{one} stays" if outage < FELT_S else f"{one} stays, no writes for {outage:.1f} s"
        word = stays if same else f"{one}{after}"
        words.append(word)
        if (wants.primary == "another" and same) or (wants.primary == "same" and not same):
            faults.append(word)
    if len(masters) > 1:
        faults.append(f"two masters: {', '.join(masters)}" if len(masters) == 2 else f"masters: {masters}")
    return [*words, *(fault for fault in faults if fault not in words)], faults


def _data_words(wants: Wants, bed: Bed, seeds_lost: int, lost: int) -> tuple[list[str], list[str]]:
    if wants.spare is None:
        return [], []
    words, faults = [], []
    if seeds_lost:
        words.append(f"{seeds_lost} of {bed.seeded} keys lost")
        faults += words
    if lost:
        word = f"{lost} of {bed.writer.count} writes lost"
        words.append(word)
        if lost > wants.spare:
            faults.append(word)
    return words or ["nothing lost"], faults


def _missing(bed: Bed, holder: str | None) -> tuple[int, int]:
    """Seeded keys and acknowledged writes that the primary lacks; without one, the node that lacks least."""
    letters = [holder] if holder else [letter for letter, node in bed.nodes.items() if node.running]
    numbers = bed.writer.numbers()
    seeds = [f"seed:{number}" for number in range(bed.seeded or SEEDED)] if bed.seeded else []
    found = [
        (_absent(bed, letter, seeds), _absent(bed, letter, [f"{KEY}{number}" for number in numbers]))
        for letter in letters
    ]
    return min(found, key=sum, default=(len(seeds), len(numbers)))


def _absent(bed: Bed, letter: str, keys: list[str]) -> int:
    absent = 0
    for first in range(0, len(keys), 500):
        some = keys[first : first + 500]
        values: Any = ask_once(bed.node(letter).name, "MGET", *some, timeout_s=5.0)
        absent += len(some) if values is None else sum(value is None for value in values)
    return absent


def _tells(bed: Bed, says: list[str], letter: str) -> bool:
    """Whether any complaint names this node."""
    port = str(bed.node(letter).port)
    return any(port in text for text in says)


def _without_repetition(says: list[str]) -> list[str]:
    return list(dict.fromkeys(says))[:60]
