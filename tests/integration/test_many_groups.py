"""One set of sentinels watches twenty groups; several primaries die at once."""

from __future__ import annotations

from functools import partial

from tests.integration.cluster import Cluster
from tests.redis_server import RedisServer
from tests.waiting import wait_for

GROUPS = 20


def test_twenty_groups_and_five_dead_primaries() -> None:
    servers: list[RedisServer] = []
    try:
        pairs = {}
        for number in range(1, GROUPS):
            primary, replica = RedisServer(), RedisServer()
            servers += [primary, replica]
            replica.replicate(primary, wait=False)
            pairs[f"group{number}"] = (primary, replica)
        groups = {name: {"nodes": [p.name, r.name]} for name, (p, r) in pairs.items()}
        with Cluster(groups=groups) as cluster:
            for name, (primary, _) in pairs.items():
                wait_for(partial(_agree, cluster, name, primary.name), 30, f"{name} to be known")
            dead = list(pairs)[:5]
            for name in dead:
                pairs[name][0].kill()
            for name in dead:
                wait_for(partial(_agree, cluster, name, pairs[name][1].name), 30, f"{name} to fail over")
            for name in list(pairs)[5:]:
                assert _agree(cluster, name, pairs[name][0].name)
    finally:
        for server in servers:
            server.stop()


def _agree(cluster: Cluster, group: str, primary: str) -> bool:
    return all(sentinel.primary(group) == primary for sentinel in cluster.sentinels)
