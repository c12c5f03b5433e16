"""A primary that answers nothing for longer than ``down_after``, though nothing is wrong with it."""

from __future__ import annotations

import threading

from tests.busy_script import SPIN
from tests.integration.cluster import Cluster
from tests.waiting import stays, wait_for

LONG_S = 3.0


def run_script(cluster: Cluster) -> threading.Thread:
    def run() -> None:
        with cluster.nodes[0].client() as client:
            client.eval(SPIN, 0, LONG_S * 1000)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_a_long_script_fails_nothing_over_where_redis_says_soon_that_it_is_busy() -> None:
    arguments = ("--busy-reply-threshold", "200")
    with Cluster(redis_arguments=arguments) as cluster:
        script = run_script(cluster)
        stays(lambda: cluster.wait_agreed() == cluster.nodes[0].name, LONG_S)
        script.join(10 * LONG_S)
        assert not any(s.story("quorum_down") for s in cluster.sentinels)


def test_a_pause_of_everything_is_held_where_replicas_hear_often_enough() -> None:
    arguments = ("--repl-ping-replica-period", "1")
    with Cluster(group={"down_after": "3s"}, redis_arguments=arguments) as cluster:
        term = cluster.sentinels[0].term()
        with cluster.nodes[0].client() as client:
            client.execute_command("CLIENT", "PAUSE", "6000", "ALL")
        wait_for(lambda: any(s.story("held") for s in cluster.sentinels), 20, "a leader to hold")
        cluster.wait_watching()
        assert {s.term() for s in cluster.sentinels} == {term}
        assert cluster.wait_agreed() == cluster.nodes[0].name


def test_a_pause_of_writes_alone_is_not_even_noticed() -> None:
    with Cluster() as cluster:
        with cluster.nodes[0].client() as client:
            client.execute_command("CLIENT", "PAUSE", str(int(LONG_S * 1000)), "WRITE")
        stays(lambda: not any(s.story("node_down") for s in cluster.sentinels), LONG_S)
