"""Operations follow the notices to their end, whoever made the change, and do not pile up."""

from __future__ import annotations

import pytest

from sentinel.notices import leaders
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.operations.book import MAX_OPERATIONS, Operations
from tests.unit.sentinel.notice_cases import notice

pytestmark = pytest.mark.unit


def topology(primary: str = "b:1", term: int = 3, group: str = "g") -> Notice:
    return notice(leaders.TopologyCommitted, group, primary=primary, term=term)


def started(operation: str | None, group: str = "g") -> Notice:
    return notice(leaders.FailoverStarted, group, operation=operation, term=3)


def aborted(operation: str | None, kind: type[NoticeEvent] = leaders.FailoverAborted) -> Notice:
    return notice(kind, operation=operation, term=3, reason="no eligible replica")


@pytest.fixture
def operations() -> Operations:
    return Operations("s1", wall_ms=lambda: 1234)


def state_of(operations: Operations, id_: str) -> str:
    operation = operations.get(id_)
    assert operation is not None
    return operation.state


def test_accepted_running_completed(operations: Operations) -> None:
    id_ = operations.accept("g", None).id
    assert state_of(operations, id_) == "accepted" and operations.open_in("g") is not None
    operations.on_notice(started(id_))
    assert state_of(operations, id_) == "running" and operations.open_in("g") is not None
    operations.on_notice(topology())
    ended = operations.get(id_)
    assert ended is not None and operations.open_in("g") is None
    assert (ended.state, ended.term, ended.new_primary, ended.finished_ms) == ("completed", 3, "b:1", 1234)


@pytest.mark.parametrize("kind", [leaders.FailoverAborted, leaders.RepairAborted])
def test_given_up(operations: Operations, kind: type[NoticeEvent]) -> None:
    id_ = operations.accept("g", None).id
    operations.on_notice(aborted(id_, kind))
    ended = operations.get(id_)
    assert ended is not None and (ended.state, ended.reason) == ("failed", "no eligible replica")


def test_somebody_elses_change_ends_it_too(operations: Operations) -> None:
    any_, wanted = operations.accept("g", None).id, operations.accept("h", "c:1").id
    operations.on_notice(topology("b:1"))
    operations.on_notice(topology("b:1", group="h"))
    assert state_of(operations, any_) == "completed"
    ended = operations.get(wanted)
    assert ended is not None and ended.state == "failed"
    assert ended.reason == "b:1 became primary instead of c:1" and ended.new_primary == "b:1"


def test_notices_of_others_leave_it_alone(operations: Operations) -> None:
    id_ = operations.accept("g", None).id
    for other in (
        topology(group="h"),
        started(None),
        started("op-unknown"),
        aborted(None),
        notice(leaders.WorkDone, term=3),
    ):
        operations.on_notice(other)
    assert state_of(operations, id_) == "accepted"


def test_what_has_ended_stays_ended(operations: Operations) -> None:
    id_ = operations.accept("g", None).id
    operations.on_notice(topology(term=3))
    for other in (aborted(id_), started(id_), topology("c:1", term=4)):
        operations.on_notice(other)
    ended = operations.get(id_)
    assert ended is not None and (ended.state, ended.term, ended.new_primary) == ("completed", 3, "b:1")


def test_the_oldest_that_ended_is_forgotten_first() -> None:
    operations = Operations("s1", most=3)
    open_one = operations.accept("g0", None).id
    ended = operations.accept("g1", None).id
    operations.on_notice(topology(group="g1"))
    operations.accept("g2", None)
    operations.accept("g3", None)
    assert operations.get(ended) is None and operations.get(open_one) is not None
    operations.accept("g4", None)
    assert operations.get(open_one) is None


def test_ids_are_unique_and_bounded() -> None:
    operations = Operations("s1")
    ids = [operations.accept(f"g{i}", None).id for i in range(MAX_OPERATIONS + 50)]
    assert len(set(ids)) == len(ids)
    assert sum(operations.get(id_) is not None for id_ in ids) == MAX_OPERATIONS
