"""Crowds of clients that send nothing, wait or listen keep no sentinel from its nodes and its peers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import wait_for

FILES = 256


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    # A machine that is busy with the crowd itself shall not be what parts the peers.
    with Cluster(start=False, times={"peer_timeout": "5s"}) as cluster:
        for sentinel in cluster.sentinels:
            sentinel.files = FILES
        cluster.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_ready()
        cluster.wait_watching()
        yield cluster


def crowd(stack: ExitStack, port: int, said: bytes) -> None:
    """As many as could use up all its files. Some are turned away."""
    for _ in range(FILES + 50):
        with suppress(OSError):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            client.sendall(said)


def test_a_primary_is_replaced_and_peers_stay_in_touch_under_silent_crowds(cluster: Cluster) -> None:
    waiting = f"GET /v1/groups/{GROUP}/primary?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    unknown = b"GET /v1/operations/op-s2-0123456789abcdef HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        for sentinel in cluster.sentinels:
            crowd(stack, sentinel.port, b"")
            crowd(stack, sentinel.port, waiting)
            crowd(stack, sentinel.port, unknown)
            crowd(stack, sentinel.resp_port, b"")
            crowd(stack, sentinel.resp_port, b"SUBSCRIBE +switch-master\r\n")
        cluster.wait_ready()
        old = cluster.nodes[0]
        old.kill()
        cluster.wait_failover(old.name)
        for sentinel in cluster.sentinels:
            assert "is out of touch" not in sentinel.log()
            assert "Traceback" not in sentinel.log() and "Too many open files" not in sentinel.log()
            ended = sentinel.text("/metrics")
            assert 'vedette_ended_clients_total{protocol="http",why="made_way"}' in ended


def test_a_peer_that_was_away_comes_in_through_the_crowd(cluster: Cluster) -> None:
    with ExitStack() as stack:
        for sentinel in cluster.sentinels[:2]:
            crowd(stack, sentinel.port, b"")
        away = cluster.sentinels[2]
        away.kill()
        away.start()
        cluster.wait_ready()


def test_where_files_are_too_few_it_is_said_at_the_start(cluster: Cluster) -> None:
    sentinel: Sentinel = cluster.sentinels[0]
    sentinel.stop()
    sentinel.files = 180
    sentinel.start()
    wait_for(lambda: "this process may open 180 files" in sentinel.log(), 30, "the error")
    cluster.wait_ready()
