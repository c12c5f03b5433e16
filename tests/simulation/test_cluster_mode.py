"""A server that comes back in cluster mode is left alone, whoever it was, and the group goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.cluster_mode import CLUSTERED, HAPPENED
from tests.simulation.faults import Fault
from tests.simulation.test_simulation import check, plain
from tests.simulation.trial import Outcome, run_setup


def outcome_of(*plan: Fault) -> Outcome:
    return run_setup(replace(plain(), plan=plan))


@pytest.mark.parametrize("node", ["h1:6379", "h2:6379", "h3:6379"])
def test_it_is_left_alone_and_taken_back_once_it_is_out_of_it(node: str) -> None:
    outcome = outcome_of(Fault(1.0, CLUSTERED, (node,), 15.0))
    check(outcome)
    assert outcome.coverage[HAPPENED] == 1


@pytest.mark.parametrize("node", ["h2:6379", "h3:6379"])
def test_the_other_replica_is_promoted_meanwhile(node: str) -> None:
    outcome = outcome_of(
        Fault(1.0, CLUSTERED, (node,), 25.0),
        Fault(8.0, "operator switchover", ("h1:6379",)),
        Fault(15.0, "crash primary", ("h1:6379",), 3.0),
    )
    check(outcome)
    assert outcome.coverage["a failover"] + outcome.coverage["a switchover"] > 0
