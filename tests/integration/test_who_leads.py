"""Who leads where one sentinel cannot do the work, and what a client's number in the fence key does."""

from __future__ import annotations

import yaml

from quorum.rank import ranking
from tests.integration.cluster import GROUP, Cluster
from tests.waiting import wait_for

MANY = 3 * 10**18


def test_a_sentinel_whose_user_may_promote_nobody_lets_the_others_lead() -> None:
    """It is the first in line, and used to win each election, and give up."""
    with Cluster(start=False) as cluster:
        for node in cluster.nodes:
            with node.client() as client:
                client.execute_command(
                    "ACL", "SETUSER", "weak", "on", ">pw", "~*", "&*", "+@all", "-replicaof", "-slaveof"
                )
        first = ranking(GROUP, [sentinel.id for sentinel in cluster.sentinels])[0]
        weak = next(sentinel for sentinel in cluster.sentinels if sentinel.id == first)
        settings = yaml.safe_load(weak.file.read_text())
        settings["groups"][GROUP] |= {"username": "weak", "password": "pw"}
        weak.file.write_text(yaml.safe_dump(settings))
        cluster.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_watching()
        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)
        others = [sentinel for sentinel in cluster.sentinels if sentinel is not weak]
        leader = others[0].group()["topology"]
        assert leader["primary"] != cluster.nodes[0].name
        wait_for(
            lambda: (
                any(f"instead of {first}" in sentinel.log() for sentinel in others)
                or "elected leader" not in weak.log()
            ),
            10,
            "the reason, where another leads instead",
        )


def test_a_number_that_no_leader_wrote_into_the_fence_is_written_over_and_told() -> None:
    with Cluster() as cluster:
        with cluster.nodes[0].client() as client:
            client.set(f"vedette:{GROUP}:term", MANY)
            client.wait(2, 5000)
        before = cluster.sentinels[0].term()
        cluster.nodes[0].kill()
        new = cluster.wait_failover(cluster.nodes[0].name)
        term = cluster.sentinels[0].term()
        assert before < term < before + 100
        with new.client() as client:
            assert before < int(client.get(f"vedette:{GROUP}:term")) <= term
        wait_for(
            lambda: any(f"holds {MANY}" in sentinel.log() for sentinel in cluster.sentinels), 10, "the error"
        )
        again = new.name
        cluster.nodes[0].restart()
        cluster.wait_replicas(new, cluster.nodes[0])
        new.kill()
        cluster.wait_failover(again)
