"""The opt-in rules for acknowledged writes, on real processes, and what is told of those that were lost."""

from __future__ import annotations

import pytest
import redis

from tests.integration.cluster import GROUP, Cluster
from tests.redis_server import RedisServer
from tests.waiting import wait_for

SAFETY = {"min_replicas": 1, "max_lag": "2s"}


def demand(node: RedisServer) -> tuple[int, int]:
    with node.client() as client:
        found = client.config_get("min-replicas-*")
    return int(found["min-replicas-to-write"]), int(found["min-replicas-max-lag"])


def wait_demand(node: RedisServer, replicas: int) -> None:
    wait_for(lambda: demand(node) == (replicas, 2), what=f"{node.name} to demand {replicas} replicas")


def cut_off(primary: RedisServer, replica: RedisServer) -> None:
    """``replica`` stands still and its link is gone: what ``primary`` takes from now on does not reach it."""
    with replica.client() as client:
        (link,) = client.client_list(_type="master")
    replica.pause()
    with primary.client() as client:
        assert client.client_kill_filter(addr=link["laddr"]) == 1


def test_the_demand_is_kept_on_whoever_is_primary_and_lifted_when_nobody_could_meet_it() -> None:
    with Cluster(group={"write_safety": SAFETY}) as cluster:
        old = cluster.nodes[0]
        wait_demand(old, 1)
        old.kill()
        new = cluster.node(cluster.wait_agreed(*(node.name for node in cluster.nodes[1:])))
        assert demand(new)[0] == 1, "set by the promotion itself"
        last = next(node for node in cluster.nodes[1:] if node is not new)
        cluster.wait_replicas(new, last)
        last.kill()
        wait_demand(new, 0)
        with new.client() as client:
            client.set("alone", "but writable")
        last.restart()
        cluster.wait_replicas(new, last)
        wait_demand(new, 1)


def test_a_hung_primary_is_only_replaced_when_it_must_refuse_writes() -> None:
    with Cluster(group={"write_safety": SAFETY, "fence_wait": True}) as cluster:
        old = cluster.nodes[0]
        wait_demand(old, 1)
        old.pause()
        new = cluster.node(cluster.wait_agreed(*(node.name for node in cluster.nodes[1:])))
        led = [s for s in cluster.sentinels if s.story("promoted")]
        assert len(led) == 1
        (sealing,), held = led[0].story("sealing"), led[0].story("held")
        assert sorted(sealing["nodes"]) == sorted(node.name for node in cluster.nodes[1:])
        assert any("partition" in line["reason"] for line in held)
        old.resume()
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node is not new))


def test_a_dead_primary_needs_no_waiting() -> None:
    with Cluster(group={"write_safety": SAFETY, "fence_wait": True}) as cluster:
        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)
        assert not any(s.story("sealing") for s in cluster.sentinels)


@pytest.mark.parametrize("durability", [False, "wait"])
def test_what_wait_acknowledged_outweighs_the_priority(durability: str | bool) -> None:
    with Cluster(group={"durability": durability}) as cluster:
        old, preferred, newest = cluster.nodes
        with preferred.client() as client:
            client.config_set("replica-priority", 1)
        cut_off(old, preferred)
        with old.client() as client:
            client.set("precious", "kept")
            assert client.wait(1, 5000) == 1
        old.kill()
        preferred.resume()
        new = cluster.wait_failover(old.name)
        if durability:
            assert new is newest
            with new.client() as client:
                assert client.get("precious") == b"kept"
        cluster.wait_replicas(new, preferred if new is newest else newest)


def test_without_enough_replicas_nothing_is_promoted_and_the_reason_is_told() -> None:
    with Cluster(group={"durability": "wait"}) as cluster:
        old, last, dead = cluster.nodes
        dead.kill()
        old.kill()

        def refused() -> bool:
            told = [line for s in cluster.sentinels for line in s.story("failover_aborted")]
            return any("durability: WAIT 1 may have acknowledged" in line["reason"] for line in told)

        wait_for(refused, what="the refusal")
        assert last.info()["role"] == "slave"
        assert {s.group()["topology"]["primary"] for s in cluster.sentinels} == {old.name}


def test_with_wait_2_one_replica_may_fail_as_well() -> None:
    with Cluster(group={"durability": {"wait": 2}}) as cluster:
        cluster.nodes[2].kill()
        cluster.nodes[0].kill()
        assert cluster.wait_failover(cluster.nodes[0].name) is cluster.nodes[1]


def test_a_sentinel_without_its_majority_pauses_the_writes_until_the_majority_agrees_again() -> None:
    with Cluster(group={"self_fence": True}) as cluster:
        alone, *others = cluster.sentinels
        primary = cluster.nodes[0]
        for sentinel in others:
            sentinel.pause()
        wait_for(lambda: alone.story("self_fenced"), what="the pause")
        with (
            redis.Redis(port=primary.port, socket_timeout=0.3) as client,
            pytest.raises(redis.TimeoutError),
        ):
            client.set("cut", "off")
        for sentinel in others:
            sentinel.resume()
        wait_for(lambda: alone.story("self_fence_ended"), what="the end of the pause")
        with primary.client() as client:
            client.set("together", "again")
        assert cluster.wait_agreed() == primary.name


def test_what_the_old_primary_took_alone_is_measured_when_it_returns() -> None:
    with Cluster() as cluster:
        old, *replicas = cluster.nodes
        for replica in replicas:
            cut_off(old, replica)
        with old.client() as client:
            client.set("lost", "x" * 1000)
        old.pause()
        for replica in replicas:
            replica.resume()
        new = cluster.wait_failover(old.name)
        old.resume()
        cluster.wait_replicas(new, old)

        def measured() -> list[int] | None:
            newest = [s.get(f"/v1/groups/{GROUP}/history")[1]["changes"][0] for s in cluster.sentinels]
            known = [change["bytes_possibly_lost"] for change in newest]
            return known if None not in known else None

        known = wait_for(measured, what="the loss in every history")
        assert len(set(known)) == 1
        assert known[0] >= 1000
        metrics = cluster.sentinels[0].text("/metrics")
        assert f'vedette_bytes_possibly_lost{{group="{GROUP}"}} {float(known[0])}' in metrics
