"""What is remembered of a primary from before its restart, and for how long."""

from __future__ import annotations

from dataclasses import replace

from quorum.evidence import DataSeen
from quorum.memory import MAX_PROCESSES, Memory

P, A, C = "p:1", "a:1", "c:1"
WHOLE = DataSeen("p1", "master", 500, 5000, "h1")
REPLICA = DataSeen("a1", "slave", 500, 4990, "h1")
EMPTY = DataSeen("p2", "slave", 0, 0, "h9", started_empty=True)
REWRITTEN = DataSeen("p2", "master", 500, 0, "h2")
OLD = DataSeen("p2", "slave", 300, 3000, "h1")


def memory(*replicas: str) -> Memory:
    made = Memory()
    made.reign(P)
    made.see(P, WHOLE)
    for name in replicas or (A, C):
        made.see(name, replace(REPLICA, run_id=name))
    assert made.judge(everybody) is None
    return made


def everybody(_node: str) -> bool:
    return True


def test_a_commit_of_the_same_primary_clears_nothing() -> None:
    """A leader that knew nothing of before reinstated it."""
    known = memory()
    known.see(P, EMPTY)
    assert known.judge(everybody) is not None
    assert (known.history, known.process, known.lost) == ("h1", "p1", frozenset({"h1"}))
    known.reign(P)
    assert known.judge(everybody) is not None
    known.see(P, replace(EMPTY, role="master", keys=9))
    assert known.judge(everybody) is not None


def test_another_primary_is_judged_by_what_it_was_itself() -> None:
    known = memory()
    known.see(P, EMPTY)
    known.judge(everybody)
    known.reign(A)
    assert known.judge(everybody) is None and not known.lost
    assert (known.history, known.process) == ("h1", A)
    known.see(A, replace(REPLICA, run_id=A, role="master", replid="h3", former=("h1", 4990)))
    assert known.judge(everybody) is None and known.history == "h3"
    known.see(A, replace(OLD, run_id="a2", offset_bytes=100))
    assert known.judge(everybody) == "restarted at offset 100, a replica is at 4990"


def test_a_second_restart_is_compared_with_what_was_before_the_first() -> None:
    """Nobody could judge the first: the replicas did not answer."""
    known = memory()
    known.see(P, OLD)
    assert known.judge(lambda _node: False) is None
    known.see(P, replace(OLD, run_id="p3", role="master", replid="h4", former=("h1", 3000)))
    assert known.judge(everybody) == "restarted at offset 3000, a replica is at 4990"


def test_a_history_that_begins_anew_counts_once_nobody_holds_more_of_the_former() -> None:
    known = memory()
    known.see(P, REWRITTEN)
    assert known.judge(everybody) is None
    assert (known.history, known.unheard) == ("h2", (A, C))
    for name in (A, C):
        known.see(name, replace(REPLICA, run_id=name))
        assert known.judge(everybody) is None
    assert known.unheard == ()
    known.see(A, replace(REPLICA, run_id=A, replid="h2", offset_bytes=200))
    known.see(P, replace(EMPTY, run_id="p3"))
    assert known.judge(everybody) == "restarted without its data, had 500 keys, a replica holds 500"
    assert known.history == "h2"


def test_what_is_loading_is_not_judged_and_takes_nothing_back() -> None:
    known = memory()
    known.see(P, EMPTY)
    fallen = known.judge(everybody)
    known.see(P, replace(REWRITTEN, run_id="p3", keys=1, loading=True))
    assert known.judge(everybody) == fallen
    known.see(P, replace(REWRITTEN, run_id="p3"))
    assert known.judge(everybody) is None


def test_restarts_that_nobody_judged_are_not_kept_without_end() -> None:
    known = memory()
    for number in range(3 * MAX_PROCESSES):
        known.see(P, replace(REWRITTEN, run_id=f"q{number}", former=("h1", 5000)))
        assert known.judge(everybody) is None
    assert len(known._processes) == MAX_PROCESSES


def test_a_primary_first_seen_as_a_replica_tells_nothing_of_before() -> None:
    known = Memory()
    known.reign(P)
    known.see(P, EMPTY)
    known.see(A, REPLICA)
    assert known.judge(everybody) is None
    assert (known.history, known.process, known.unheard) == (None, None, ())


def test_a_node_that_is_watched_no_longer_proves_nothing() -> None:
    known = memory(A)
    known.forget(A)
    known.see(P, EMPTY)
    assert known.judge(everybody) is None


BACK_OLD = DataSeen("p2", "master", 300, 10, "h4", former=("h1", 3000))
COPIED = replace(REPLICA, replid="h4", offset_bytes=20, keys=300)


def test_what_every_replica_has_copied_over_is_known_to_be_gone() -> None:
    """Nobody proves it any more, and that is no reason to say that all is well."""
    known = memory()
    known.see(P, BACK_OLD)
    why = known.judge(everybody)
    assert why == "restarted at offset 3000, a replica is at 4990"
    known.see(A, replace(COPIED, run_id=A))
    assert known.judge(everybody) == why and known.gone is None
    known.see(C, replace(COPIED, run_id=C))
    assert known.judge(everybody) is None
    assert known.gone == why
    known.reign(A)
    assert known.gone is None


def test_what_a_node_holds_that_is_away_is_not_gone() -> None:
    known = memory()
    known.see(P, BACK_OLD)
    known.judge(everybody)
    known.see(A, replace(COPIED, run_id=A))
    assert known.judge(lambda node: node != C) is None
    assert known.gone is None
    known.see(C, replace(COPIED, run_id=C))
    assert known.judge(everybody) is None
    assert known.gone == "restarted at offset 3000, a replica is at 4990"


def test_what_the_primary_was_given_back_is_not_gone() -> None:
    """It followed a replica that held everything, and has its role back."""
    known = memory()
    known.see(P, OLD)
    assert known.judge(everybody) is not None
    known.see(P, replace(OLD, role="master", replid="h5", former=("h1", 4990)))
    for name in (A, C):
        known.see(name, replace(REPLICA, run_id=name, replid="h5"))
        assert known.judge(everybody) is None
    assert known.gone is None
