"""``vedette watch`` on a real terminal and in a pipe, through a failover and the loss of a sentinel."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import GROUP, Cluster
from tests.integration.terminal import Terminal
from tests.integration.test_cli import ENV, command
from tests.processes import Process
from tests.waiting import wait_for

ALTERNATE, NORMAL, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
COLOUR = re.compile(rb"\x1b\[[0-9;]*3[0-7]m")
QUICK = ("--interval", "0.2")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as made:
        yield made


@pytest.fixture
def file(cluster: Cluster) -> Path:
    return cluster.sentinels[0].file


def test_a_narrow_terminal_without_colours_is_left_as_it_was(cluster: Cluster, file: Path) -> None:
    env = {**ENV, "NO_COLOR": "1"}
    with Terminal(command("watch", GROUP, "-c", file, *QUICK), env, columns=40, lines=12) as terminal:
        terminal.wait_shown(cluster.nodes[2].name)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 143
    assert terminal.raw.startswith(ALTERNATE)
    assert not COLOUR.search(terminal.raw)
    assert NORMAL in terminal.raw
    assert CURSOR in terminal.raw


def test_in_a_pipe_each_change_is_a_snapshot(cluster: Cluster, file: Path, tmp_path: Path) -> None:
    primary, _, replica = cluster.nodes
    plain, lines = tmp_path / "plain", tmp_path / "json"
    watching = [
        Process(command("watch", "-c", file, *QUICK), tmp_path, plain, ENV),
        Process(command("watch", "-c", file, "--json", *QUICK), tmp_path, lines, ENV),
    ]
    try:
        wait_for(lambda: replica.name in plain.read_text(), 30, "the first snapshot")
        wait_for(lambda: replica.name in lines.read_text(), 30, "the first snapshot as JSON")
        replica.kill()
        wait_for(lambda: re.search(rf"{replica.name}\s+replica\s+down", plain.read_text()), 30, "the change")
        wait_for(lambda: '"state": "down"' in lines.read_text(), 30, "the change as JSON")
        assert [process.end(signal.SIGINT) for process in watching] == [0, 0]
    finally:
        for process in watching:
            process.kill()
        replica.restart()
    assert "\x1b" not in plain.read_text()
    bodies = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {body["groups"][0]["topology"]["primary"] for body in bodies} == {primary.name}
    assert "s2 in touch" in plain.read_text()
    cluster.wait_replicas(primary, replica)
    cluster.wait_watching()


def test_through_a_failover_and_the_loss_of_a_sentinel(cluster: Cluster, file: Path) -> None:
    old = cluster.nodes[0]
    with Terminal(command("watch", "-c", file, *QUICK), ENV) as terminal:
        terminal.wait_shown(f"primary {old.name}")
        old.kill()
        new = cluster.wait_failover(old.name)
        terminal.wait_shown(f"primary {new.name}")
        terminal.wait_shown(f"{GROUP}: {new.name} is primary, term")
        terminal.wait_shown(f"(was {old.name}, ")
        first, second, third = cluster.sentinels
        first.kill()
        terminal.wait_shown(f"watch: now asking http://127.0.0.1:{second.port}")
        second.kill()
        third.kill()
        terminal.wait_shown("no sentinel was reached")
        third.start()
        terminal.wait_shown(f"watch: now asking http://127.0.0.1:{third.port}")
        assert COLOUR.search(terminal.raw)
        terminal.press(b"\x03")
        assert terminal.wait() == 0
    assert "Traceback" not in terminal.text
    assert NORMAL in terminal.raw
    assert CURSOR in terminal.raw
