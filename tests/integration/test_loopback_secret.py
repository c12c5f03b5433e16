"""Sentinels on loopback that have no secret configured find one another by a file of their user's."""

from __future__ import annotations

from pathlib import Path

import yaml

from sentinel.terminal.exits import ExitCode
from tests.integration.cluster import Cluster, Sentinel
from tests.waiting import wait_for


def without_secret(sentinel: Sentinel, state_home: Path) -> None:
    config = yaml.safe_load(sentinel.file.read_text())
    del config["cluster"]["secret"]
    sentinel.file.write_text(yaml.safe_dump(config))
    sentinel.env = {"XDG_STATE_HOME": str(state_home)}


def test_the_sentinels_of_one_user_share_a_file_and_another_users_is_refused(tmp_path: Path) -> None:
    with Cluster(start=False) as cluster:
        for sentinel in cluster.sentinels:
            without_secret(sentinel, tmp_path / "one")
        cluster.start()
        cluster.wait_ready()
        file = tmp_path / "one" / "vedette" / "loopback.secret"
        assert file.stat().st_mode & 0o777 == 0o600
        assert not any(file.read_text().strip() in sentinel.log() for sentinel in cluster.sentinels)

        *others, away = cluster.sentinels
        away.stop()
        without_other = tmp_path / "two"
        away.env = {"XDG_STATE_HOME": str(without_other)}
        away.start()
        for sentinel in others:
            wait_for(lambda e=sentinel: "wrong proof" in e.log(), 20, "a refusal")  # type: ignore[misc]
        away.stop()

        (without_other / "vedette" / "loopback.secret").chmod(0o644)
        away.start()
        assert away.process is not None
        wait_for(lambda: not away.running, 30, "a refusal to start")
        assert away.process.end() == ExitCode.USAGE
        assert "cluster.secret: " in away.log() and "others may read or write it (mode 0644)" in away.log()
