"""A planned change of primary on real processes: nothing is lost, and one node at a time takes writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import wait_for
from tests.writers import CountingWriter

NO_PAUSE = (
    *("--user", "vedette", "on", ">secret", "~*", "&*", "+@all"),
    # Redis 6.2 cannot take one subcommand away.
    *("-client", "+client|setname", "+client|kill", "+client|unpause"),
)
"""A user that may not pause writes, so that the primary must be asked to hand over by itself."""


@pytest.fixture(params=["paused", "by-itself"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    if request.param == "paused":
        with Cluster() as made:
            yield made
    else:
        group = {"username": "vedette", "password": "secret"}
        with Cluster(redis_arguments=NO_PAUSE, group=group) as made:
            yield made


def switch(sentinel: Sentinel, **body: str) -> dict[str, Any]:
    """Ask for a switchover, and wait for what becomes of it."""
    status, accepted = sentinel.post(f"/v1/groups/{GROUP}/switchover", body)
    assert status == 202, accepted

    def over() -> dict[str, Any] | None:
        operation = sentinel.get(f"/v1/operations/{accepted['operation']}")[1]
        return operation if operation["state"] in ("completed", "failed") else None

    return wait_for(over, what="the switchover to end")


def counter(node: RedisServer) -> int:
    with node.client() as client:
        return int(client.get("counter") or 0)


def test_no_acknowledged_write_is_lost(cluster: Cluster) -> None:
    old, wanted, other = cluster.nodes
    with CountingWriter(cluster) as writer:
        writer.wait_for_more(200)
        operation = switch(cluster.sentinels[0], to=wanted.name)
        assert (operation["state"], operation["new_primary"]) == ("completed", wanted.name)
        cluster.wait_agreed(wanted.name)
        writer.wait_for_more(200)
    assert counter(wanted) >= writer.acknowledged
    assert set(writer.acknowledged_by) == {old.name, wanted.name}
    assert not writer.turned_back()
    cluster.wait_replicas(wanted, old, other)
    assert cluster.primaries() == [wanted.name]
    with other.client() as client:
        assert client.info("stats")["sync_full"] == 0
    assert [s.story("topology")[-1]["cause"] for s in cluster.sentinels] == ["switchover"] * 3


def test_a_replica_that_cannot_catch_up_leaves_the_primary_as_it_was(cluster: Cluster) -> None:
    old, wanted = cluster.nodes[:2]
    wanted.pause()
    try:
        with CountingWriter(cluster) as writer:
            writer.wait_for_more(50)
            operation = switch(cluster.sentinels[0], to=wanted.name, timeout="300ms")
            assert operation["state"] == "failed"
            writer.wait_for_more(50)
            assert writer.acknowledged_by.keys() == {old.name}
    finally:
        wanted.resume()
    assert cluster.wait_agreed() == old.name
    assert counter(old) >= writer.acknowledged


def test_what_cannot_be_done_is_refused_with_the_reason(cluster: Cluster) -> None:
    old, wanted = cluster.nodes[:2]
    path = f"/v1/groups/{GROUP}/switchover"
    status, problem = cluster.sentinels[0].post(path, {"to": old.name})
    assert (status, problem["detail"]) == (412, f"{old.name}: is the primary already.")
    status, problem = cluster.sentinels[0].post(path, {"to": wanted.name, "timeout": "1h"})
    assert status == 400
    assert "timeout" in problem["detail"]
    status, problem = cluster.sentinels[0].post(path, {"to": wanted.name, "candidate": old.name})
    assert status == 400
    with wanted.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", 1)

    def refused() -> bool:
        status = cluster.sentinels[0].post(path, {"to": wanted.name})[0]
        return status in (409, 412)

    wait_for(refused, what="the broken link to be seen")
