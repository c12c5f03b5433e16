"""The schedule of a group's preflights, and the newest report."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from sentinel.metrics.registry import Metrics
from sentinel.preflight.facts import Failure, GroupFacts
from sentinel.preflight.refuted import Watched
from sentinel.preflight.schedule import (
    SETTLE_S,
    START_S,
    TICK_S,
    Checked,
    NotCheckedError,
    Preflights,
    TooSoonError,
)
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, group

HOUR_S = 3600.0
UP, DOWN = Watched(reached=True, linked=True, run_id="1"), Watched(reached=False)
GONE = group(
    PRIMARY, replace(REPLICA, info=None, failure=Failure("unreachable", "connection refused")), OTHER
)
BAD = group(PRIMARY, replace(REPLICA, fence="hello"), OTHER)


@dataclass
class Fake:
    """A group with a scripted preflight, which counts its calls."""

    facts: GroupFacts | Exception = field(default_factory=group)
    calm: bool = True
    looks: int = 0
    meanwhile: Callable[[], None] = lambda: None
    nodes: dict[str, Watched] = field(default_factory=dict)

    async def gather(self) -> GroupFacts:
        self.looks += 1
        self.meanwhile()
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts


class Bench:
    def __init__(self, interval_s: float | None = HOUR_S, **fakes: Fake) -> None:
        self.metrics = Metrics("s1", "1")
        self.preflights = Preflights(random.Random(1), self.metrics.preflight_problems)
        for name, fake in fakes.items():
            is_calm, watched = partial(getattr, fake, "calm"), partial(getattr, fake, "nodes")
            self.preflights.watch(name, Checked(interval_s, fake.gather, is_calm, watched), 0.0)

    async def tick(self, now: float) -> None:
        self.preflights.tick(now)
        running = self.preflights._running
        if running is not None:
            await running

    def metric(self, name: str, severity: str) -> float | None:
        labels = {"group": name, "severity": severity}
        return self.metrics.registry.get_sample_value("vedette_preflight_problems", labels)


async def test_it_looks_soon_after_the_start_and_then_at_its_interval() -> None:
    fake = Fake()
    bench = Bench(g=fake)
    await bench.tick(START_S / 2)
    assert (fake.looks, bench.preflights.report("g").at_ms) == (0, None)
    await bench.tick(START_S)
    await bench.tick(START_S + HOUR_S / 2)
    assert fake.looks == 1
    assert bench.preflights.report("g").at_ms is not None
    await bench.tick(START_S + 1.2 * HOUR_S)
    assert fake.looks == 2


async def test_a_changed_primary_is_looked_at_once_the_nodes_have_settled() -> None:
    fake = Fake()
    bench = Bench(g=fake)
    await bench.tick(START_S)
    bench.preflights.primary_changed("g", 100.0)
    await bench.tick(100.0)
    assert fake.looks == 1
    await bench.tick(100.0 + SETTLE_S)
    assert fake.looks == 2


async def test_not_while_something_is_under_way() -> None:
    fake = Fake(calm=False)
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert fake.looks == 0
    fake.calm = True
    await bench.tick(START_S + 1)
    assert fake.looks == 1


async def test_what_was_seen_while_something_began_is_not_kept() -> None:
    fake = Fake(BAD)
    fake.meanwhile = lambda: setattr(fake, "calm", False)
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert (fake.looks, bench.preflights.report("g").at_ms) == (1, None)


async def test_one_group_at_a_time_and_the_longest_due_first() -> None:
    first, second = Fake(), Fake()
    bench = Bench(a=first, b=second)
    bench.preflights.primary_changed("a", 1.0)
    await bench.tick(START_S + SETTLE_S)
    assert (first.looks, second.looks) == (0, 1)
    await bench.tick(START_S + SETTLE_S)
    assert (first.looks, second.looks) == (1, 1)


async def test_never_means_never() -> None:
    fake = Fake()
    bench = Bench(None, g=fake)
    bench.preflights.primary_changed("g", 1.0)
    await bench.tick(10 * HOUR_S)
    assert fake.looks == 0


async def test_the_problems_are_counted_by_severity() -> None:
    fake = Fake(BAD)
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert (bench.metric("g", "error"), bench.metric("g", "warning")) == (1.0, 0.0)
    assert [problem.code for problem in bench.preflights.report("g").problems] == ["fence-key"]
    fake.facts = group()
    await bench.tick(2 * HOUR_S)
    assert bench.metric("g", "error") == 0.0


async def test_a_problem_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench(g=Fake(BAD))
    await bench.tick(START_S)
    await bench.tick(2 * HOUR_S)
    assert sum("which is not a term" in record.getMessage() for record in caplog.records) == 1


async def test_a_preflight_that_fails_leaves_the_sentinel_alone(caplog: pytest.LogCaptureFixture) -> None:
    fake = Fake(RuntimeError("of the test"))
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert "the preflight of g failed" in caplog.text
    fake.facts = group()
    await bench.tick(2 * HOUR_S)
    assert bench.preflights.report("g").at_ms is not None


async def test_closing_ends_one_that_hangs() -> None:
    fake = Fake()
    hanging = asyncio.Event()
    bench = Bench(g=fake)

    async def hang() -> GroupFacts:
        await hanging.wait()
        return group()

    bench.preflights._groups = {"g": Checked(HOUR_S, hang, lambda: True, dict)}
    bench.preflights.tick(START_S)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await bench.preflights.close()


async def test_a_node_that_came_back_is_no_problem_any_more_and_looked_at_anew() -> None:
    fake = Fake(GONE, nodes={REPLICA.name: DOWN})
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert [problem.code for problem in bench.preflights.report("g").problems] == ["unreachable"]
    fake.facts, fake.nodes = BAD, {REPLICA.name: UP}
    bench.preflights.touch("g")
    await bench.tick(START_S + TICK_S)
    assert (fake.looks, bench.preflights.report("g").problems, bench.metric("g", "error")) == (1, (), 0.0)
    await bench.tick(START_S + TICK_S + SETTLE_S)
    assert [problem.code for problem in bench.preflights.report("g").problems] == ["fence-key"]


async def test_what_came_back_during_a_look_refutes_what_it_found() -> None:
    fake = Fake(GONE, nodes={REPLICA.name: DOWN})
    fake.meanwhile = lambda: setattr(fake, "nodes", {REPLICA.name: UP})
    bench = Bench(g=fake)
    await bench.tick(START_S)
    assert bench.preflights.report("g").problems != ()
    await bench.tick(START_S + TICK_S)
    assert bench.preflights.report("g").problems == ()


async def test_a_restarted_node_is_looked_at_anew() -> None:
    fake = Fake(BAD, nodes={REPLICA.name: UP})
    bench = Bench(g=fake)
    await bench.tick(START_S)
    fake.nodes = {REPLICA.name: replace(UP, run_id="2")}
    bench.preflights.touch("g")
    await bench.tick(START_S + TICK_S)
    assert (fake.looks, len(bench.preflights.report("g").problems)) == (1, 1)
    await bench.tick(START_S + TICK_S + SETTLE_S)
    assert fake.looks == 2


async def test_a_group_without_problems_is_not_looked_at_for_each_change() -> None:
    fake = Fake(nodes={REPLICA.name: UP})
    bench = Bench(g=fake)
    await bench.tick(START_S)
    fake.nodes = {REPLICA.name: DOWN}
    bench.preflights.touch("g")
    await bench.tick(START_S + TICK_S)
    await bench.tick(START_S + TICK_S + SETTLE_S)
    assert fake.looks == 1


async def test_a_problem_keeps_the_time_at_which_it_was_first_found() -> None:
    fake = Fake(BAD)
    bench = Bench(g=fake)
    await bench.tick(START_S)
    first = bench.preflights.report("g")
    [problem] = first.problems
    bench.preflights._reports["g"] = replace(first, at_ms=5, found_ms={(problem.node, problem.code): 5})
    await bench.tick(2 * HOUR_S)
    again = bench.preflights.report("g")
    assert again.at_ms is not None
    assert again.at_ms > 5
    assert again.since_ms(again.problems[0]) == 5


async def test_whoever_asks_gets_a_new_look_and_none_so_soon_after_it() -> None:
    fake = Fake(BAD)
    bench = Bench(None, g=fake)
    report = await bench.preflights.check("g")
    assert (fake.looks, [problem.code for problem in report.problems]) == (1, ["fence-key"])
    with pytest.raises(TooSoonError):
        await bench.preflights.check("g")
    assert fake.looks == 1


async def test_two_who_ask_together_share_one_look() -> None:
    fake, other = Fake(BAD), Fake()
    bench = Bench(None, g=fake, other=other)
    first, second, _ = await asyncio.gather(*(bench.preflights.check(name) for name in ("g", "g", "other")))
    assert (fake.looks, other.looks) == (1, 1)
    assert first == second


async def test_nobody_looks_while_something_is_under_way_though_asked_to() -> None:
    fake = Fake(calm=False)
    bench = Bench(g=fake)
    with pytest.raises(NotCheckedError, match="down or being changed"):
        await bench.preflights.check("g")
    failing = Fake(RuntimeError("of the test"))
    with pytest.raises(NotCheckedError):
        await Bench(g=failing).preflights.check("g")
