"""Keeps this member's part in a group's agreement: what it reports of it, hears, and does about it."""

from __future__ import annotations

from collections.abc import Iterable

from quorum.agreement import Gossiped, OwnWords
from quorum.effects import BackendEffect, Send
from quorum.member_config import MemberConfig
from quorum.messages import About, Entry, HardState, Opinions
from quorum.raft.recovery import Recovery
from quorum.raft.register import Register
from quorum.standing import Standing


class Attendance:
    """``apart`` has the peers that are not listened to at all, and why."""

    def __init__(self, config: MemberConfig, state: HardState, now: float) -> None:
        self.recovery = Recovery(
            config.self_id,
            config.members,
            state,
            vouched=config.vouched,
            now=now,
            promises_s=config.timing.longest_promise_s,
        )
        self.apart: dict[str, str] = {}
        self._boot = config.boot
        self._state = state
        self._seq = 0
        self._begun = False
        self._answer: set[str] = set()
        self._questions: dict[str, tuple[int, int]] = {}
        self._said: dict[str, tuple[object, ...]] = {}
        """What each peer's last report said of itself, and under which members it was judged."""
        self._is_news = False
        """Whether this sentinel's part must be reported to all peers."""

    def keep(self, register: Register, now: float) -> None:
        """Take part by now, or with others, if that is due."""
        recovery, news = self.recovery, False
        if not self._begun:
            self._begun = True
            if not recovery.listens:
                register.begin_under(recovery.membership)
        if (told := recovery.joins(register.state)) is not None:
            register.join(told, now)
            news = True
        if (moved := recovery.moves(register.state)) is not None:
            register.go_on_under(*moved, now)
            news = True
        if recovery.listens:
            register.listening = recovery.why()
            news = news or now >= recovery.ask_at
        self._state = register.state
        self._is_news = news

    def hear(self, report: Gossiped, register: Register, now: float) -> bool:
        """False if nothing of it counts: the sender has other members. Raises PeerViolationError."""
        sender, about = report.sender, report.about
        if why := self.recovery.refusal(about):
            self.apart[sender] = why
            return False
        self.apart.pop(sender, None)
        if about is not None:
            register.check_term(sender, about.term)
        if not self.recovery.is_retired:
            # A single word would bring back what all the others may have done with.
            register.learn_committed(report.committed, now, sender)
        if self.recovery.hear(report, register.state, now):
            register.stand_apart(self.recovery.why())
            self.recovery.ask_at = now
        if about is not None and about.asks:
            self._answer.add(sender)
            self._questions[sender] = (report.boot, report.seq)
        self._said[sender] = self._said_in(report.boot, report.about, report.stands_back, report.committed)
        return True

    def repeats(self, sender: str, frame: Opinions) -> bool:
        """Whether it says what the peer's last one said, so that nothing follows."""
        if self.recovery.listens or sender in self.apart:
            return False
        about = frame.about
        if self._said.get(sender) != self._said_in(frame.boot, about, frame.stands_back, frame.committed):
            return False
        return about is None or not (about.asks or about.answers)

    def _said_in(
        self, boot: int, about: About | None, stands_back: str | None, committed: Entry
    ) -> tuple[object, ...]:
        return boot, about, stands_back, committed, self.recovery.membership

    def id_twice(self, is_so: bool, register: Register, now: float) -> None:
        """Whether another process has this sentinel's id."""
        self.recovery.twice(is_so, now)
        if self.recovery.listens:
            register.stand_apart(self.recovery.why())

    def gone(self, peer: str) -> None:
        self.recovery.forget(peer)
        self.apart.pop(peer, None)
        self._questions.pop(peer, None)
        self._said.pop(peer, None)

    def say(
        self,
        peers: Iterable[str],
        words: OwnWords,
        standing: Standing,
        now: float,
        *,
        to_all: bool,
    ) -> list[BackendEffect]:
        """What is to be said to all, or to those who have asked, in one frame with its opinions."""
        to_all = to_all or self._is_news
        if not (to_all or self._answer):
            return []
        to = [peer for peer in peers if to_all or peer in self._answer]
        self._answer.clear()
        if not to:
            return []
        self._seq += 1
        # An answer is not to be answered.
        asks = to_all and self.recovery.listens
        if asks:
            self.recovery.asked(self._boot, self._seq, now)
        about = self.recovery.about(self._state, asks=asks, answers=self._questions)
        committed = self._state.committed
        said = Opinions(
            self._boot, self._seq, words.own(), committed, words.time, standing.why_not(now), about
        )
        return [Send(peer, said) for peer in to]
