"""What clients are told by a sentinel that its peers cannot reach, that was stopped, or that is busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
import yaml

from tests.forwarder import Forwarder
from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import stays, wait_for

PRIMARY = f"/v1/groups/{GROUP}/primary"
STOPPED_S, RUNS_S, TURNS = 0.5, 0.1, 10


@contextmanager
def behind_a_forwarder() -> Iterator[tuple[Cluster, Sentinel, Forwarder]]:
    """The peers reach the last sentinel by a forwarder, and it reaches them as ever."""
    with Cluster(start=False) as cluster:
        last = cluster.sentinels[-1]
        with Forwarder(last.port) as forwarder:
            for sentinel in cluster.sentinels:
                config = yaml.safe_load(sentinel.file.read_text())
                config["cluster"]["members"][last.id] = forwarder.name
                sentinel.file.write_text(yaml.safe_dump(config))
            cluster.start()
            cluster.wait_agreed(cluster.nodes[0].name)
            cluster.wait_watching()
            yield cluster, last, forwarder


def master_by_resp(sentinel: Sentinel) -> list[str] | None:
    with redis.Redis(port=sentinel.resp_port, decode_responses=True, socket_timeout=5) as client:
        found: list[str] | None = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP)
        return found


def test_who_cannot_be_dialled_answers_nobody_and_nobody_counts_it() -> None:
    with behind_a_forwarder() as (cluster, last, forwarder):
        old, others = cluster.nodes[0], cluster.sentinels[:-1]
        forwarder.go_away()
        wait_for(lambda: last.get(PRIMARY)[0] == 503, 10, "no word from who cannot be dialled")
        assert last.get(PRIMARY)[1]["type"].endswith(":no-quorum")
        assert last.get(f"/v1/check/{GROUP}/primary?node={old.name}")[0] == 503
        assert last.get("/readyz")[0] == 503
        assert master_by_resp(last) is None
        assert last.get(f"{PRIMARY}?stale=ok")[1]["stale"] is True
        for sentinel in others:
            peers = {peer["sentinel"]: peer["in_touch"] for peer in sentinel.get("/v1/groups")[1]["peers"]}
            assert sorted(peers.values()) == [False, True] and peers[last.id] is False
        old.kill()
        wait_for(lambda: all(s.primary() not in (None, old.name) for s in others), 30, "a failover")
        stays(lambda: last.get(PRIMARY)[0] == 503, 0.5, "it does not know, and does not say")
        forwarder.come_back()
        cluster.wait_failover(old.name)


@pytest.mark.parametrize("ask", ["http", "resp"])
def test_the_first_answers_after_a_stop_are_not_the_old_primary(ask: str) -> None:
    """Who asked while it was stopped is answered first, before it has read what its peers have sent."""
    with Cluster() as cluster:
        first, others, old = cluster.sentinels[0], cluster.sentinels[1:], cluster.nodes[0]

        def by_http() -> str | None:
            return first.primary()

        def by_resp() -> str | None:
            found = master_by_resp(first)
            return None if found is None else ":".join(found)

        first.pause()
        old.kill()
        wait_for(lambda: all(s.primary() not in (None, old.name) for s in others), 30, "a failover")
        answers = ask_together(by_http if ask == "http" else by_resp, first.resume)
        assert old.name not in answers
        cluster.wait_failover(old.name)


def ask_together(ask: Callable[[], str | None], then: Callable[[], None]) -> list[str | None]:
    """Ten clients ask, again and again, from before ``then`` on."""
    answers: list[str | None] = []
    over = time.monotonic() + 2.0

    def go_on() -> None:
        while time.monotonic() < over:
            answers.append(ask())

    clients = [threading.Thread(target=go_on, daemon=True) for _ in range(10)]
    for client in clients:
        client.start()
    then()
    for client in clients:
        client.join(30)
    return answers


def test_sentinels_whose_loops_lag_by_half_a_second_drop_no_healthy_primary() -> None:
    with Cluster() as cluster:
        path = f"/v1/check/{GROUP}/primary?node={cluster.nodes[0].name}"
        found: dict[str, list[int]] = {sentinel.id: [] for sentinel in cluster.sentinels}
        over = threading.Event()

        def check(sentinel: Sentinel) -> None:
            while not over.is_set():
                found[sentinel.id].append(sentinel.get(path)[0])

        checks = [threading.Thread(target=check, args=(s,), daemon=True) for s in cluster.sentinels]
        for thread in checks:
            thread.start()
        for _ in range(TURNS):
            for sentinel in cluster.sentinels:
                sentinel.pause()
            time.sleep(STOPPED_S)
            for sentinel in cluster.sentinels:
                sentinel.resume()
            time.sleep(RUNS_S)
        over.set()
        for thread in checks:
            thread.join(30)
        assert all(set(statuses) == {200} for statuses in found.values()), found
