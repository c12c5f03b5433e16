"""A group is taken out of the configuration and comes back by its name: at one sentinel, then at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.redis_server import RedisServer
from tests.waiting import wait_for


def restart_with(groups: Mapping[str, Any], *sentinels: Sentinel) -> None:
    for sentinel in sentinels:
        sentinel.stop()
        config = yaml.safe_load(sentinel.file.read_text())
        sentinel.file.write_text(yaml.safe_dump(config | {"groups": dict(groups)}))
    for sentinel in sentinels:
        sentinel.start()
        wait_for(lambda s=sentinel: s.get("/healthz")[0] == 200, 20, "a sentinel to start")  # type: ignore[misc]


def test_one_without_the_group_is_told_of_it_and_once_all_were_it_has_no_past() -> None:
    with RedisServer() as spare, Cluster() as cluster:
        s1, s2, s3 = cluster.sentinels
        former, new, follower = cluster.nodes
        names = [node.name for node in cluster.nodes]
        elsewhere, here = {"spare": {"nodes": [spare.name]}}, {GROUP: {"nodes": names}}
        cluster_id = wait_for(lambda: s2.get("/v1/groups")[1]["cluster_id"], 20, "the cluster's id")
        before = s2.term()

        restart_with(elsewhere, s1)
        assert f"{GROUP}: not in the configuration any more" in s1.log()
        restart_with(here, s1)
        wait_for(lambda: "started without" in s1.get("/readyz")[1].get("detail", ""), 20, "s1 to say why")
        cluster.wait_ready()
        assert {each.primary() for each in cluster.sentinels} == {former.name}
        assert {each.term() for each in cluster.sentinels} == {before}

        restart_with(elsewhere, s1, s2, s3)
        with new.client() as client:
            client.slaveof()
        follower.replicate(new)
        restart_with({GROUP: {"nodes": [new.name, follower.name]}}, s1, s2, s3)
        cluster.wait_agreed(new.name)
        cluster.wait_ready()
        assert s1.term() > before
        assert {each.get("/v1/groups")[1]["cluster_id"] for each in cluster.sentinels} == {cluster_id}
        assert former.info()["role"] == "master" and new.info()["role"] == "master"
