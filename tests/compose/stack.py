"""docker-compose.yml under a project name of its own, driven with whichever Compose this machine has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.processes import free_port
from tests.waiting import wait_for

CHECKOUT = Path(__file__).parents[2]
GROUP = "mymaster"
REDIS = ("redis-1", "redis-2", "redis-3")
SENTINELS = ("sentinel-1", "sentinel-2", "sentinel-3")
BUILD_LIMIT_S = 600
COMMAND_LIMIT_S = 120
MAX_LOG_CHARS = 20_000


def compose_command() -> list[str] | None:
    """``docker compose`` or ``docker-compose``, if there is one and an engine answers."""
    if shutil.which("docker") is None or not _succeeds("docker", "info"):
        return None
    if _succeeds("docker", "compose", "version"):
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _run(*command: str, env: dict[str, str] | None = None, limit_s: float = COMMAND_LIMIT_S) -> str:
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    said = (done.stdout + done.stderr)[-MAX_LOG_CHARS:]
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{said}"
    return done.stdout


class Stack:
    """The containers. Ports that the environment does not name (VEDETTE_..._PORT) are free ones."""

    def __init__(self, compose: list[str]) -> None:
        self.project = f"vedette-test-{uuid.uuid4().hex[:8]}"
        self._compose = [*compose, "--project-name", self.project]
        self._ids: dict[str, str] = {}
        self._env = dict(os.environ)
        self._env.setdefault("VEDETTE_IMAGE", f"{self.project}:test")
        self._env.setdefault("VEDETTE_RECEIVER_IMAGE", f"{self.project}-receiver:test")
        for name in (*REDIS, *SENTINELS):
            self._env.setdefault(_port_variable(name), str(free_port()))

    def __enter__(self) -> Stack:
        try:
            self.compose("build", limit_s=BUILD_LIMIT_S)
            self.compose("up", "--detach", limit_s=BUILD_LIMIT_S)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Containers, network, volumes and the images that were built."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "3")
        for variable in ("VEDETTE_IMAGE", "VEDETTE_RECEIVER_IMAGE"):
            if self._env[variable].startswith(self.project):
                _succeeds("docker", "rmi", self._env[variable])

    def compose(self, *words: str, limit_s: float = COMMAND_LIMIT_S) -> str:
        return _run(*self._compose, *words, env=self._env, limit_s=limit_s)

    # -- containers ----------------------------------------------------------------------------

    def container(self, service: str) -> str:
        """The container's id, running or not."""
        if service in self._ids:
            return self._ids[service]
        label = f"label=com.docker.compose.service={service}"
        project = f"label=com.docker.compose.project={self.project}"
        found = _run("docker", "ps", "--all", "--quiet", "--filter", project, "--filter", label).split()
        assert len(found) == 1, f"{service}: containers {found}"
        self._ids[service] = found[0]
        return found[0]

    def stop(self, service: str) -> None:
        _run("docker", "stop", "--time", "5", self.container(service))

    def start(self, service: str) -> None:
        _run("docker", "start", self.container(service))

    def address(self, service: str) -> str:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return _run("docker", "inspect", "--format", form, self.container(service)).strip()

    def health(self, service: str) -> str:
        return _run(
            "docker", "inspect", "--format", "{{.State.Health.Status}}", self.container(service)
        ).strip()

    def occupy_an_address(self) -> str:
        """Run one more container in the network, which takes the first free address; returns its id."""
        form = "{{range $name, $network := .NetworkSettings.Networks}}{{$name}}{{end}}"
        network = _run("docker", "inspect", "--format", form, self.container("redis-2")).strip()
        image = _run("docker", "inspect", "--format", "{{.Config.Image}}", self.container("redis-2")).strip()
        return _run("docker", "run", "--detach", "--network", network, image).strip()

    def remove_container(self, container: str) -> None:
        _run("docker", "rm", "--force", "--volumes", container)

    def logs(self, service: str) -> str:
        return _run("docker", "logs", self.container(service))

    # -- Redis and Vedette ---------------------------------------------------------------------

    def redis(self, service: str, *command: str) -> str:
        """What redis-cli in the container says; its failure is an AssertionError."""
        return _run("docker", "exec", self.container(service), "redis-cli", *command).strip()

    def replication(self, service: str) -> dict[str, str]:
        """INFO replication; empty while the server does not answer."""
        try:
            info = self.redis(service, "INFO", "replication")
        except AssertionError:
            return {}
        return dict(re.findall(r"^(\w+):(.*?)\r?$", info, re.MULTILINE))

    def vedette(self, sentinel: str, *command: str) -> str:
        """What the command line in a sentinel's container says."""
        return _run("docker", "exec", self.container(sentinel), "vedette", *command)

    def read(self, service: str, path: str) -> str:
        return _run("docker", "exec", self.container(service), "cat", path).strip()

    def modes(self, service: str, directory: str) -> set[str]:
        """Of the files in it."""
        find = ("find", directory, "-type", "f", "-printf", "%m\\n")
        return set(_run("docker", "exec", self.container(service), *find).split())

    def rights(self, service: str) -> dict[str, str]:
        """What the kernel says of the container's first process, by the names of /proc/PID/status."""
        return dict(re.findall(r"^(\w+):\s*(.*)$", self.read(service, "/proc/1/status"), re.MULTILINE))

    def root_is_read_only(self, service: str) -> bool:
        mounts = [line.split() for line in self.read(service, "/proc/mounts").splitlines()]
        return ["ro" in options.split(",") for _, at, _, options, *_ in mounts if at == "/"] == [True]

    def may_write(self, service: str, path: str) -> bool:
        return _succeeds("docker", "exec", self.container(service), "touch", path)

    def post(self, sentinel: str, path: str) -> int:
        """The status of a change that is asked for without a token."""
        url = f"http://127.0.0.1:{self._env[_port_variable(sentinel)]}{path}"
        headers = {"Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def primary(self, sentinel: str) -> str | None:
        """The service that this sentinel names as primary; None while it names none."""
        answer = self._get(sentinel, f"/v1/groups/{GROUP}/primary")
        return None if answer is None else str(answer["address"]).removesuffix(":6379")

    def agreed_primary(self) -> str | None:
        """The service that all sentinels name; None while they do not."""
        [first, *others] = [self.primary(sentinel) for sentinel in SENTINELS]
        return first if all(other == first for other in others) else None

    def _get(self, sentinel: str, path: str) -> dict[str, Any] | None:
        url = f"http://127.0.0.1:{self._env[_port_variable(sentinel)]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (urllib.error.URLError, OSError):
            return None

    def wait_whole(self) -> str:
        """Wait until everybody agrees on a primary that has both replicas; returns its service."""

        def whole() -> str | None:
            primary = self.agreed_primary()
            if primary is None:
                return None
            seen = self.replication(primary)
            online = [
                value for key, value in seen.items() if re.match(r"slave\d+$", key) and "=online" in value
            ]
            return primary if seen.get("role") == "master" and len(online) == len(REDIS) - 1 else None

        return wait_for(whole, 60, "all sentinels to agree on a primary with both replicas") or ""


def _port_variable(service: str) -> str:
    return f"VEDETTE_{service.upper().replace('-', '_')}_PORT"
