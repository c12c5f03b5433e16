"""The commands against real sentinels and servers, and the daemon's exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import CHECKOUT, GROUP, Cluster
from tests.processes import Process, free_port
from tests.waiting import wait_for

LIMIT_S = 60
ENV = {"PYTHONPATH": str(CHECKOUT)}


def vedette(*arguments: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env={**os.environ, **ENV},
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "sentinel.cli", *(str(argument) for argument in arguments)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as made:
        yield made


@pytest.fixture
def config(cluster: Cluster) -> Path:
    return cluster.sentinels[0].file


def test_status_of_a_healthy_cluster(cluster: Cluster, config: Path) -> None:
    shown = vedette("status", "-c", config)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(node.name in shown.stdout for node in cluster.nodes)
    assert f"primary {cluster.wait_agreed()}" in shown.stdout
    body = json.loads(vedette("status", "-c", config, "--json").stdout)
    assert [group["group"] for group in body["groups"]] == [GROUP]
    assert body["unhealthy"] == {}


def test_failover_waits_for_the_new_primary(cluster: Cluster, config: Path) -> None:
    old = cluster.wait_agreed()
    done = vedette("failover", GROUP, "-c", config, "--wait", "--json")
    assert done.returncode == 0, done.stderr
    new = json.loads(done.stdout)["new_primary"]
    assert new != old
    cluster.wait_agreed(new)
    cluster.wait_watching()
    shown = vedette("history", GROUP, "-c", config)
    assert any(old in line and new in line for line in shown.stdout.splitlines())
    explained = vedette("explain", GROUP, "-c", config)
    assert explained.returncode == 0
    assert "A failover now would choose" in explained.stdout


def test_after_a_switchover_that_was_waited_for_all_is_well(cluster: Cluster, config: Path) -> None:
    cluster.wait_watching()
    old = cluster.wait_agreed()
    done = vedette("switchover", GROUP, "-c", config, "--wait")
    assert done.returncode == 0, done.stderr
    shown = vedette("status", "-c", config)
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stdout
    assert f"primary {old} " not in shown.stdout


def test_an_impossible_failover_is_refused_with_the_reason(cluster: Cluster, config: Path) -> None:
    primary = cluster.wait_agreed()
    refused = vedette("failover", GROUP, "--candidate", primary, "-c", config)
    assert refused.returncode == 1
    assert "primary already" in refused.stderr


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_failover_asks_on_a_terminal(cluster: Cluster, config: Path, answer: bytes, code: int) -> None:
    cluster.wait_watching()
    old = cluster.wait_agreed()
    controller, terminal = pty.openpty()
    try:
        os.write(controller, answer)
        done = vedette("failover", GROUP, "-c", config, "--wait", stdin=terminal)
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == code, done.stderr
    assert f"Fail over {GROUP} from {old} to " in done.stderr
    assert (cluster.wait_agreed() == old) is (code == 1)


# -- vedette run -------------------------------------------------------------------------------


def write_config(directory: Path, port: int, state: str = "state") -> Path:
    file = directory / "s1.yml"
    file.write_text(
        f"sentinel: {{id: s1, state_dir: ./{state}, http: 127.0.0.1:{port}}}\n"
        f"cluster: {{members: {{s1: 127.0.0.1:{port}}}}}\n"
        f"groups: {{g: {{nodes: [127.0.0.1:{free_port()}]}}}}\n"
    )
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_in_order(tmp_path: Path, number: signal.Signals) -> None:
    file, log = write_config(tmp_path, free_port()), tmp_path / "log"
    process = Process(command("run", "-c", file), tmp_path, log, ENV)
    try:
        wait_for(lambda: "HTTP on" in log.read_text(), 30, "the sentinel to start")
        assert process.end(number) == 0
    finally:
        process.kill()
    assert "tolerates no failure" in log.read_text()
    assert "stopping" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_an_address_in_use_is_exit_code_4(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = vedette("run", "-c", write_config(tmp_path, port))
    assert done.returncode == 4
    assert f"cannot listen on 127.0.0.1:{port}: address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_state_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").write_text("no database" * 1000)
    done = vedette("run", "-c", write_config(tmp_path, free_port()))
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert "state.db" in line


def test_a_missing_file_is_exit_code_2(tmp_path: Path) -> None:
    done = vedette("run", "-c", tmp_path / "nowhere.yml")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "nowhere.yml" in line
