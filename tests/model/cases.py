"""What the model checker is asked: the models as they are, and with a rule taken out, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
AGREEMENT, MEMBERSHIP = "agreement.pml", "membership.pml"


@dataclass(frozen=True, slots=True)
class Case:
    """``without``: the rule that is taken out, which must be noticed; empty: no error may be found."""

    name: str
    file: str
    says: str
    without: str = ""
    bounds: Mapping[str, int] = field(default_factory=dict)

    @property
    def defines(self) -> list[str]:
        names = [f"-D{name}={value}" for name, value in self.bounds.items()]
        return [*names, *([f"-D{self.without}"] if self.without else [])]


_ONE_ENTRY = {"SEQS": 1}
_FENCE = {"REDIS": 1, "RESTARTS": 0, "RESTORES": 0}
_FIVE = {"N": 5, "SEQS": 1, "RESTARTS": 0, "FEW": 1}

CASES: tuple[Case, ...] = (
    Case("agreement", AGREEMENT, "election, lease, recovery: 3 members, 2 terms, 1 restart, 1 restored disk"),
    Case("fence", AGREEMENT, "the same with Redis: 2 replicas, no restart, no restored disk", bounds=_FENCE),
    Case(
        "five",
        AGREEMENT,
        "5 members, of whom 3 stand: 1 restored disk, no restart",
        bounds=_FIVE,
    ),
    Case("membership", MEMBERSHIP, "a member is added, then another removed: 4 members, 2 terms"),
    Case("votes twice", AGREEMENT, "a voter votes once in a term", "VOTES_TWICE", _ONE_ENTRY),
    Case("older entry", AGREEMENT, "no vote for a candidate whose entry is older", "OLDER_ENTRY", _ONE_ENTRY),
    Case(
        "unwritten vote",
        AGREEMENT,
        "one's own vote is on disk before one leads",
        "UNWRITTEN_VOTE",
        _ONE_ENTRY,
    ),
    Case("disloyal", AGREEMENT, "no vote for another while a promise lasts", "DISLOYAL", _ONE_ENTRY),
    Case("stands loyal", AGREEMENT, "nobody stands while it sticks to a leader", "STANDS_LOYAL", _ONE_ENTRY),
    Case("not mute", AGREEMENT, "a restarted sentinel is mute for a while", "NOT_MUTE", _ONE_ENTRY),
    Case(
        "from arrival", AGREEMENT, "a lease counts from when its round was sent", "FROM_ARRIVAL", _ONE_ENTRY
    ),
    Case(
        "late answers",
        AGREEMENT,
        "a vote for a forgotten candidacy does not count",
        "LATE_ANSWERS",
        _ONE_ENTRY,
    ),
    Case("restored votes", AGREEMENT, "a restored disk does not vote at once", "RESTORED_VOTES", _ONE_ENTRY),
    Case("told by one", AGREEMENT, "a majority of the others tells a listener", "TOLD_BY_ONE", _ONE_ENTRY),
    Case("listener acks", AGREEMENT, "a listener acknowledges nothing", "LISTENER_ACKS", _ONE_ENTRY),
    Case(
        "forgets vote", AGREEMENT, "who was told does not vote in that term again", "FORGETS_VOTE", _ONE_ENTRY
    ),
    Case(
        "told early",
        AGREEMENT,
        "a listener is told once all that it may have promised is over",
        "TOLD_EARLY",
        _FIVE,
    ),
    Case("won late", AGREEMENT, "nobody leads by votes that are too old for a lease", "WON_LATE", _FIVE),
    Case("commits late", AGREEMENT, "nothing is committed without a lease", "COMMITS_LATE", _FIVE),
    Case(
        "fence unwatched",
        AGREEMENT,
        "what touches the fence fails the transaction",
        "FENCE_UNWATCHED",
        _FENCE,
    ),
    Case("any set", MEMBERSHIP, "who holds the new set takes no part in the former's", "ANY_SET"),
    Case("unconfirmed", MEMBERSHIP, "a majority of the new set stores the newest entry first", "UNCONFIRMED"),
    Case("same term", MEMBERSHIP, "who counts alone goes up to the newest term", "SAME_TERM"),
)
