"""What was seen of a node in its old role says nothing about it in its new one."""

from __future__ import annotations

import random

from quorum.evidence import DataSeen, Evidence, EvidenceKind
from quorum.inputs import DataObserved, Observed, Received, Watch
from quorum.member import Member
from quorum.messages import Entry, HardState, Opinions, Topology
from tests.unit.quorum.member_cases import PATIENCE, config, raft_member

OLD, NEW = "redis-a:6379", "redis-b:6379"
BEFORE = Entry(1, 1, Topology(OLD, 1, None, "bootstrap", "s1", 0, 0))
AFTER = Entry(2, 2, Topology(NEW, 2, OLD, "switchover", "s2", 0, 0))
DOWN_AFTER_S = PATIENCE.down_after_s


def member_at(now: float) -> Member:
    member = raft_member(config(vouched=False), HardState(1, None, BEFORE, BEFORE), random.Random(1), now)
    member.step(Watch((OLD, NEW)), now)
    return member


def seen(run_id: str, role: str) -> DataSeen:
    return DataSeen(run_id, role, keys=9, offset_bytes=100, replid="h1")


def look(member: Member, now: float, old_role: str) -> None:
    for node in (OLD, NEW):
        member.step(Observed(node, Evidence(EvidenceKind.ALIVE)), now)
    member.step(DataObserved(OLD, seen("ra", old_role)), now)


def hear_of(member: Member, committed: Entry, now: float) -> None:
    member.step(Received("s2", Opinions(1, round(now * 1000), (), committed)), now)


def test_an_old_primary_seen_as_a_replica_before_it_hears_of_the_change_is_not_down_after_it() -> None:
    """A switchover: the role changed first, then the topology."""
    member = member_at(100.0)
    look(member, 101.0, "slave")
    hear_of(member, AFTER, 101.1)
    assert member.primary == NEW
    look(member, 101.0 + 2 * DOWN_AFTER_S, "slave")
    assert not member.verdict(OLD, 101.0 + 2 * DOWN_AFTER_S).down


def test_while_it_is_the_primary_it_is_down_if_it_stays_a_replica() -> None:
    member = member_at(100.0)
    look(member, 101.0, "slave")
    look(member, 101.0 + 2 * DOWN_AFTER_S, "slave")
    assert member.verdict(OLD, 101.0 + 2 * DOWN_AFTER_S).down
