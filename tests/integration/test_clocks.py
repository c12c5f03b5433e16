"""Real sentinels with wall clocks that are wrong, or set while they run; and machines that were suspended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import stays, wait_for

PATH = f"/v1/groups/{GROUP}"
HOUR_S = 3600.0


class Clock:
    """Of one sentinel. Written as a whole: it may be read at any moment."""

    def __init__(self, sentinel: Sentinel) -> None:
        self._file = sentinel.directory / f"{sentinel.id}.clock"
        self.set()
        sentinel.module = "tests.integration.odd_clock"
        sentinel.env = {"CLOCK_FILE": str(self._file)}

    def set(self, *, wall_s: float = 0.0, asleep_s: float = 0.0) -> None:
        anew = Path(f"{self._file}.new")
        anew.write_text(f"{wall_s} {asleep_s}")
        anew.replace(self._file)


@contextmanager
def with_clocks(*wall_s: float) -> Iterator[tuple[Cluster, list[Clock]]]:
    """How much each sentinel's wall clock is ahead at the start."""
    with Cluster(start=False) as cluster:
        clocks = [Clock(sentinel) for sentinel in cluster.sentinels]
        for clock, ahead_s in zip(clocks, wall_s, strict=False):
            clock.set(wall_s=ahead_s)
        cluster.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_watching()
        yield cluster, clocks


def in_s(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def is_told_apart(sentinel: Sentinel) -> bool:
    _, found = sentinel.get(f"{PATH}/preflight")
    return "clocks-apart" in {problem["code"] for problem in found.get("problems", ())}


@pytest.mark.parametrize("ahead_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_one_wrong_wall_clock_neither_hurries_nor_drops_a_schedule_and_is_told(ahead_s: float) -> None:
    with with_clocks(0.0, 0.0, ahead_s) as (cluster, _):
        right, wanted = cluster.sentinels[0], cluster.nodes[1]
        planned = right.followed(right.post(f"{PATH}/switchover", {"to": wanted.name, "at": in_s(10.0)}))
        assert planned["state"] == "scheduled"
        stays(lambda: right.group()["topology"]["primary"] == cluster.nodes[0].name, 3.0, "the primary")
        cluster.wait_agreed(wanted.name)
        ended = right.followed((202, planned))
        assert (ended["state"], ended["new_primary"]) == ("completed", wanted.name)
        wait_for(lambda: all(is_told_apart(s) for s in cluster.sentinels), 30, "the preflight to tell")


def test_setting_every_wall_clock_stops_no_ping_and_fails_nothing_over() -> None:
    with with_clocks() as (cluster, clocks):
        old = cluster.nodes[0]
        for wall_s in (-HOUR_S, HOUR_S):
            for clock in clocks:
                clock.set(wall_s=wall_s)
            stays(lambda: {s.primary() for s in cluster.sentinels} == {old.name}, 1.5)
        assert not any(s.story("node_down") for s in cluster.sentinels)
        old.kill()
        cluster.wait_failover(old.name)


def test_a_machine_that_was_suspended_asks_before_it_answers_and_fails_nothing_over() -> None:
    """Nothing has changed meanwhile: it is in touch again after one round."""
    with with_clocks() as (cluster, clocks):
        first, old = cluster.sentinels[0], cluster.nodes[0]
        clocks[0].set(asleep_s=60.0)
        wait_for(lambda: bool(first.story("stalled")), 10, "the gap to be seen")
        wait_for(lambda: first.primary() == old.name, 10, "its answer")
        cluster.wait_watching()
        assert not any(s.story("quorum_down") for s in cluster.sentinels)
        old.kill()
        cluster.wait_failover(old.name)
