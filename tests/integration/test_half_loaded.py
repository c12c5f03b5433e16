"""The primary dies while its replicas load what it sent them: the first to be done has an older copy."""

from __future__ import annotations

import random
import time

from tests.integration.cluster import Cluster
from tests.integration.test_returning import newest_change, settled
from tests.redis_server import RedisServer
from tests.waiting import wait_for

ANSWERS = ("--loading-process-events-interval-bytes", "1024")
OLD_KEYS = 100


def joins_anew(node: RedisServer, primary: RedisServer, us_each: int) -> None:
    """Without its data, and slow to load all that it is sent."""
    node.lose_files()
    follows = ("--replicaof", "127.0.0.1", str(primary.port))
    node.restart_without_waiting(*follows, *ANSWERS, "--key-load-delay", str(us_each))


def shown(cluster: Cluster, node: RedisServer, field: str) -> list[object]:
    """At each sentinel."""
    groups = [sentinel.group() for sentinel in cluster.running]
    return [each[field] for group in groups for each in group["nodes"] if each["node"] == node.name]


def writes_on(cluster: Cluster, primary: RedisServer, first: int, last: int) -> None:
    """So that every sentinel has seen how much the primary has written."""
    with primary.client() as client:
        client.mset({f"k{number}": random.randbytes(300).hex() for number in range(first, last)})
    offset = primary.info()["master_repl_offset"]
    wait_for(lambda: all(at >= offset for at in shown(cluster, primary, "offset_bytes")))
    # Redis tells in whole seconds how long it has been running: what was seen in the last one proves nothing.
    seen_at = time.monotonic()
    wait_for(lambda: time.monotonic() > seen_at + 1.5, what="a second to pass")


def test_the_newer_copy_is_waited_for_and_what_nobody_holds_is_told() -> None:
    with Cluster() as cluster:
        cluster.wait_watching()
        old = cluster.node(cluster.wait_agreed())
        first, second = (node for node in cluster.nodes if node is not old)
        writes_on(cluster, old, 0, OLD_KEYS)
        joins_anew(first, old, 120_000)
        wait_for(lambda: all(shown(cluster, first, "loading")), what=f"{first.name} to load")
        writes_on(cluster, old, OLD_KEYS, OLD_KEYS + 10)
        joins_anew(second, old, 130_000)
        wait_for(lambda: all(shown(cluster, second, "loading")), what=f"{second.name} to load")
        writes_on(cluster, old, OLD_KEYS + 10, OLD_KEYS + 20)
        old.kill()
        assert settled(cluster) is second
        with second.client() as client:
            assert client.exists(f"k{OLD_KEYS}", f"k{OLD_KEYS + 9}") == 2, "what only the newer copy holds"

        def told() -> str | None:
            text = newest_change(cluster)["may_have_lost"]
            return str(text) if text else None

        assert "bytes that" in wait_for(told, what="the loss to be told")
        assert any(
            "newer copy" in str(line["message"]) for s in cluster.sentinels for line in s.story("held")
        )
