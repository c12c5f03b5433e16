"""What a member of a small cluster is made with, where a test is about something else."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from quorum.detector import Patience
from quorum.member import Member
from quorum.member_config import MemberConfig
from quorum.messages import HardState
from quorum.raft.raft import Raft
from quorum.raft.recovery import Recovery
from quorum.raft.register import Register
from quorum.timing import Timing
from quorum.votes import majority

IDS = ("s1", "s2", "s3")
PATIENCE = Patience(refused_after_s=0.1, down_after_s=1.0, loading_after_s=30.0)
TTL_S = 3.0


def config(self_id: str = "s1", members: Collection[str] = IDS, **changes: Any) -> MemberConfig:
    """Of s1 of three, in the group ``g``, whose state is its own, unless ``changes`` say otherwise."""
    usual = MemberConfig(
        self_id,
        "g",
        frozenset(members),
        majority(len(members)),
        PATIENCE,
        Timing(),
        TTL_S,
        boot=1,
        vouched=True,
    )
    return replace(usual, **changes)


def numbered(size: int) -> tuple[str, ...]:
    """s1, s2 and so on."""
    return tuple(f"s{number}" for number in range(1, size + 1))


def raft_member(made_with: MemberConfig, state: HardState, rng: random.Random, now: float) -> Member:
    return Member(made_with, Raft(made_with, state, rng, now), now)


def hard_state(member: Member) -> HardState:
    """All that it has to have on disk."""
    assert isinstance(member.agreement, Raft)
    return member.agreement.state


def register(member: Member) -> Register:
    """What elects and replicates."""
    assert isinstance(member.agreement, Raft)
    return member.agreement._register


def recovery(member: Member) -> Recovery:
    assert isinstance(member.agreement, Raft)
    return member.agreement._attendance.recovery
