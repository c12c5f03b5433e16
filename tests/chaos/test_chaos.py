"""Two short schedules against Vedette at its defaults. What is safe is asserted, never how fast it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import hosts
from tests.chaos.clients import Acknowledged
from tests.chaos.installation import CHECKOUT
from tests.chaos.schedules import SCHEDULES, Cut, CutIn
from tests.chaos.verify import Survivor, Tally, judge

MISSING = hosts.missing()
needs_hosts = pytest.mark.skipif(MISSING is not None, reason=f"no separate hosts: {MISSING}")
pytestmark = pytest.mark.timeout(180)


def run(schedule: str, directory: Path) -> dict[str, Any]:
    """The outcome as JSON."""
    command = [sys.executable, "-m", "tests.chaos", "--system", "vedette", "--only", schedule]
    done = subprocess.run(
        [*command, "--output", str(directory)], cwd=CHECKOUT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    sys.stdout.write(done.stdout)
    outcomes = json.loads((directory / "chaos.json").read_text())["outcomes"]
    assert len(outcomes) == 1
    return dict(outcomes[0])


@needs_hosts
def test_a_killed_primary_is_replaced_and_never_a_second_one_for_clients(tmp_path: Path) -> None:
    outcome = run("kill-primary", tmp_path)
    assert outcome["settled_s"] is not None, "never in order again"
    assert outcome["recovery_s"] is not None, "nobody took over"
    assert outcome["two_acknowledging_times"] == 0
    assert outcome["wait"]["values_lost"] == outcome["wait"]["increments_lost"] == 0
    assert outcome["notes"] == []


@needs_hosts
def test_no_write_with_wait_is_lost_in_a_partition_of_the_primary_and_its_clients(tmp_path: Path) -> None:
    outcome = run("cut-primary-and-clients", tmp_path)
    assert outcome["settled_s"] is not None, "never in order again"
    assert outcome["recovery_s"] is not None, "nobody took over"
    assert outcome["wait"]["values_lost"] == outcome["wait"]["increments_lost"] == 0
    assert outcome["notes"] == []


def test_schedules_name_hosts_that_they_have() -> None:
    for schedule in SCHEDULES:
        known = {*schedule.host_names, "ca", "cb", "rest", "primary", "leader", "target"}
        for step in schedule.steps:
            action = step.do
            named = {getattr(action, "host", "h1")}
            if isinstance(action, Cut | CutIn):
                named |= {*action.side}
            assert named <= known, schedule.name
    assert len({schedule.name for schedule in SCHEDULES}) == len(SCHEDULES)


def made(kind: str, value: int, *, waited: bool = False) -> Acknowledged:
    return Acknowledged(1.0, 1.1, "ca-set-plain", kind, waited, "10.0.0.1", str(value))


def test_what_was_acknowledged_and_is_gone_counts_as_lost() -> None:
    writes = [made("set", 1), made("set", 2), made("set", 3), *(made("counter", n) for n in range(1, 6))]
    survivor = Survivor({"ca-set-plain": frozenset({"1", "3"})}, {"plain": 4, "wait": 0})
    assert judge(writes, survivor, waited=False) == Tally(3, 1, 5, 1)
    assert judge(writes, survivor, waited=True) == Tally(0, 0, 0, 0)


def test_an_increment_without_an_answer_may_have_counted() -> None:
    survivor = Survivor({}, {"plain": 7, "wait": 0})
    assert judge([made("counter", 7)], survivor, waited=False).increments_lost == 0


def test_a_line_of_the_log_of_writes_is_read_as_it_was_written() -> None:
    write = made("set", 7, waited=True)
    assert Acknowledged.parse(write.line()) == write
