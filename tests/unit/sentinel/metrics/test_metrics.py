"""Metrics by their exposition: the names and labels that dashboards and alerts are built on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Received
from quorum.messages import GENESIS, Opinions
from sentinel.metrics.registry import Metrics
from sentinel.notices import leaders
from sentinel.notices.change import Change, TimelineStep
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.process import clock
from tests.unit.sentinel.http_cases import GROUP, SINCE_MS, TERM_7, A, B, C, World, eventually, running
from tests.unit.sentinel.notice_cases import notice

pytestmark = pytest.mark.unit

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def scrape(metrics: Metrics) -> Samples:
    return parse(generate_latest(metrics.registry).decode())


def topology(
    leader: str = "s1", previous: str | None = A, cause: str = "refused", group: str = GROUP
) -> Notice:
    return notice(
        leaders.TopologyCommitted,
        group,
        term=8,
        primary=B,
        previous=previous,
        cause=cause,
        leader=leader,
        since_ms=SINCE_MS,
        duration_ms=420,
        lost_bytes=None,
    )


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("s1", "1.2.3")


def failovers(samples: Samples) -> list[tuple[dict[str, str], float]]:
    return [(dict(labels), v) for (name, labels), v in samples.items() if name == "vedette_failovers_total"]


def test_failovers_are_counted_by_their_leader_alone(metrics: Metrics) -> None:
    metrics.on_notice(topology(leader="s2"))
    metrics.on_notice(topology(previous=None, cause="bootstrap"))
    assert failovers(scrape(metrics)) == []
    metrics.on_notice(topology())
    samples = scrape(metrics)
    assert failovers(samples) == [({"group": GROUP, "outcome": "completed", "cause": "refused"}, 1.0)]
    assert value(samples, "vedette_failover_duration_seconds_count", group=GROUP) == 1
    assert value(samples, "vedette_failover_duration_seconds_sum", group=GROUP) == pytest.approx(0.42)
    assert value(samples, "vedette_failover_duration_seconds_bucket", group=GROUP, le="0.5") == 1
    assert value(samples, "vedette_failover_duration_seconds_bucket", group=GROUP, le="0.3") == 0


def test_an_aborted_failover_has_the_cause_it_began_with(metrics: Metrics) -> None:
    metrics.on_notice(notice(leaders.FailoverStarted, GROUP, term=8, cause="silent", operation=None))
    metrics.on_notice(notice(leaders.FailoverAborted, GROUP, term=8, reason="x", operation=None))
    metrics.on_notice(notice(leaders.FailoverAborted, GROUP, term=9, reason="no leader", operation="op-1"))
    assert sorted((labels["outcome"], labels["cause"]) for labels, _ in failovers(scrape(metrics))) == [
        ("aborted", "operator"),
        ("aborted", "silent"),
    ]


def test_counters_begin_at_zero_so_that_the_first_event_is_an_increase() -> None:
    samples = scrape(Metrics("s1", "1.2.3", ("a", "b")))
    labels = {"outcome": "aborted", "cause": "silent"}
    assert [value(samples, "vedette_failovers_total", group=group, **labels) for group in "ab"] == [0, 0]
    assert value(samples, "vedette_webhook_deliveries_total", outcome="dead") == 0


def test_a_stall_that_every_group_tells_of_is_one(metrics: Metrics) -> None:
    assert value(scrape(metrics), "vedette_stalls_total") == 0
    for group in ("a", "b", "a", "b"):
        metrics.on_notice(notice(leaders.Stalled, group, gap_ms=900))
    assert value(scrape(metrics), "vedette_stalls_total") == 2


def timeline(term: int, *steps: tuple[str, float], old: str | None = A) -> Change:
    made = tuple(TimelineStep(name, at_ms) for name, at_ms in steps)
    return Change(GROUP, term, old, B, "refused", "s1", SINCE_MS, 42, made)


def test_each_step_of_a_timeline_is_observed_once(metrics: Metrics) -> None:
    began = (("evidence", 0.0), ("subjectively_down", 30.0), ("elected", 50.0), ("committed", 90.0))
    metrics.on_timeline(timeline(8, *began))
    metrics.on_timeline(timeline(8, *began, (f"repointed {C}", 100.0), ("work_done", 101.0)))
    samples = scrape(metrics)
    name = "vedette_failover_step_duration_seconds"
    found = {dict(labels)["step"]: seconds for (n, labels), seconds in samples.items() if n == f"{name}_sum"}
    assert found == pytest.approx(
        {"subjectively_down": 0.03, "elected": 0.02, "committed": 0.04, "repointed": 0.01, "work_done": 0.001}
    )
    assert value(samples, f"{name}_count", group=GROUP, step="elected") == 1
    metrics.on_timeline(timeline(9, ("elected", 0.0), ("committed", 5.0)))
    metrics.on_timeline(timeline(8, *began))
    assert value(scrape(metrics), f"{name}_count", group=GROUP, step="elected") == 1
    assert value(scrape(metrics), f"{name}_count", group=GROUP, step="committed") == 2


def test_the_first_topology_of_all_is_no_failover(metrics: Metrics) -> None:
    metrics.on_timeline(timeline(1, ("elected", 0.0), ("committed", 5.0), old=None))
    assert value(scrape(metrics), "vedette_failover_step_duration_seconds_count") is None
    assert not [name for name, _ in scrape(metrics) if name.startswith("vedette_failover_step")]


def test_every_notice_is_taken(metrics: Metrics) -> None:
    for kind in get_args(NoticeEvent):
        metrics.on_notice(notice(kind, GROUP))


def test_what_the_daemon_measures(metrics: Metrics) -> None:
    metrics.observe_probe(0.0004)
    metrics.observe_loop_lag(0.25)
    metrics.on_delivery("delivered")
    metrics.set_webhooks(pending=3, dead_letters=1)
    samples = scrape(metrics)
    assert value(samples, "vedette_build_info", version="1.2.3") == 1
    assert value(samples, "vedette_probe_latency_seconds_bucket", le="0.0005") == 1
    assert value(samples, "vedette_event_loop_lag_seconds_sum") == 0.25
    assert value(samples, "vedette_event_loop_lag_seconds_bucket", le="0.1") == 0
    assert value(samples, "vedette_webhook_deliveries_total", outcome="delivered") == 1
    assert value(samples, "vedette_webhook_pending") == 3
    assert value(samples, "vedette_webhook_dead_letters") == 1
    assert value(samples, "process_open_fds") is not None


async def fetch(world: World, accept: str = "") -> tuple[str, str]:
    async with world.client.get("/metrics", headers={"Accept": accept}) as answer:
        assert answer.status == 200
        return await answer.text(), answer.headers["Content-Type"]


async def test_the_groups(tmp_path: Path) -> None:
    three = frozenset({"s1", "s2", "s3"})
    async with running(tmp_path, members=three, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
        world.driver.feed(Observed(B, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))
        text, content_type = await fetch(world)
        assert content_type.startswith("text/plain; version=")
        samples = parse(text)
        assert [value(samples, "vedette_node_up", group=GROUP, node=n) for n in (A, B, C)] == [1, 0, 0]
        assert [value(samples, "vedette_opinions_down", group=GROUP, node=n) for n in (A, B, C)] == [0, 0, 1]
        assert value(samples, "vedette_node_misconfigured", group=GROUP, node=B) == 1
        roles = [
            value(samples, "vedette_node_role", group=GROUP, node=A, role=r) for r in ("primary", "replica")
        ]
        assert roles == [1, 0]
        assert value(samples, "vedette_node_offset_bytes", group=GROUP, node=B) == 990
        assert value(samples, "vedette_replication_lag_bytes", group=GROUP, node=B) == 10
        assert value(samples, "vedette_replication_lag_bytes", group=GROUP, node=A) is None
        assert value(samples, "vedette_replication_lag_seconds", group=GROUP, node=A) is None
        links = [value(samples, "vedette_replica_link_up", group=GROUP, node=n) for n in (A, B, C)]
        assert links == [None, 0, 0]
        assert value(samples, "vedette_node_objectively_down", group=GROUP, node=C) == 0
        silence_s = value(samples, "vedette_node_silence_seconds", group=GROUP, node=B)
        assert silence_s is not None and silence_s >= 0
        assert value(samples, "vedette_majority_in_touch") == 1
        assert value(samples, "vedette_term", group=GROUP) == 7
        assert value(samples, "vedette_topology_term", group=GROUP) == 7
        assert value(samples, "vedette_leader", group=GROUP) == 0
        assert value(samples, "vedette_primary_objectively_down", group=GROUP) == 0
        assert value(samples, "vedette_last_failover_timestamp_seconds", group=GROUP) == SINCE_MS / 1000
        assert value(samples, "vedette_peer_in_touch", peer="s2") == 1
        assert value(samples, "vedette_peer_in_touch", peer="s3") == 0
        assert value(samples, "vedette_peer_round_trip_seconds", peer="s2") == 0.0015
        assert value(samples, "vedette_peer_round_trip_seconds", peer="s3") is None


async def test_who_could_promote_nobody_is_shown_while_another_could(tmp_path: Path) -> None:
    three = frozenset({"s1", "s2", "s3"})
    async with running(tmp_path, members=three, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        assert value(parse((await fetch(world))[0]), "vedette_stands_back", group=GROUP) == 0
        for node in (B, C):
            world.driver.feed(Observed(node, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))
        for peer, why in (("s2", ""), ("s3", "out of touch by now")):
            world.driver.feed(Received(peer, Opinions(1, 1, (), GENESIS, stands_back=why)))
        standing = world.driver.coordinator.member.standing
        await eventually(
            lambda: "s1" in standing.standing_back(clock.monotonic()), "what it sees of the nodes"
        )
        assert value(parse((await fetch(world))[0]), "vedette_stands_back", group=GROUP) == 1
        _, shown, _ = await world.get(f"/v1/groups/{GROUP}")
        assert shown["stands_back"].keys() == {"s1"} and "WRONGPASS" in shown["stands_back"]["s1"]


async def test_a_failover_is_seen_in_the_metrics(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        async with world.client.post(f"/v1/groups/{GROUP}/failover") as answer:
            assert answer.status == 202
        async with asyncio.timeout(20):
            async with world.client.get(f"/v1/groups/{GROUP}/primary?after_term=7&wait=20s") as answer:
                assert (await answer.json())["term"] > TERM_7.term
        await eventually(lambda: world.driver.coordinator.work is None, "the work is done")
        samples = parse((await fetch(world))[0])
        assert failovers(samples) == [({"group": GROUP, "outcome": "completed", "cause": "operator"}, 1.0)]


async def test_openmetrics_on_request(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        text, content_type = await fetch(world, "application/openmetrics-text; version=1.0.0")
        assert content_type.startswith("application/openmetrics-text") and text.endswith("# EOF\n")


async def test_redis_exporter_s_gauges(tmp_path: Path) -> None:
    three = frozenset({"s1", "s2", "s3"})
    async with running(tmp_path, members=three, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED)))
        samples = parse((await fetch(world))[0])
        where = {"master_name": GROUP, "master_address": A}
        assert value(samples, "redis_sentinel_masters") == 1
        assert value(samples, "redis_sentinel_master_status", **where, master_status="ok") == 1
        numbers = ("slaves", "ok_slaves", "sentinels", "ok_sentinels", "config_epoch", "setting_ckquorum")
        found = [value(samples, f"redis_sentinel_master_{name}", **where) for name in numbers]
        assert found == [2, 1, 3, 2, 7, 2]
        assert value(samples, "redis_sentinel_master_setting_down_after_milliseconds", **where) == 3_600_000
        message = "OK 2 usable Sentinels. Quorum and failover authorization can be reached"
        quorum = {"master_name": GROUP, "message": message}
        assert value(samples, "redis_sentinel_master_ckquorum_status", **quorum) == 1


async def test_redis_exporter_s_gauges_of_a_lone_sentinel_whose_primary_is_down(tmp_path: Path) -> None:
    three = frozenset({"s1", "s2", "s3"})
    async with running(tmp_path, members=three) as world:
        world.redis[GROUP].look()
        world.redis[GROUP].lose_primary()
        samples = parse((await fetch(world))[0])
        where = {"master_name": GROUP, "master_address": A, "master_status": "sdown"}
        assert value(samples, "redis_sentinel_master_status", **where) == 0
        assert value(samples, "vedette_majority_in_touch") == 0
        quorum = [v for (name, _), v in samples.items() if name == "redis_sentinel_master_ckquorum_status"]
        assert quorum == [0]


async def test_a_group_without_an_agreed_primary_has_no_master(tmp_path: Path) -> None:
    async with running(tmp_path, topology=None) as world:
        samples = parse((await fetch(world))[0])
        assert value(samples, "redis_sentinel_masters") == 1
        assert not [name for name, _ in samples if name.startswith("redis_sentinel_master_")]
