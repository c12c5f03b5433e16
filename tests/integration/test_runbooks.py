"""Each command on the pages of docs/operations/ runs: on one small cluster, in the order of the pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import CHECKOUT
from tests.integration.cluster import GROUP, Cluster

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("redis-cli")), reason="no curl, or no redis-cli"
    ),
]

PAGES = sorted((CHECKOUT / "docs/operations").rglob("*.md"))
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"\b(GROUP|NODE|HOST|PORT|SENTINEL|FILE)\b")
OF_REDIS = frozenset({"INFO", "PING", "ROLE", "VEDETTE_URL"})
CHANGING = (
    "vedette failover",
    "vedette switchover",
    "vedette pause",
    "vedette resume",
    "vedette webhooks retry",
)
STOPPED = ("vedette found-anew",)
"""These are for a sentinel that does not run."""
COMPLAINS = ("vedette check -c FILE --live", "vedette explain GROUP", *STOPPED)
"""Exit code 1 is an answer of these, too: they tell what is wrong."""


def commands() -> list[str]:
    """Each line of each block; what changes nothing is run once, however many pages have it."""
    found: list[str] = []
    for page in PAGES:
        for _, block in BLOCK.findall(page.read_text()):
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            found += [line for line in lines if line.startswith(CHANGING) or line not in found]
    return found


def test_placeholders_are_known_words() -> None:
    assert len(commands()) > 20
    for command in commands():
        unknown = set(re.findall(r"\b[A-Z_]{3,}\b", PLACEHOLDER.sub("", command))) - OF_REDIS
        assert not unknown, command


def filled_in(command: str, cluster: Cluster) -> str:
    """``NODE`` is a replica of now."""
    sentinel = cluster.running[0] if cluster.running else cluster.sentinels[0]
    primary = sentinel.primary() if sentinel.running else None
    replica = next(node for node in cluster.nodes if node.name != primary)
    words = {
        "GROUP": GROUP,
        "NODE": replica.name,
        "HOST": "127.0.0.1",
        "PORT": str(replica.port),
        "SENTINEL": f"http://127.0.0.1:{sentinel.port}",
        "FILE": str(sentinel.file),
    }
    return PLACEHOLDER.sub(lambda match: words[match[0]], command)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH with this checkout's ``vedette``."""
    script = tmp_path / "vedette"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m sentinel.cli "$@"\n')
    script.chmod(0o755)
    home = {"HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    return {**os.environ, **home, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def test_every_command_of_the_pages_runs(cluster: Cluster, environment: dict[str, str]) -> None:
    environment["VEDETTE_URL"] = ",".join(f"http://127.0.0.1:{each.port}" for each in cluster.sentinels)
    running = [command for command in commands() if not command.startswith(STOPPED)]
    for command in running:
        run(command, cluster, environment)
        if command.startswith(CHANGING):
            in_order(cluster)
    for sentinel in cluster.sentinels:
        sentinel.stop()
    for command in commands():
        if command.startswith(STOPPED):
            run(command, cluster, environment)


@pytest.mark.parametrize("page", ["README.md", "docs/reference/sentinel-protocol.md"])
def test_the_client_on_a_page_runs(page: str, cluster: Cluster, environment: dict[str, str]) -> None:
    block = re.search(r"```python\n(.*?)```", (CHECKOUT / page).read_text(), re.DOTALL)
    assert block is not None
    code = block[1].replace(', password="..."', "")
    for number, sentinel in enumerate(cluster.sentinels, 1):
        code = code.replace(f"http://host-{number}:8700", f"http://127.0.0.1:{sentinel.port}")
        code = code.replace(f'("host-{number}", 26379)', f'("127.0.0.1", {sentinel.resp_port})')
    assert "host-" not in code
    # The first is gone: the next one is asked.
    cluster.sentinels[0].stop()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    with cluster.nodes[0].client() as client:
        assert client.get("key") == b"value"


def run(command: str, cluster: Cluster, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", filled_in(command, cluster)],
        cwd=cluster.directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    allowed = {0, 1} if command in COMPLAINS else {0}
    assert done.returncode in allowed, f"{command}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, f"{command}\n{done.stderr}"


def in_order(cluster: Cluster) -> None:
    """Until the next change can be asked for: the pages' readers wait too, by looking at the status."""
    primary = cluster.node(cluster.wait_agreed())
    cluster.wait_replicas(primary, *(node for node in cluster.nodes if node is not primary))
    cluster.wait_watching()
