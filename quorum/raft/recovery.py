"""Decides whether a sentinel takes part in elections, and what the others must tell it before it does.

Votes, entries and promises count because they are on a disk that only goes forward. A disk that was emptied,
or restored from a backup, has gone back, and a majority that counts on it may undo a commit. So a sentinel
that cannot prove that its state is the one that it wrote last *listens*: it votes for no candidate,
acknowledges nothing and does not stand, until a majority of the others, each of which takes part itself, has
told it its term and its entry. Any majority that the sentinel was part of shares a member with those, so what
it forgot is among what they tell (the recovery of Viewstamped Replication, section 4.3).

This holds once that majority has come about. An earlier acknowledgement may still be on its way, and complete
one later, with members that reported what they had before it did. A leader counts on it no longer than
``over_at``, when all promises that this sentinel may have made are over. So only answers to questions asked
after that count.

If no member has a history there is nothing to tell: sentinels that are all new found the cluster when they
have heard of each other. If too many directories are gone neither is possible, and an operator must set all
of them aside (``vedette found-anew``).

A group that the sentinel has run without is *retired* in its directory: the committed entry is set aside, and
in that group it listens like a new member. If only a few left the group by mistake, the others tell them, and
nothing is undone. If no member has the group any more they found it again, in terms above all that they kept.
So a group that comes back under a former name has no past, and its fences only grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from quorum.agreement import Gossiped
from quorum.errors import MembershipError
from quorum.membership import Membership
from quorum.messages import GENESIS, About, Entry, EntryId, HardState, Part
from quorum.votes import majority

ASK_EVERY_S = 1.0
LOST, RETIRED, RESTORED, BEHIND, TWICE = "new", "retired", "restored", "behind", "twice"


@dataclass(frozen=True, slots=True)
class Told:
    """The state with which a listener begins to take part. ``founding``: no promise was made yet."""

    term: int
    entry: Entry
    committed: Entry
    membership: Membership
    founding: bool


@dataclass(frozen=True, slots=True)
class _Word:
    version: tuple[int, int]
    term: int
    entry: Entry
    committed: Entry
    under: Membership | None
    part: str
    counts: bool
    """It was reported after all promises that the listener may have made were over."""

    @property
    def takes_part(self) -> bool:
        return self.part == Part.VOTER

    @property
    def is_blank(self) -> bool:
        return self.entry == GENESIS and self.committed == GENESIS


class Recovery:
    """``vouched``: the state is the very one that the last process of this id wrote. ``promises_s``: for how
    long at most it may have promised anything.
    """

    def __init__(
        self,
        self_id: str,
        members: Iterable[str],
        state: HardState,
        *,
        vouched: bool,
        now: float,
        promises_s: float,
    ) -> None:
        self.self_id = self_id
        kept = state.membership
        self.membership = _membership(state, members)
        self._others = self.membership.everybody - {self_id}
        sure = vouched or not self._others
        if state.retired and self._others:
            self._doubt = RETIRED
        else:
            # Without a membership it has not taken part yet, whatever it has learnt before it crashed.
            self._doubt = "" if sure else LOST if kept is None else RESTORED
        self._words: dict[str, _Word] = {}
        self._heard: dict[str, EntryId] = {}
        self._promises_s = promises_s
        self._over_at = now + promises_s
        self._is_twice = False
        self._question: tuple[int, int] | None = None
        """The first that was asked after that, as ``(boot, seq)``."""
        self.ask_at = now

    # -- what can be asked ---------------------------------------------------------------------

    @property
    def listens(self) -> bool:
        return bool(self._doubt)

    @property
    def is_retired(self) -> bool:
        """It has been without the group, and knows nothing of it until a majority of the others tells it."""
        return self._doubt == RETIRED

    @property
    def part(self) -> Part:
        if self._doubt:
            return Part.NEW if self._doubt in (LOST, RETIRED) else Part.LISTENER
        return Part.VOTER

    @property
    def needed(self) -> int:
        """The number of other members that must have told a listener their state."""
        return majority(len(self._others)) if self._others else 0

    def why(self) -> str:
        """Why it takes no part, and what it waits for, in words; empty if it takes part."""
        if not self._doubt:
            return ""
        what = {
            LOST: "its state directory is new",
            RETIRED: "it was started without this group since it last took part",
            RESTORED: "its state directory is not the one that it wrote last: restored, copied or moved",
            BEHIND: "its state is older than what its peers have heard of it",
            TWICE: "another process had its id, and may have promised anything",
        }[self._doubt]
        if self._is_twice:
            return "listens only, for another process has its id: stop one of the two, or give it its own id"
        told = sorted(peer for peer, word in self._words.items() if word.takes_part and word.counts)
        return (
            f"listens only, for {what}: {len(told)} of {self.needed} needed have told it what they have"
            + (f" ({' '.join(told)})" if told else "")
            + (f"; {self._stuck()}" if self._stuck() else "")
        )

    def _stuck(self) -> str:
        """Too many members have nothing to tell: waiting cannot help."""
        gone = sorted(peer for peer, word in self._words.items() if not word.takes_part)
        is_new = self._doubt in (LOST, RETIRED)
        blank = is_new and all(word.is_blank for word in self._words.values())
        if blank or len(self._others) - len(gone) >= self.needed:
            return ""
        listen = f"{' '.join(gone)} {'listens' if len(gone) == 1 else 'listen'} too"
        if self.is_retired:
            have = " ".join(sorted(peer for peer, word in self._words.items() if not self._is_anew(word)))
            return (
                f"{listen}, and too few are left to tell: start {have} once without this group, and then "
                "with it; it is then founded anew, and no other group is touched"
            )
        return (
            f"{listen}, and too few are left to tell: stop all sentinels, run 'vedette found-anew' for each, "
            "and start them; the primary is then found out anew"
        )

    @property
    def is_stuck(self) -> bool:
        return self.listens and not self._is_twice and bool(self._stuck())

    def about(self, state: HardState, *, asks: bool, answers: Mapping[str, tuple[int, int]]) -> About:
        heard = tuple((peer, *entry_id) for peer, entry_id in sorted(self._heard.items()))
        entry = None if state.entry == state.committed else state.entry
        behind = tuple((peer, *question) for peer, question in sorted(answers.items()))
        return About(state.term, entry, self.membership, self.part, asks, heard, behind)

    def asked(self, boot: int, seq: int, now: float) -> None:
        """All others are asked now what they have, with that report."""
        if self._question is None and now >= self._over_at:
            self._question = (boot, seq)
        again_at = now + ASK_EVERY_S
        self.ask_at = min(again_at, self._over_at) if now < self._over_at else again_at

    def refusal(self, about: About | None) -> str:
        """Why what a peer says is not listened to at all: it is of other members, more than one step away."""
        if about is None or self.membership.differs_by(about.under) <= 1:
            return ""
        if about.under.voters == self.membership.former or about.under.former == self.membership.voters:
            return ""
        return f"has the members {about.under}, and here they are {self.membership}"

    # -- what is heard -------------------------------------------------------------------------

    def hear(self, report: Gossiped, state: HardState, now: float) -> bool:
        """True if what the peer remembers of this sentinel is newer than what it has: its disk went back."""
        peer, about, version = report.sender, report.about, (report.boot, report.seq)
        known = self._words.get(peer)
        if known is not None and version <= known.version:
            return False
        counts = self._is_said_late(about, now)
        if about is None:
            # A release that does not report this takes part, as ever.
            self._words[peer] = _Word(
                version, report.committed.term, report.committed, report.committed, None, Part.VOTER, counts
            )
            return False
        entry = about.entry or report.committed
        self._words[peer] = _Word(
            version, about.term, entry, report.committed, about.under, about.part, counts
        )
        if self._words[peer].takes_part:
            self.saw(peer, entry.id)
        else:
            self._heard[peer] = entry.id  # It reports a loss: its former state no longer counts.
        newest = max(((term, seq) for who, term, seq in about.heard if who == self.self_id), default=(0, 0))
        if self.listens or newest <= state.entry.id:
            return False
        self._doubt_it(BEHIND)
        return True

    def repeated(self, peer: str, version: tuple[int, int]) -> None:
        """It repeats its last report, so an earlier one that arrives now is late."""
        if peer in self._words:
            self._words[peer] = replace(self._words[peer], version=version)

    def twice(self, is_so: bool, now: float) -> None:
        """Another process has this sentinel's id, or no longer: what that promised is not known here."""
        if is_so != self._is_twice:
            self._is_twice = is_so
            self._over_at = now + self._promises_s
            self._doubt_it(self._doubt if self._doubt in (LOST, RETIRED) else TWICE)
            self.ask_at = now

    def _doubt_it(self, why: str) -> None:
        """From now on it listens, and earlier reports no longer count."""
        self._doubt, self._question = why, None
        self._words.clear()

    def _is_said_late(self, about: About | None, now: float) -> bool:
        if about is None or about.answers is None:
            # From a release that numbers no reports: it cannot have been on its way for long.
            return now >= self._over_at
        behind = {(boot, seq) for peer, boot, seq in about.answers if peer == self.self_id}
        question = self._question
        return question is not None and any(
            boot == question[0] and seq >= question[1] for boot, seq in behind
        )

    def saw(self, peer: str, entry_id: EntryId) -> None:
        """``peer`` has said that it stores that."""
        self._heard[peer] = max(entry_id, self._heard.get(peer, entry_id))

    def forget(self, peer: str) -> None:
        """It is out of touch: its report may be outdated."""
        self._words.pop(peer, None)

    # -- what follows --------------------------------------------------------------------------

    def joins(self, state: HardState) -> Told | None:
        """The listener's state once it is enough to take part; the caller must then do so."""
        if not self.listens or self._is_twice:
            return None
        words = self._words
        late = [word for word in words.values() if word.counts]
        count = sum(word.takes_part for word in late)
        blank = all(word.is_blank for word in words.values()) and state.entry == GENESIS
        afresh = blank and (sum(map(self._is_alike, late)) >= self.needed or self._all_anew())
        # Nobody has ever promised anything, so nothing has to be over.
        founding = (
            blank
            and words.keys() >= self._others
            and sum(map(self._is_alike, words.values())) >= self.needed
            and not any([state.term, *(word.term for word in words.values())])
        )
        if not (count >= self.needed or afresh or founding):
            return None
        self._doubt = ""
        newest = [state.entry, *(word.entry for word in words.values())]
        committed = [state.committed, *(word.committed for word in words.values())]
        self.membership = self._adopted(words)
        return Told(
            max([state.term, *(word.term for word in words.values())]),
            max(newest, key=lambda entry: entry.id),
            max(committed, key=lambda entry: entry.id),
            self.membership,
            founding=founding,
        )

    def _is_alike(self, word: _Word) -> bool:
        """Whether it can found a cluster with this sentinel."""
        same = word.under is None or word.under.voters == self.membership.voters
        return same and (word.takes_part or word.part == Part.NEW)

    def _is_anew(self, word: _Word) -> bool:
        return word.part == Part.NEW and word.is_blank and self._is_alike(word)

    def _all_anew(self) -> bool:
        """All configured members have nothing; a former member is not waited for."""
        late = {peer for peer, word in self._words.items() if word.counts and self._is_anew(word)}
        others = frozenset(self.membership.voters) - {self.self_id}
        return bool(others) and late >= others

    def _adopted(self, words: Mapping[str, _Word]) -> Membership:
        """The newest membership, with the same members, of those that take part; or the step from theirs."""
        said = [word.under for word in words.values() if word.takes_part and word.under is not None]
        newest = max(said, key=lambda under: (under.epoch, not under.is_joint), default=None)
        if newest is None:
            return self.membership
        same = [under for under in said if under.voters == self.membership.voters]
        if same:
            return max(same, key=lambda under: (under.epoch, not under.is_joint))
        return Membership(self.membership.voters, newest.epoch + 1, newest.voters)

    def moves(self, state: HardState) -> tuple[Membership, int] | None:
        """The membership to go on with and the term to go up to; the caller must then do so.

        The members that count here know every vote and every entry of a majority of the former set. So an
        election by the new set alone is in a later term, and begins with that entry.
        """
        mine = self.membership
        # Asked at every step, and nearly always there is nothing to move to.
        later = any(word.under is not None and word.under.epoch > mine.epoch for word in self._words.values())
        if self.listens or not (mine.is_joint or later):
            return None
        here = {
            peer: (word.under, word.entry.id, word.term)
            for peer, word in self._words.items()
            if word.takes_part and word.under is not None and word.under.voters == mine.voters
        }
        ahead = [
            (under, term)
            for under, _, term in here.values()
            if under.epoch > mine.epoch
            or (under.epoch == mine.epoch and mine.is_joint and not under.is_joint)
        ]
        if ahead:
            under, term = max(ahead, key=lambda each: (each[0].epoch, not each[0].is_joint))
            self.membership = under
            return under, term
        stores = {peer: entry_id for peer, (_, entry_id, _) in here.items()} | {self.self_id: state.entry.id}
        if not mine.is_joint or not Membership(mine.former).elects(stores):
            return None
        newest = max(stores.values())
        if not mine.alone().elects({peer for peer, entry_id in stores.items() if entry_id >= newest}):
            return None
        self.membership = mine.alone()
        return self.membership, max([state.term, *(term for _, _, term in here.values())])


def _membership(state: HardState, members: Iterable[str]) -> Membership:
    """A retired group may have been unused for long: several members may have come and gone."""
    if state.membership is None:
        return Membership.of(members)
    try:
        return state.membership.moved_to(members)
    except MembershipError:
        if not state.retired:
            raise
        return Membership.of(members)
