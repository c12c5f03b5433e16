"""What a daemon does not load, for it would keep it for months; and that it starts as ever."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sentinel.cli.main import daemon_file
from sentinel.terminal.exits import ExitCode

CHECKOUT = Path(__file__).parents[3]
NEVER = (
    "click",
    "opentelemetry",
    "redis.asyncio.client",
    "redis.asyncio.cluster",
    "redis.client",
    "redis.cluster",
    "redis.commands",
    "rich",
    "typer",
)
TELLS = """
import json, sys
from sentinel.cli.main import main
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]))
"""
LATER = """
import json, sys
from sentinel.process import lean_redis
lean_redis.prepare()
import redis.asyncio.connection
before = "redis.client" in sys.modules
client = redis.asyncio.Redis(port=1)
from redis import Redis, asyncio, exceptions
lean_redis.prepare()
same = redis.asyncio is asyncio and redis.RedisError is exceptions.RedisError
print(json.dumps([before, same, Redis.__module__]))
"""


def output(code: str, *arguments: str, where: Path = CHECKOUT) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=where,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_daemon_loads_no_clients_and_no_command_line(tmp_path: Path) -> None:
    """One that has come as far as it can: its address is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        file = tmp_path / "vedette.yml"
        settings = {
            "sentinel": {"id": "s1", "state_dir": str(tmp_path / "state"), "http": address},
            "cluster": {"members": {"s1": address}, "secret": "a-secret-of-this-test-alone"},
            "groups": {"g": {"nodes": ["127.0.0.1:1", "127.0.0.1:2"]}},
        }
        file.write_text(yaml.safe_dump(settings))
        code, modules = output(TELLS, "run", "--config", str(file), where=tmp_path)
    assert code == ExitCode.LISTEN
    assert "sentinel.daemon" in modules
    assert "redis.asyncio.connection" in modules
    assert [name for name in NEVER if name in modules] == []


def test_who_wants_a_client_of_redis_py_gets_one_all_the_same() -> None:
    assert output(LATER) == [False, True, "redis.client"]


@pytest.mark.parametrize("arguments", ["run -c f.yml", "run --config f.yml", "run --config=f.yml"])
def test_a_daemon_is_asked_for(arguments: str) -> None:
    assert daemon_file(arguments.split()) == "f.yml"


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "run",
        "run -c",
        "run f.yml",
        "run -c --help",
        "run -c f.yml --help",
        "run --config=",
        "check -c f.yml",
    ],
)
def test_anything_else_is_for_the_whole_command_line(arguments: str) -> None:
    assert daemon_file(arguments.split()) is None
