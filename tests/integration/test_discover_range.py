"""Whoever may replicate may make a primary report any address: our password goes to none that is not ours."""

from __future__ import annotations

from tests.integration.cluster import GROUP, Cluster
from tests.integration.listener import FakeReplica, Listener
from tests.waiting import stays, wait_for

PASSWORD = "not-for-everybody"
ARGUMENTS = (
    *("--requirepass", PASSWORD, "--masterauth", PASSWORD),
    *("--user", "copier", "on", ">copy", "+psync", "+replconf", "+ping"),
)
SECURED = {"password": PASSWORD, "preflight_interval": "10s"}


def fake(cluster: Cluster, listener: Listener) -> FakeReplica:
    return FakeReplica(cluster.nodes[0].port, "copier", "copy", "127.0.0.1", listener.port)


def test_a_password_is_not_sent_to_an_address_that_somebody_made_up() -> None:
    with Cluster(group=SECURED, redis_arguments=ARGUMENTS) as cluster, Listener() as listener:
        name = f"127.0.0.1:{listener.port}"
        with fake(cluster, listener):
            wait_for(lambda: all(s.story("not_watched") for s in cluster.sentinels), 30, "it to be told")
            (line,) = cluster.sentinels[0].story("not_watched")
            assert (line["node"], line["reason"]) == (name, "outside of discover_range")
            (shown,) = [n for n in cluster.sentinels[0].group()["nodes"] if n["node"] == name]
            assert (shown["state"], shown["discovered"]) == ("not_watched", True)
            assert shown["detail"] == "not watched: outside of discover_range"
            status, _ = cluster.sentinels[0].get(f"/v1/groups/{GROUP}/preflight")
            assert status == 200
            # Also while preflights look at what the nodes report.
            stays(lambda: not any(listener.heard), 12.0, "nothing is said to it")


def test_within_a_configured_range_it_is_watched() -> None:
    group = {**SECURED, "discover_range": ["127.0.0.0/8"]}
    with (
        Cluster(group=group, redis_arguments=ARGUMENTS) as cluster,
        Listener() as listener,
        fake(cluster, listener),
    ):
        wait_for(lambda: any(PASSWORD.encode() in said for said in listener.heard), 30, "a login")
