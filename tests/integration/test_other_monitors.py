"""Another monitor of the same nodes is noticed: a Redis Sentinel, and a Vedette of another cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import yaml

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.processes import Process, free_port
from tests.redis_server import RedisServer, find_redis_server
from tests.waiting import wait_for

EVERY = {"preflight_interval": "10s"}


@contextmanager
def redis_sentinel(primary: RedisServer) -> Iterator[int]:
    """One that watches ``primary``; its port."""
    with tempfile.TemporaryDirectory(prefix="vedette-redis-sentinel-") as name:
        folder, port = Path(name), free_port()
        conf = folder / "sentinel.conf"
        conf.write_text(
            f"port {port}\nbind 127.0.0.1\nsentinel monitor other 127.0.0.1 {primary.port} 1\n"
            "sentinel down-after-milliseconds other 60000\n"
        )
        process = Process([str(find_redis_server()), str(conf), "--sentinel"], folder, folder / "log")
        try:
            wait_for(lambda: subscribers(primary) > 0, what="redis-sentinel to subscribe")
            yield port
        finally:
            process.kill()


def subscribers(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.pubsub_numsub("__sentinel__:hello")[0][1])


def codes(sentinel: Sentinel) -> set[tuple[str | None, str, str]]:
    _, body = sentinel.get(f"/v1/groups/{GROUP}/preflight")
    return (
        {(p["node"], p["severity"], p["code"]) for p in body["problems"]} if body.get("checked_at") else set()
    )


def test_a_redis_sentinel_is_told_and_so_is_its_end() -> None:
    with Cluster(replicas=1, sentinels=1, group=EVERY, start=False) as cluster:
        [sentinel], primary = cluster.sentinels, cluster.nodes[0]
        found = (primary.name, "error", "other-sentinel")
        with redis_sentinel(primary):
            cluster.start()
            wait_for(lambda: found in codes(sentinel), 60, "the preflight to tell")
            metrics = sentinel.text("/metrics")
            assert f'vedette_preflight_problems{{group="{GROUP}",severity="error"}} 0.0' not in metrics
        wait_for(lambda: codes(sentinel) and found not in codes(sentinel), 60, "its end to be seen")


@pytest.mark.long
def test_another_vedette_with_sentinels_of_the_same_names_is_told() -> None:
    with Cluster(replicas=1, sentinels=1, group=EVERY) as cluster:
        [sentinel], primary = cluster.sentinels, cluster.nodes[0]
        wait_for(lambda: codes(sentinel), 60, "the first preflight")
        assert not [code for _, _, code in codes(sentinel) if code in ("other-vedette", "foreign-fence")]
        config = yaml.safe_load(sentinel.file.read_text())
        port = free_port()
        config["sentinel"] |= {"http": f"127.0.0.1:{port}", "resp": f"127.0.0.1:{free_port()}"}
        config["sentinel"]["state_dir"] = "./state-other"
        config["cluster"]["members"] = {"s1": f"127.0.0.1:{port}"}
        folder = cluster.directory / "other"
        folder.mkdir()
        other = Sentinel("s1", port, config, folder)
        other.start()
        try:
            wait_for(lambda: (primary.name, "error", "other-vedette") in codes(sentinel), 60, "it to be told")
            wait_for(lambda: (primary.name, "error", "other-vedette") in codes(other), 60, "it to tell us")
        finally:
            other.kill()


def test_a_fence_that_this_cluster_did_not_write_is_told() -> None:
    with Cluster(replicas=1, sentinels=1, group=EVERY) as cluster:
        [sentinel], primary = cluster.sentinels, cluster.nodes[0]
        with primary.client() as client:
            client.set(f"vedette:{GROUP}:term", 999)
        wait_for(lambda: (primary.name, "error", "foreign-fence") in codes(sentinel), 60, "it to be told")


def test_the_questions_leave_nothing_behind() -> None:
    with Cluster(replicas=1, sentinels=1, group=EVERY) as cluster:
        [sentinel], primary = cluster.sentinels, cluster.nodes[0]
        wait_for(lambda: codes(sentinel), 60, "the first preflight")
        assert subscribers(primary) == 0
        client: redis.Redis
        with primary.client() as client:
            assert client.pubsub_channels() == []
