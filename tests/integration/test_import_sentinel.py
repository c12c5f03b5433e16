"""From real Redis Sentinels to Vedette: their files are imported, and what comes out fails over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.cluster import Sentinel
from tests.integration.test_preflight import binaries
from tests.processes import Process, free_port
from tests.redis_server import RedisServer
from tests.unit.sentinel.cli.test_cli import vedette
from tests.waiting import wait_for

GROUP = "old-master"
PASSWORD = "pa$${word}"
IDS = ("s1", "s2", "s3")


@pytest.fixture(params=binaries(), ids=lambda path: "packaged" if "site-packages" in str(path) else "system")
def binary(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def nodes(binary: Path) -> Iterator[list[RedisServer]]:
    arguments = ("--requirepass", PASSWORD, "--masterauth", PASSWORD)
    with RedisServer(*arguments, binary=binary) as primary, RedisServer(*arguments, binary=binary) as replica:
        replica.replicate(primary)
        yield [primary, replica]


def written_by_sentinels(binary: Path, primary: RedisServer, directory: Path) -> list[Path]:
    """Three of them watch ``primary`` until each has written down the others and the replica."""
    files, running = [], []
    try:
        for id_ in IDS:
            file = directory / f"{id_}.conf"
            file.write_text(
                f"port {free_port()}\nbind 127.0.0.1\ndir {directory}\n"
                f"sentinel monitor {GROUP} 127.0.0.1 {primary.port} 2\n"
                f"sentinel down-after-milliseconds {GROUP} 1000\n"
                f"sentinel auth-pass {GROUP} {PASSWORD}\n"
            )
            files.append(file)
            command = [str(binary), str(file), "--sentinel"]
            running.append(Process(command, directory, directory / f"{id_}.redis.log"))

        def written() -> bool:
            texts = [file.read_text() for file in files]
            return all(
                text.count(f"sentinel known-sentinel {GROUP}") == 2
                and text.count(f"sentinel known-replica {GROUP}") == 1
                for text in texts
            )

        wait_for(written, 30, "the sentinels to write down what they found")
    finally:
        for process in running:
            process.kill()
    return files


def test_imported_from_real_sentinels_it_fails_over(
    binary: Path, nodes: list[RedisServer], tmp_path: Path
) -> None:
    primary, replica = nodes
    files = written_by_sentinels(binary, primary, tmp_path)
    ports = {id_: free_port() for id_ in IDS}
    named = [part for id_, port in ports.items() for part in ("--member", f"{id_}=127.0.0.1:{port}")]
    sentinels = []
    try:
        for id_, file in zip(IDS, files, strict=True):
            own = ("--id", id_, "--state-dir", tmp_path / f"state-{id_}", "--secrets-dir", tmp_path / id_)
            made = vedette("import-sentinel-conf", file, *named, *own)
            assert made.exit_code == 0, made.stderr
            assert PASSWORD not in made.output
            sentinel = Sentinel(id_, ports[id_], yaml.safe_load(made.stdout), tmp_path)
            sentinel.file.write_text(made.stdout)
            checked = vedette("check", "-c", sentinel.file)
            assert checked.exit_code == 0, checked.stderr
            sentinels.append(sentinel)
            sentinel.start()
        wait_for(
            lambda: {s.primary(GROUP) for s in sentinels} == {primary.name}, 30, "the sentinels to agree"
        )
        wait_for(
            lambda: all(node["state"] == "up" for s in sentinels for node in s.group(GROUP)["nodes"]),
            30,
            "every node to be seen",
        )
        primary.kill()
        wait_for(lambda: {s.primary(GROUP) for s in sentinels} == {replica.name}, 30, "the failover")
        with replica.client() as client:
            assert client.set("written", "after the failover")
    finally:
        for sentinel in sentinels:
            sentinel.kill()
