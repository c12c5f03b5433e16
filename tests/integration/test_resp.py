"""Clients that know Redis Sentinel find the primary, and are told when it changes."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
import redis
import redis.asyncio
from redis.asyncio.sentinel import Sentinel as AsyncSentinelClient
from redis.sentinel import MasterNotFoundError
from redis.sentinel import Sentinel as SentinelClient

from tests.integration.cluster import GROUP, Cluster
from tests.waiting import wait_for


def test_sentinel_clients_follow_a_failover() -> None:
    with Cluster() as cluster:
        old = cluster.nodes[0]
        addresses = [("127.0.0.1", sentinel.resp_port) for sentinel in cluster.sentinels]
        client = SentinelClient(addresses, socket_timeout=2)
        assert client.discover_master(GROUP) == ("127.0.0.1", old.port)
        assert sorted(client.discover_slaves(GROUP)) == sorted(
            ("127.0.0.1", n.port) for n in cluster.nodes[1:]
        )
        primary = client.master_for(GROUP, socket_timeout=2)
        primary.set("before", "x")
        with redis.Redis(port=addresses[0][1], socket_timeout=20, decode_responses=True) as subscriber:
            channel = subscriber.pubsub()
            channel.subscribe("+switch-master")
            assert channel.get_message(timeout=5)["type"] == "subscribe"
            old.kill()
            new = cluster.wait_failover(old.name)
            message = channel.get_message(timeout=20)
            assert message["data"] == f"{GROUP} 127.0.0.1 {old.port} 127.0.0.1 {new.port}"
        assert client.discover_master(GROUP) == ("127.0.0.1", new.port)

        def writes() -> bool:
            try:
                return bool(primary.set("after", "x"))
            except redis.exceptions.RedisError:
                return False

        wait_for(writes, what="the client to write to the new primary")


async def test_asyncio_client_and_the_masters_fields() -> None:
    with Cluster() as cluster:
        port = cluster.sentinels[0].resp_port
        client = AsyncSentinelClient([("127.0.0.1", port)], socket_timeout=2)
        assert await client.discover_master(GROUP) == ("127.0.0.1", cluster.nodes[0].port)
        for link in client.sentinels:
            await link.aclose()
        with redis.Redis(port=port, decode_responses=True) as plain:
            master = plain.sentinel_master(GROUP)
            assert (master["num-slaves"], master["quorum"], master["is_master"]) == (2, 2, True)
            assert plain.sentinel_sentinels(GROUP) == [], "where the others serve this protocol is not known"
            assert GROUP in plain.sentinel_masters()
            with pytest.raises(redis.exceptions.ResponseError, match="/v1/groups"):
                plain.execute_command("SENTINEL", "FAILOVER", GROUP)


def test_without_a_majority_clients_are_sent_on() -> None:
    with Cluster() as cluster:
        last = cluster.sentinels[2]
        for sentinel in cluster.sentinels[:2]:
            sentinel.kill()
        client = SentinelClient([("127.0.0.1", last.resp_port)], socket_timeout=2)

        def refused() -> bool:
            try:
                client.discover_master(GROUP)
            except MasterNotFoundError:
                return True
            return False

        wait_for(refused, what="no answer without a majority")


def test_garbage_is_answered_and_ended() -> None:
    with Cluster(replicas=1) as cluster:
        port = cluster.sentinels[0].resp_port
        for garbage in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"*99999999999\r\n",
            b"*1000000000\r\n",
            b"*1\r\n$1000000000\r\n",
            b"*1\r\n:5\r\n",
            b"\x00" * 100,
        ):
            with socket.create_connection(("127.0.0.1", port), 5) as raw:
                raw.sendall(garbage)
                assert raw.recv(4096).startswith(b"-ERR")


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli on PATH")
def test_redis_cli_finds_the_primary() -> None:
    with Cluster(replicas=1) as cluster:
        port = cluster.sentinels[0].resp_port
        asked = ["redis-cli", "-p", str(port), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
        assert answer.stdout.split() == ["127.0.0.1", str(cluster.nodes[0].port)]


def test_a_replica_that_is_not_announced_is_not_told_to_clients() -> None:
    with Cluster() as cluster:
        sentinel, hidden = cluster.sentinels[0], cluster.nodes[2]
        with hidden.client() as client:
            client.config_set("replica-announced", "no")

        def told() -> list[int]:
            with redis.Redis(port=sentinel.resp_port, decode_responses=True) as plain:
                return [each["port"] for each in plain.sentinel_slaves(GROUP)]

        wait_for(lambda: told() == [cluster.nodes[1].port], what="the replica to be hidden")
        status, body = sentinel.get(f"/v1/check/{GROUP}/replica?node={hidden.name}")
        assert status == 503 and "replica-announced" in body["detail"]
        shown = {node["node"]: node["announced"] for node in sentinel.group()["nodes"]}
        assert shown[hidden.name] is False and shown[cluster.nodes[1].name] is True


def test_clients_that_log_in_where_no_password_is_asked_for() -> None:
    with Cluster(sentinels=1) as cluster:
        port = cluster.sentinels[0].resp_port
        with redis.Redis(port=port, username="default", password="any", protocol=2) as named:
            assert named.ping()
        with (
            redis.Redis(port=port, password="any", protocol=2) as plain,
            pytest.raises(redis.exceptions.AuthenticationError, match="without any password"),
        ):
            plain.ping()


def test_clients_that_must_log_in() -> None:
    with Cluster(sentinels=1, own={"resp_password": "resp-word"}) as cluster:
        port = cluster.sentinels[0].resp_port
        where = [("127.0.0.1", port)]
        for protocol in (2, 3):
            for user in (None, "default"):
                known = {"username": user, "password": "resp-word", "protocol": protocol}
                client = SentinelClient(where, socket_timeout=2, sentinel_kwargs=known)
                assert client.discover_master(GROUP) == ("127.0.0.1", cluster.nodes[0].port)
        with (
            redis.Redis(port=port, password="wrong", protocol=2) as plain,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            plain.ping()
        with (
            redis.Redis(port=port, protocol=2) as plain,
            pytest.raises(redis.exceptions.AuthenticationError, match="Authentication required"),
        ):
            plain.execute_command("SENTINEL", "MASTERS")
