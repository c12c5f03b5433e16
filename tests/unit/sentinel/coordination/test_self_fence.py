"""When a sentinel that is cut off pauses the writes of its primary, and when it lets them go on."""

from __future__ import annotations

import pytest

from sentinel.coordination.self_fence import PAUSE_S, RENEW_S, START_GRACE_S, Pausing, SelfFence

LEASE_S = 0.25
START = 100.0
P = "redis-a:6379"


class Case:
    def __init__(self) -> None:
        self.fence = SelfFence(LEASE_S, START)
        self.primary: str | None = P
        self.answers = True
        self.is_replica = False
        self.agree = False
        self.hands_off = ""
        self.names: dict[str, str] = {}

    def tick(self, now: float, heard: float | None = None) -> Pausing | None:
        if heard is not None:
            self.fence.heard(heard)
        return self.fence.tick(
            now,
            primary=self.primary,
            local=lambda node: self.names.get(node, node),
            answers=lambda _node: self.answers,
            is_replica=lambda _node: self.is_replica,
            hands_off=lambda _node: self.hands_off,
            agree=lambda _node, _since: self.agree,
        )[0]


@pytest.fixture
def cut() -> Case:
    """In touch at START + 1, and not since then; the pause began half a second later."""
    case = Case()
    assert case.tick(START + 1, heard=START + 1) is None
    assert case.tick(START + 1 + LEASE_S) is None, "not longer than the lease"
    assert case.tick(START + 1.5) == Pausing(P, PAUSE_S)
    return case


def test_it_is_renewed_while_cut_off(cut: Case) -> None:
    assert cut.tick(START + 1.6) is None
    assert cut.tick(START + 1.5 + RENEW_S) == Pausing(P, PAUSE_S)
    assert PAUSE_S > 2 * RENEW_S, "a renewal may be lost"


def test_contact_alone_does_not_end_it(cut: Case) -> None:
    assert cut.tick(START + 2.0, heard=START + 1.9) is None
    assert cut.fence.node == P
    cut.agree = True
    assert cut.tick(START + 2.1, heard=START + 2.0) == Pausing(P, 0.0)
    assert cut.fence.node is None


def test_a_pause_ends_also_under_another_name_of_the_node(cut: Case) -> None:
    other = f"alias-{P}"
    cut.primary, cut.names = other, {P: other}
    cut.agree = True
    assert cut.tick(START + 2.0, heard=START + 1.9) is None
    assert cut.tick(START + 2.1, heard=START + 2.0) == Pausing(other, 0.0)
    assert cut.fence.node is None


def test_what_was_said_before_contact_was_regained_does_not_count(cut: Case) -> None:
    asked: list[float] = []

    def agree(_node: str, since: float) -> bool:
        asked.append(since)
        return False

    cut.fence.heard(START + 1.9)
    for now in (START + 2.0, START + 2.1):
        cut.fence.tick(
            now,
            primary=P,
            local=str,
            answers=lambda _node: True,
            is_replica=lambda _node: False,
            hands_off=lambda _node: "",
            agree=agree,
        )
    assert asked == [START + 2.0]


def test_another_primary_keeps_the_old_one_paused_until_it_is_a_replica(cut: Case) -> None:
    cut.primary, cut.agree = "redis-b:6379", True
    cut.tick(START + 2.0, heard=START + 2.0)
    assert cut.tick(START + 2.6, heard=START + 2.6) == Pausing(P, PAUSE_S)
    cut.is_replica = True
    assert cut.tick(START + 2.7, heard=START + 2.7) is None
    assert cut.fence.node is None


def test_a_replica_is_not_paused() -> None:
    case = Case()
    case.is_replica = True
    case.fence.heard(START + 1)
    assert case.tick(START + 9) is None


def test_a_server_that_need_not_be_the_groups_is_not_paused() -> None:
    case = Case()
    case.hands_off = "it has replicas that are none of the group's"
    case.fence.heard(START + 1)
    assert case.tick(START + 9) is None
    case.hands_off = ""
    assert case.tick(START + 9.1) == Pausing(P, PAUSE_S)


def test_one_that_turns_out_to_be_somebody_elses_is_told_nothing_more(cut: Case) -> None:
    cut.hands_off = "group other has this server too"
    assert cut.tick(START + 1.5 + RENEW_S) is None
    assert cut.fence.node is None


def test_nobody_is_paused_before_the_peers_could_be_found() -> None:
    case = Case()
    assert case.tick(START + START_GRACE_S - 0.1, heard=float("-inf")) is None
    assert case.tick(START + START_GRACE_S + 0.1, heard=float("-inf")) == Pausing(P, PAUSE_S)


def test_a_stall_is_not_a_partition() -> None:
    case = Case()
    case.fence.heard(START + 1)
    case.fence.stalled(START + 60)
    assert case.tick(START + 60.1) is None
    assert case.tick(START + 60 + LEASE_S + 0.1) == Pausing(P, PAUSE_S)
