"""What a sentinel could not look at is unknown to it: neither dead nor alive."""

from __future__ import annotations

import resource

from tests.integration.cluster import Cluster, Sentinel
from tests.waiting import stays, wait_for

FEWER_THAN_ARE_OPEN = 4


def let_open(sentinel: Sentinel, most: int | None) -> int:
    """From now on no new file gets a number from ``most`` on; returns what the limit was."""
    assert sentinel.process is not None
    soft, hard = resource.prlimit(sentinel.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(sentinel.process.pid, resource.RLIMIT_NOFILE, (most or hard, hard))
    return soft


def drop_connections(cluster: Cluster) -> None:
    with cluster.nodes[0].client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def test_a_sentinel_out_of_files_fails_nothing_over_and_sees_again_when_it_can() -> None:
    with Cluster() as cluster:
        term = cluster.sentinels[0].term()
        limits = [let_open(sentinel, FEWER_THAN_ARE_OPEN) for sentinel in cluster.sentinels]
        drop_connections(cluster)
        wait_for(lambda: all(s.story("blind") for s in cluster.sentinels), 15, "it to be told")
        assert all("cannot connect from here" in s.story("blind")[0]["detail"] for s in cluster.sentinels)
        assert all(s.story("node_unknown") for s in cluster.sentinels)
        stays(lambda: not any(s.story("node_down") for s in cluster.sentinels), 2.5, "what they cannot see")
        for sentinel, limit in zip(cluster.sentinels, limits, strict=True):
            let_open(sentinel, limit)
        cluster.wait_watching()
        assert {s.term() for s in cluster.sentinels} == {term}


def test_a_primary_that_hangs_once_they_were_out_of_files_is_replaced() -> None:
    with Cluster() as cluster:
        limits = [let_open(sentinel, FEWER_THAN_ARE_OPEN) for sentinel in cluster.sentinels]
        drop_connections(cluster)
        wait_for(lambda: all(s.story("blind") for s in cluster.sentinels), 15, "it to be told")
        cluster.nodes[0].pause()
        for sentinel, limit in zip(cluster.sentinels, limits, strict=True):
            let_open(sentinel, limit)
        cluster.wait_failover(cluster.nodes[0].name)
        cluster.nodes[0].resume()


def test_a_stopped_sentinel_does_not_call_a_dead_replica_up_again() -> None:
    with Cluster() as cluster:
        dead, stopped = cluster.nodes[2], cluster.sentinels[0]
        dead.kill()
        wait_for(lambda: all(s.story("quorum_down") for s in cluster.sentinels), 15, "it to be called down")
        stopped.pause()
        try:
            stays(lambda: True, 1.0)
        finally:
            stopped.resume()
        wait_for(lambda: stopped.story("node_unknown"), 15, "it to be unknown")
        wait_for(lambda: len(stopped.story("node_down")) == 2, 15, "it to be called down again")
        assert not stopped.story("node_up") and not stopped.story("quorum_up")
        state = next(node for node in stopped.group()["nodes"] if node["node"] == dead.name)
        assert state["state"] == "down" and state["objectively_down"]
        dead.restart()
        wait_for(lambda: stopped.story("node_up"), 15, "it to be up once it answers")
        wait_for(lambda: stopped.story("quorum_up"), 15, "that to be told")
