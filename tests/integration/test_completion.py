"""Completion in real shells: commands, options, and the names of the groups."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_cli import ENV
from tests.processes import free_port


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "s1.yml"
    file.write_text(
        f"sentinel: {{id: s1, state_dir: ./state, http: 127.0.0.1:{free_port()}}}\n"
        "cluster: {members: {s1: 127.0.0.1:8701}}\n"
        "groups: {orders: {nodes: [127.0.0.1:6379]}, other: {nodes: [127.0.0.1:6380]}}\n"
    )
    return file


@pytest.fixture
def path(tmp_path: Path) -> str:
    """With a ``vedette`` in front, as an installed one would be."""
    script = tmp_path / "bin" / "vedette"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\n"
        "import sys\nsys.argv[0] = 'vedette'\nfrom sentinel.cli.main import main\nmain()\n"
    )
    script.chmod(0o755)
    return f"{script.parent}{os.pathsep}{os.environ['PATH']}"


def run(shell: str, script: str, path: str, home: Path, **env: str) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    quiet = {"VEDETTE_URL": f"http://127.0.0.1:{free_port()}", "HOME": str(home)}
    done = subprocess.run(
        [shell, "-c", script],
        env={**os.environ, **ENV, **quiet, "PATH": path, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


BASH = """
eval "$(vedette --show-completion)"
offered() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vedette_completion vedette; echo "${COMPREPLY[*]}"; }
"""
"""``offered`` prints what TAB at the end of its words offers."""


def test_bash_completes_commands_options_and_groups(config: Path, path: str, tmp_path: Path) -> None:
    asked = [
        "offered vedette sw",
        "offered vedette check --l",
        f"offered vedette explain -c {config} o",
        f"offered vedette watch -c {config} ot",
        # Nobody to ask, and no such file: nothing is offered, and nothing is said.
        "offered vedette explain o",
        f"offered vedette explain -c {tmp_path}/nowhere.yml o",
    ]
    shown = run("bash", BASH + "\n".join(asked), path, tmp_path)
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        "switchover",
        "--live",
        "orders other",
        "other",
        "",
        "",
    ]


LOADED = {
    "zsh": 'autoload -U compinit; compinit -u; eval "$(vedette --show-completion)"; echo $_comps[vedette]',
    "fish": "vedette --show-completion | source; complete --do-complete 'vedette explain -c $CONFIG ot'",
}


@pytest.mark.parametrize(("shell", "expected"), [("zsh", "_vedette_completion"), ("fish", "other")])
def test_other_shells_take_the_script(
    shell: str, expected: str, config: Path, path: str, tmp_path: Path
) -> None:
    script = LOADED[shell].replace("$CONFIG", str(config))
    assert expected in run(shell, script, path, tmp_path)


def test_zsh_is_answered_in_its_own_way(config: Path, path: str, tmp_path: Path) -> None:
    env = {"_VEDETTE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"vedette explain -c {config} ot"}
    assert '"other"' in run("sh", "vedette", path, tmp_path, **env)
