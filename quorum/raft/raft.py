"""Agreement by Raft with a log of one entry, among the sentinels themselves (``quorum.agreement``).

``register`` elects and replicates; ``attendance`` keeps this sentinel's part in that, and reports it to the
peers. The effects are ``Persist`` and ``Send``.
"""

from __future__ import annotations

import random

from quorum.agreement import (
    AgreementInput,
    Campaign,
    Distrust,
    Gossiped,
    OwnWords,
    Reconsider,
)
from quorum.effects import BackendEffect, Effect
from quorum.inputs import IdTwice, PeerGone, Propose, Received, StopLeading, Wake, YieldTo
from quorum.member_config import MemberConfig
from quorum.messages import AppendReply, HardState, Message, Opinions, Resign
from quorum.raft import campaign
from quorum.raft.attendance import Attendance
from quorum.raft.register import Register
from quorum.raft.status import Status
from quorum.rank import ranking
from quorum.standing import Standing


class Raft:
    """``state`` is what is on disk. ``drawn``: what the cluster is called if this sentinel founds it, in the
    register that agrees on that (``quorum.cluster``).
    """

    def __init__(
        self, config: MemberConfig, state: HardState, rng: random.Random, now: float, drawn: str = ""
    ) -> None:
        order = ranking(config.group, config.members)
        self._peers = tuple(member for member in order if member != config.self_id)
        self.standing = Standing(config.self_id, order)
        stands = campaign.Campaign(
            order.index(config.self_id),
            config.timing,
            rng,
            not_before=now + config.timing.mute_s(state.promised_ms),
            crowd=config.crowd,
            standing=self.standing,
        )
        self._attendance = Attendance(config, state, now)
        recovery = self._attendance.recovery
        self._register = Register(
            config.self_id,
            config.members,
            stands,
            config.timing,
            state,
            now,
            recovery.membership,
            config.ballot,
        )
        self._register.listening = recovery.why()
        self._register.draw(drawn)
        self._urgent = False
        self.view = Status(self._register, self._attendance, self._peers)

    @property
    def state(self) -> HardState:
        """The state that must be on disk before anything that depends on it."""
        return self._register.state

    def next_deadline(self, now: float) -> float | None:
        deadline, recovery = self._register.next_deadline(now), self._attendance.recovery
        if not recovery.listens:
            return deadline
        return recovery.ask_at if deadline is None else min(deadline, recovery.ask_at)

    def step(self, given: AgreementInput, now: float) -> list[Effect]:
        register = self._register
        match given:
            case Wake():
                self._attendance.keep(register, now)
            case Campaign():
                self._urgent = given.urgent
                register.want(given.reasons, now)
                register.wake(now)
            case Reconsider():
                register.reconsider(now)
            case _:
                self._take_in(given, now)
                self._attendance.keep(register, now)
        return register.take_effects()

    def _take_in(self, given: AgreementInput, now: float) -> None:
        register = self._register
        match given:
            case Received(sender, message):
                self._receive(sender, message, now)
            case Gossiped(sender):
                if self._attendance.hear(given, register, now):
                    self.standing.heard(sender, given.stands_back)
            case Propose(topology, intent, directives):
                register.propose(topology, intent, now, directives)
            case StopLeading(retry_after_s, reason):
                register.resign(now, retry_after_s, reason)
                self._hurry(now)
            case YieldTo(term):
                register.yield_to(term, now)
            case PeerGone(peer):
                self.standing.heard(peer, "out of touch")
                self._attendance.gone(peer)
            case IdTwice(is_so):
                self._attendance.id_twice(is_so, register, now)
            case Distrust():
                register.distrust(now)

    def _receive(self, sender: str, message: Message, now: float) -> None:
        self._register.receive(sender, message, now)
        if isinstance(message, AppendReply):
            self._attendance.recovery.saw(sender, message.entry_id)
        elif isinstance(message, Resign):
            self._hurry(now)

    def _hurry(self, now: float) -> None:
        if self._urgent:
            self._register.reconsider(now)

    # -- what the peers are told, and tell -----------------------------------------------------

    def say(self, words: OwnWords, now: float, *, to_all: bool) -> list[BackendEffect]:
        return self._attendance.say(self._peers, words, self.standing, now, to_all=to_all)

    def repeats(self, sender: str, frame: Opinions) -> bool:
        return self._attendance.repeats(sender, frame)

    def repeated(self, sender: str, frame: Opinions) -> None:
        self._attendance.recovery.repeated(sender, (frame.boot, frame.seq))
