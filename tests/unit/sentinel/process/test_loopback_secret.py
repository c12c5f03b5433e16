"""Without a configured secret, the sentinels of one user share a private file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentinel.process.loopback_secret import LoopbackSecretError, loopback_secret, secret_path


def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


def made(tmp_path: Path) -> Path:
    loopback_secret(env(tmp_path))
    return secret_path(env(tmp_path))


def test_the_first_makes_it_for_this_user_alone(tmp_path: Path) -> None:
    state = tmp_path / "not" / "there"
    first = loopback_secret(env(state))
    path = secret_path(env(state))
    assert first == loopback_secret(env(state)) == path.read_bytes().strip()
    assert len(first) == 64 and path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_those_that_start_together_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(loopback_secret, [env(tmp_path)] * 64))) == 1


def test_two_users_have_two(tmp_path: Path) -> None:
    assert loopback_secret(env(tmp_path / "a")) != loopback_secret(env(tmp_path / "b"))


def test_without_a_state_directory_it_is_in_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for given in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
        assert secret_path(given) == Path("/home/somebody/.local/state/vedette/loopback.secret")


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606, 0o604])
def test_one_that_others_may_read_is_not_believed(tmp_path: Path, mode: int) -> None:
    made(tmp_path).chmod(mode)
    with pytest.raises(LoopbackSecretError, match=rf"mode {mode:04o}.*or set cluster.secret_file"):
        loopback_secret(env(tmp_path))


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"x" * 5000])
def test_one_that_holds_no_secret_is_not_believed(tmp_path: Path, content: bytes) -> None:
    made(tmp_path).write_bytes(content)
    with pytest.raises(LoopbackSecretError, match="holds no secret"):
        loopback_secret(env(tmp_path))


def test_a_link_or_a_pipe_in_its_place_is_not_followed(tmp_path: Path) -> None:
    path = made(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LoopbackSecretError, match=str(path)):
        loopback_secret(env(tmp_path))
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(LoopbackSecretError, match="is no file"):
        loopback_secret(env(tmp_path))


def test_where_none_can_be_made_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "vedette").write_text("in the way")
    with pytest.raises(LoopbackSecretError, match=r"or set cluster\.secret_file"):
        loopback_secret(env(tmp_path))
