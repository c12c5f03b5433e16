"""The ACL user of docs/reference/redis-user.md can do all that a failover needs, and not more."""

from __future__ import annotations

import re

import pytest
import redis

from tests.integration.cluster import CHECKOUT, Cluster

PASSWORD = "of-the-test"


def prescribed() -> list[str]:
    line = re.search(r"ACL SETUSER vedette (.*)", (CHECKOUT / "docs/reference/redis-user.md").read_text())
    assert line is not None
    return line[1].replace("PASSWORD", PASSWORD).split()


def test_prescribed_user_is_enough() -> None:
    with Cluster(group={"username": "vedette", "password": PASSWORD}, start=False) as cluster:
        for node in cluster.nodes:
            with node.client() as client:
                client.execute_command("ACL", "SETUSER", "vedette", *prescribed())
        cluster.start()
        old = cluster.nodes[0]
        cluster.wait_agreed(old.name)
        cluster.wait_watching()
        old.kill()
        new = cluster.wait_failover(old.name)
        cluster.wait_replicas(new, *(node for node in cluster.nodes if node not in (old, new)))
        assert not any(s.story("misconfigured") or s.story("step_failed") for s in cluster.sentinels)
        with (
            redis.Redis(port=new.port, username="vedette", password=PASSWORD) as client,
            pytest.raises(redis.exceptions.NoPermissionError),
        ):
            client.get("users-own-key")


def test_groups_with_min_replicas_to_write_fail_over() -> None:
    with Cluster(redis_arguments=("--min-replicas-to-write", "1")) as cluster:
        old = cluster.nodes[0]
        old.kill()
        new = cluster.node(cluster.wait_agreed(*(node.name for node in cluster.nodes[1:])))
        other = next(node for node in cluster.nodes if node not in (old, new))
        cluster.wait_replicas(new, other)
        with new.client() as client:
            assert client.config_get("min-replicas-to-write") == {"min-replicas-to-write": "1"}
