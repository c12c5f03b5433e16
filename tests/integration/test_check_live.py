"""``vedette check --live`` against real sentinels and servers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.integration.cluster import GROUP, Cluster
from tests.integration.terminal import Terminal
from tests.integration.test_cli import ENV, command, vedette
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(redis_arguments=("--appendonly", "yes")) as made:
        yield made


def test_a_healthy_cluster_is_ok(cluster: Cluster) -> None:
    file = cluster.sentinels[0].file
    done = vedette("check", "-c", file, "--live")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, verdict = done.stdout.splitlines()
    assert verdict == f"{file}: ok: 0 errors, 1 warning; 3 sentinels and 1 group looked at"
    assert [line.partition(":")[0] for line in lines] == ["warning"]
    body = json.loads(vedette("check", "-c", file, "--live", "--json").stdout)
    assert body["ok"] is True
    assert [(m["sentinel"], m["reachable"]) for m in body["live"]["members"]] == [
        ("s1", True),
        ("s2", True),
        ("s3", True),
    ]
    assert all(abs(m["clock_ahead_ms"]) < 60_000 for m in body["live"]["members"])


def test_a_terminal_gets_tables(cluster: Cluster) -> None:
    with Terminal(command("check", "-c", cluster.sentinels[0].file, "--live"), ENV, columns=100) as terminal:
        assert terminal.wait() == 0
    assert re.search(r"s1\s+http://127.0.0.1:\d+\s+reachable", terminal.text)
    assert "WHAT TO DO" in terminal.text
    assert max(len(line) for line in terminal.text.splitlines()[:-1]) <= 100


def test_what_would_bite_is_told_and_is_exit_code_1(cluster: Cluster) -> None:
    file = cluster.sentinels[0].file
    stopped, node = cluster.sentinels[1], cluster.nodes[2]
    with node.client() as client:
        client.config_set("min-replicas-to-write", 3)
    stopped.kill()
    wait_for(lambda: not stopped.running, what="the sentinel to end")
    done = vedette("check", "-c", file, "--live", "--json")
    assert done.returncode == 1
    body = json.loads(done.stdout)
    found = {(f["sentinel"], f["group"], f["node"], f["code"]) for f in body["live"]["findings"]}
    assert found == {
        ("s2", None, None, "unreachable"),
        (None, GROUP, node.name, "min-replicas"),
        (None, GROUP, None, "no-config-file"),
    }
    assert body["ok"] is False
    lines = vedette("check", "-c", file, "--live").stdout.splitlines()
    assert lines[0].startswith(f"error: sentinel s2: http://127.0.0.1:{stopped.port} does not answer")
    assert ": not ok: 2 errors, 1 warning" in lines[-1]
