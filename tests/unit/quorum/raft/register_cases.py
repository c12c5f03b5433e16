"""A register on its own, with the peers played by the test: what it is told, and what it answers."""

from __future__ import annotations

import random
from typing import TypeAlias, TypeVar

from quorum.crowd import ALONE, Crowd
from quorum.effects import Effect, Emit, Event, Persist, Send
from quorum.messages import (
    AppendReply,
    HardState,
    Message,
    PreVoteReply,
    PreVoteRequest,
    Topology,
    VoteReply,
    VoteRequest,
)
from quorum.raft.campaign import Campaign
from quorum.raft.register import Register
from quorum.role import Role
from quorum.timing import Timing

TIMING = Timing()
START = 100.0
NOW = START + TIMING.election_max_s
"""The first moment at which a sentinel that started at ``START`` may vote and stand."""
WORK = frozenset({"odown"})
PROMISED_MS = 300
"""What a voter promises, by these times."""
NODE, OTHER = "redis-a:6379", "redis-b:6379"

Asking: TypeAlias = type[PreVoteRequest] | type[VoteRequest]
ASKING: tuple[Asking, ...] = (PreVoteRequest, VoteRequest)

M = TypeVar("M")


def make(
    state: HardState | None = None,
    size: int = 3,
    rank: int = 0,
    crowd: Crowd = ALONE,
    timing: Timing = TIMING,
    ballot: int = 0,
) -> Register:
    """s1 of ``size`` sentinels, started at ``START``."""
    members = frozenset(f"s{number}" for number in range(1, size + 1))
    awake_at = START + TIMING.election_max_s
    campaign = Campaign(rank, timing, random.Random(1), not_before=awake_at, crowd=crowd)
    return Register("s1", members, campaign, timing, state or HardState(), START, ballot=ballot)


def topology(term: int, primary: str = NODE) -> Topology:
    return Topology(primary, term, None, "test", "s1", 0, 0)


def hear(register: Register, sender: str, message: Message, now: float = NOW) -> list[Effect]:
    """What the register does about ``message``."""
    register.receive(sender, message, now)
    return register.take_effects()


def sent(effects: list[Effect], kind: type[M], to: str | None = None) -> list[M]:
    return [
        effect.message
        for effect in effects
        if isinstance(effect, Send) and isinstance(effect.message, kind) and to in (None, effect.to)
    ]


def answer(effects: list[Effect]) -> PreVoteReply | VoteReply:
    """The one answer to a question for a vote."""
    replies: list[PreVoteReply | VoteReply] = [*sent(effects, PreVoteReply), *sent(effects, VoteReply)]
    (reply,) = replies
    return reply


def emitted(effects: list[Effect]) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, Emit)]


def persisted(effects: list[Effect]) -> list[HardState]:
    return [effect.state for effect in effects if isinstance(effect, Persist)]


def place(effects: list[Effect], kind: type[Message] | type[Persist]) -> int:
    """Where in the effects the first write, or the first message of that kind, is."""
    return next(
        index
        for index, effect in enumerate(effects)
        if isinstance(effect, kind) or (isinstance(effect, Send) and isinstance(effect.message, kind))
    )


def candidate(
    now: float = NOW,
    state: HardState | None = None,
    size: int = 3,
    crowd: Crowd = ALONE,
    timing: Timing = TIMING,
) -> Register:
    """One that has just asked for votes."""
    register = make(state, size, crowd=crowd, timing=timing)
    register.want(WORK, now)
    register.wake(now)
    for number in range(2, size // 2 + 2):
        register.receive(f"s{number}", PreVoteReply(register.state.term + 1, True), now)
    assert register.role is Role.CANDIDATE
    register.take_effects()
    return register


def leader(now: float = NOW, state: HardState | None = None, size: int = 3) -> Register:
    """One that has just won."""
    register = candidate(now, state, size)
    for number in range(2, size // 2 + 2):
        register.receive(f"s{number}", VoteReply(register.state.term, True), now)
    assert register.lease_valid(now)
    register.take_effects()
    return register


def store(register: Register, sender: str, now: float = NOW) -> list[Effect]:
    """``sender`` acknowledges the newest broadcast, with the newest entry on its disk."""
    reply = AppendReply(register.state.term, register._progress.round, register.state.entry.id)
    return hear(register, sender, reply, now)
