"""Membership: the members with which this sentinel votes, and whose votes count together.

A set of members is changed by one at a time: each sentinel takes the new set from its own configuration when
it is restarted. So for a while some hold the former set and some the new one. Three rules prevent two leaders
of one term, and a commit that another set does not know:

* A sentinel that holds the new set while the former may still elect needs a majority of *both* (Raft section
  6, joint consensus). Two changes of the same set that exclude each other, as when the files of two sentinels
  each leave out another one, would both need a majority of that set, and no voter goes with more than one.
* A sentinel that holds the new set neither votes for nor acknowledges one that holds the former. So once a
  majority of the former holds the new one, the former can never elect again, and the new one alone counts.
* The new set begins to count alone only when a majority of its members stores the newest entry that any
  counting member has. So a next change, whose majorities need not meet those of the former set, knows of it.

Sets that differ by one share a member in any two majorities; so nothing else is required of such sets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from quorum.errors import MembershipError
from quorum.votes import majority


@dataclass(frozen=True, slots=True)
class Membership:
    """``former`` is not empty while the set before may still elect: then a majority of both is needed.

    Names are sorted, so that equal sets are equal values. ``epoch`` counts the changes.
    """

    voters: tuple[str, ...]
    epoch: int = 0
    former: tuple[str, ...] = ()

    @classmethod
    def of(cls, members: Iterable[str]) -> Membership:
        """The first one: nothing was before it."""
        return cls(tuple(sorted(members)))

    @property
    def is_joint(self) -> bool:
        return bool(self.former)

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """Each needs a majority of its own."""
        return (self.voters, self.former) if self.former else (self.voters,)

    @property
    def everybody(self) -> frozenset[str]:
        return frozenset((*self.voters, *self.former))

    @property
    def needed(self) -> int:
        """A majority of the voters."""
        return majority(len(self.voters))

    def elects(self, ids: Collection[str]) -> bool:
        """Whether ``ids`` are a majority of every set that counts."""
        return all(sum(one in ids for one in names) >= majority(len(names)) for names in self.sets)

    def differs_by(self, other: Membership) -> int:
        """The number of members added to or removed from the voters."""
        return len(frozenset(self.voters) ^ frozenset(other.voters))

    def moved_to(self, members: Iterable[str]) -> Membership:
        """What this is once ``members`` are configured. Raises MembershipError for more than one step."""
        asked = Membership.of(members)
        if asked.voters == self.voters:
            return self
        if asked.voters == self.former:
            return Membership(self.former, self.epoch - 1)  # Taken back before anybody could count on it.
        # Not yet a set of its own: those before it may still elect, so the step is from them.
        base = Membership(self.former, self.epoch - 1) if self.is_joint else self
        if base.differs_by(asked) > 1:
            raise MembershipError(base, asked)
        return Membership(asked.voters, base.epoch + 1, base.voters)

    def alone(self) -> Membership:
        """The set before can no longer elect."""
        return replace(self, former=())

    def refusal(self, theirs: Membership | None) -> str:
        """Why who holds this does not take part in an election under ``theirs``, in words; empty if it does.

        None: a release that does not tell. Its members are those of its configuration, as ever.
        """
        if theirs is None or theirs.voters == self.voters or theirs.former == self.voters:
            return ""
        newer = theirs.epoch > self.epoch
        if newer and not theirs.is_joint and self.differs_by(theirs) == 1:
            return ""  # It counts alone, so no majority of ours can elect any more.
        return f"votes with the members {theirs}, and here they are {self}"

    def digest(self) -> str:
        """Short, and the same for the same members at the same step."""
        text = json.dumps([self.epoch, self.voters, self.former])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        names = " ".join(self.voters)
        return f"{names} (and a majority of {' '.join(self.former)})" if self.former else names
