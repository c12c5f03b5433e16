"""The secrets of docker-compose.yml: drawn once, each for its purpose, for one user to read."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import config

CHECKOUT = Path(__file__).parents[2]
NAMES = ("VEDETTE_CLUSTER_SECRET", "VEDETTE_WEBHOOK_SECRET", "VEDETTE_TOKEN")
GIVEN = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"


def draw(directory: Path, **given: str) -> dict[str, str]:
    """As the container does, but in ``directory``; returns what is in its files then."""
    if shutil.which("sh") is None:
        pytest.skip("no shell")
    directory.mkdir(exist_ok=True)
    python = directory.with_name("bin")
    python.mkdir(exist_ok=True)
    if not (python / "python").exists():
        (python / "python").symlink_to(sys.executable)
    env = {"PATH": f"{python}:{os.environ['PATH']}", **dict.fromkeys(NAMES, ""), **given}
    script = CHECKOUT / "compose/draw-secrets"
    subprocess.run(["sh", script, directory], env=env, check=True, timeout=60)
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_secrets_are_drawn_once_and_for_one_user(tmp_path: Path) -> None:
    directory = tmp_path / "drawn"
    first = draw(directory)
    assert first.keys() == {"cluster", "webhook", "token"}
    assert len(set(first.values())) == 3 and all(len(secret) > 40 for secret in first.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert draw(directory) == first
    assert not set(draw(tmp_path / "another").values()) & set(first.values())


def test_what_is_given_at_the_first_start_is_taken(tmp_path: Path) -> None:
    given = dict(zip(NAMES, ("chosen by a person", GIVEN, "t0ken"), strict=True))
    first = draw(tmp_path / "drawn", **given)
    assert first == {"cluster": "chosen by a person\n", "webhook": f"{GIVEN}\n", "token": "t0ken\n"}
    assert draw(tmp_path / "drawn", VEDETTE_TOKEN="another") == first


def test_vedette_takes_what_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "drawn"
    drawn = draw(directory)
    monkeypatch.setenv("SENTINEL_ID", "sentinel-1")
    text = (CHECKOUT / "compose/vedette.yml").read_text()
    (tmp_path / "vedette.yml").write_text(text.replace("/run/vedette", str(directory)))
    settings = config.load(tmp_path / "vedette.yml").settings
    assert settings.cluster.secret is not None and settings.api.token is not None
    assert settings.cluster.secret.get_secret_value() == drawn["cluster"].strip()
    assert settings.api.token.get_secret_value() == drawn["token"].strip()
    assert len(settings.webhooks[0].signing_key) == 32
