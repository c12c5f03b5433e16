"""A group's member goes by what any kind of agreement offers: here one that agrees at once, with nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from quorum.agreement import AgreementInput, Campaign, Distrust, Gossiped, OwnWords, View
from quorum.directives import Directives, Pause
from quorum.effects import BackendEffect, Committed, Effect, Elected, Emit
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Propose, Received, Stalled, Wake, Watch
from quorum.member import ODOWN, UNFINISHED, Member
from quorum.membership import Membership
from quorum.messages import Entry, EntryId, Intent, Opinion, Opinions, Topology
from quorum.role import Role
from quorum.standing import Standing
from tests.unit.quorum.member_cases import config

A, B = "redis-a:6379", "redis-b:6379"
FIRST = Entry(1, 1, Topology(A, 1, None, "bootstrap", "s1", 0, 0))
NOW = 100.0


@dataclass
class Alone:
    """The agreement and its view in one. It leads once there is work; whatever it proposes is agreed on."""

    committed: Entry = FIRST
    term: int = 1
    role: Role = Role.FOLLOWER
    leader: str | None = None
    membership: Membership = field(default_factory=lambda: Membership.of(["s1"]))
    listening: str = ""
    is_retired: bool = False
    is_stuck: bool = False
    apart: Mapping[str, str] = field(default_factory=dict)
    newest: Entry = FIRST
    told: list[AgreementInput] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = Standing("s1", ["s1"])

    @property
    def view(self) -> View:
        return self

    @property
    def is_open(self) -> bool:
        return self.newest != self.committed or self.newest.intent is not None

    @property
    def stored(self) -> EntryId:
        return self.newest.id

    def lease_valid(self, now: float) -> bool:
        return self.role is Role.LEADER

    def leader_until(self, now: float) -> float:
        return now + 1.0 if self.role is Role.LEADER else now

    def hears_leader(self, now: float) -> bool:
        return self.role is Role.LEADER

    def confirmed_at(self, said: Callable[[str, EntryId], float], now: float) -> float:
        return now

    def step(self, given: AgreementInput, now: float) -> list[Effect]:
        self.told.append(given)
        match given:
            case Campaign(reasons) if reasons and self.role is not Role.LEADER:
                self.term, self.role = self.term + 1, Role.LEADER
                return [Emit(Elected(self.term, reasons, self.newest))]
            case Propose(topology, intent):
                self.newest = self.committed = Entry(self.term, self.newest.seq + 1, topology, intent)
                return [Emit(Committed(self.newest))]
            case _:
                return []

    def say(self, words: OwnWords, now: float, *, to_all: bool) -> list[BackendEffect]:
        return []

    def repeats(self, sender: str, frame: Opinions) -> bool:
        return False

    def repeated(self, sender: str, frame: Opinions) -> None: ...

    def next_deadline(self, now: float) -> float | None:
        return None

    def asked_for(self) -> list[frozenset[str]]:
        return [given.reasons for given in self.told if isinstance(given, Campaign)]


def watching(agreement: Alone, members: tuple[str, ...] = ("s1",)) -> Member:
    member = Member(config(members=members), agreement, NOW)
    member.step(Watch((A, B)), NOW)
    for node in (A, B):
        member.step(Observed(node, Evidence(EvidenceKind.ALIVE)), NOW)
    agreement.told.clear()
    return member


def lose(member: Member) -> list[Effect]:
    """The primary refuses, and the other node answers."""
    member.step(Observed(B, Evidence(EvidenceKind.ALIVE)), NOW + 0.5)
    made = member.step(Observed(A, Evidence(EvidenceKind.REFUSED)), NOW + 0.5)
    return made + member.step(Wake(), NOW + 0.9)


def test_each_step_tells_it_once_what_came_in_and_then_which_work_is_left() -> None:
    agreement = Alone()
    member = watching(agreement, ("s1", "s2"))
    frame = Opinions(1, 1, (Opinion(A, down=False),), FIRST)
    for given in (Wake(), Observed(A, Evidence(EvidenceKind.ALIVE)), Received("s2", frame), Stalled(1.0)):
        member.step(given, NOW)
    nothing = Campaign(frozenset())
    told = [Wake(), nothing, Wake(), nothing, Gossiped.of("s2", frame), nothing, Distrust(), nothing]
    assert agreement.told == told


def test_a_primary_that_a_quorum_calls_down_is_work_for_a_leader() -> None:
    agreement = Alone()
    made = lose(watching(agreement))
    assert Emit(Elected(2, frozenset({ODOWN}), FIRST)) in made
    assert agreement.asked_for()[-1] == {ODOWN}


def test_in_a_paused_group_it_is_none() -> None:
    paused = replace(FIRST, directives=Directives(Pause(0, "s1")))
    agreement = Alone(committed=paused, newest=paused)
    lose(watching(agreement))
    assert not any(agreement.asked_for())


def test_what_was_begun_and_is_led_by_nobody_is_work_too() -> None:
    begun = replace(FIRST, intent=Intent(B, "refused", "s2", 0))
    agreement = Alone(committed=begun, newest=begun)
    watching(agreement).step(Wake(), NOW)
    assert agreement.asked_for()[-1] == {UNFINISHED}


def test_who_is_primary_is_what_is_committed() -> None:
    agreement = Alone()
    member = watching(agreement)
    lose(member)
    assert member.primary == A and member.is_odown(A)
    member.step(Propose(Topology(B, 2, A, "refused", "s1", 0, 0)), NOW + 1)
    assert member.primary == B and not agreement.asked_for()[-1] & {ODOWN}


def test_opinions_of_a_peer_with_other_members_do_not_count() -> None:
    agreement = Alone(apart={"s2": "has other members"})
    member = Member(config(members=("s1", "s2"), quorum=1), agreement, NOW)
    member.step(Watch((A,)), NOW)
    member.step(Received("s2", Opinions(1, 1, (Opinion(A, down=True),), FIRST)), NOW)
    assert member.board.down(A, NOW) == {}
