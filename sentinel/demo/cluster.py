"""The demo's cluster: three redis-servers and some sentinels, real processes on free loopback ports."""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
import redis.asyncio
import yaml

import sentinel
from sentinel.demo.processes import Child, DemoError, free_ports
from sentinel.demo.timeline import StoryLine, parse_line
from sentinel.terminal.exits import ExitCode

GROUP = "demo"
NODES = 3
STARTS = 3
"""How many attempts to start, each on other ports, in case another process takes one."""
PATIENCE_S = 30.0
ANSWER_S = 10.0
POLL_S = 0.02
MAX_STORY_LINES = 5_000

_T = TypeVar("_T")


class PortTakenError(DemoError):
    """Another process listens on a port that was free a moment ago."""


class NodeError(DemoError):
    """A redis-server refused a command, or did not answer."""


class Node:
    """One redis-server, without persistence."""

    def __init__(self, binary: Path, port: int, directory: Path) -> None:
        self._binary = binary
        self._directory = directory
        self.port = port
        self.name = f"127.0.0.1:{port}"
        self.child: Child | None = None

    async def start(self, primary: Node | None = None) -> None:
        """Start it, as a replica of ``primary`` if that is given. Raises DemoError."""
        command: list[str | Path] = [self._binary, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
        if primary is not None:
            command += ["--replicaof", "127.0.0.1", str(primary.port)]
        child = self.child = await Child.start(f"redis-server {self.name}", command, self._directory)
        await until(lambda: self._is_ready(child), f"{child.name} answers")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[redis.asyncio.Redis]:
        """A client for a few commands. Raises NodeError if they fail, or do not end in time."""
        # redis-py's own time limit sometimes swallows a cancellation under Python 3.11.
        made = redis.asyncio.Redis(
            host="127.0.0.1",
            port=self.port,
            socket_timeout=None,
            socket_connect_timeout=ANSWER_S,
            decode_responses=True,
        )
        try:
            async with asyncio.timeout(ANSWER_S), made:
                yield made
        except (redis.exceptions.RedisError, OSError) as error:
            raise NodeError(f"redis-server {self.name}: {str(error) or 'no answer'}") from error

    async def _is_ready(self, child: Child) -> bool:
        if child.exit_code is not None:
            tail = await child.last_words()
            error = PortTakenError if "already in use" in tail else DemoError
            raise error(f"{child.name} ended with exit code {child.exit_code}:\n{tail}")
        try:
            async with self.client() as client:
                info = await client.info("server")
        except NodeError:
            return False
        if info["process_id"] != child.pid:
            raise PortTakenError(f"another server answers on {self.name}")
        return True


class SentinelProcess:
    """One ``vedette run``, and its log."""

    def __init__(self, id_: str, port: int, file: Path) -> None:
        self.id = id_
        self.url = f"http://127.0.0.1:{port}"
        self.file = file
        self.child: Child | None = None
        self.story: deque[StoryLine] = deque(maxlen=MAX_STORY_LINES)

    async def start(self) -> None:
        # It runs this very code, wherever it was loaded from, and nothing from the current directory.
        env = {"PYTHONPATH": str(Path(sentinel.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
        command: list[str | Path] = [sys.executable, "-P", "-m", "sentinel.cli", "run", "-c", self.file]
        name = f"sentinel {self.id}"
        self.child = await Child.start(name, command, self.file.parent, env, self._on_line)

    def check_running(self) -> None:
        """Raises DemoError."""
        assert self.child is not None
        if self.child.exit_code is not None:
            error = PortTakenError if self.child.exit_code == ExitCode.LISTEN else DemoError
            raise error(f"{self.child.name} ended with exit code {self.child.exit_code}")

    def _on_line(self, text: str) -> None:
        # A line that is not of the log is a last message of the interpreter; it gets the current time.
        plain = StoryLine(self.id, time.time() * 1000, "", text, {})
        self.story.append(parse_line(self.id, text) or plain)


class DemoCluster:
    """``async with`` starts and ends it. ``session`` is for requests to the sentinels."""

    def __init__(
        self, binary: Path, sentinels: int, hook_url: str, hook_secret: str, session: aiohttp.ClientSession
    ) -> None:
        self._binary = binary
        self._count = sentinels
        self._hook = {"url": hook_url, "secret": hook_secret}
        self._secret = secrets.token_hex(32)
        self._session = session
        self._rng = random.Random()
        self.directory = Path()
        self.nodes: list[Node] = []
        self.sentinels: list[SentinelProcess] = []

    async def __aenter__(self) -> DemoCluster:
        for attempt in range(1, STARTS + 1):
            try:
                await self._start()
            except PortTakenError:
                await self._stop()
                if attempt == STARTS:
                    raise
            except BaseException:
                await self._stop()
                raise
            else:
                break
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def urls(self) -> list[str]:
        return [process.url for process in self.sentinels]

    def story(self) -> list[StoryLine]:
        return [line for process in self.sentinels for line in process.story]

    def check_running(self) -> None:
        """Raises DemoError if a sentinel has ended."""
        for process in self.sentinels:
            process.check_running()

    async def ask(self, url: str, path: str) -> dict[str, Any] | None:
        """The sentinel's answer; None while there is no successful one."""
        try:
            async with self._session.get(url + path, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                return dict(await answer.json()) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def agreed_primary(self) -> dict[str, Any] | None:
        """The answer of all sentinels, once it is the same and they see every node in its role."""
        self.check_running()
        answers = [await self.ask(url, f"/v1/groups/{GROUP}/primary") for url in self.urls]
        groups = [await self.ask(url, f"/v1/groups/{GROUP}") for url in self.urls]
        first = answers[0]
        if first is None or any(answer is None or answer["term"] != first["term"] for answer in answers):
            return None
        at_rest = all(group is not None and _is_at_rest(group, first["address"]) for group in groups)
        return first if at_rest else None

    async def _start(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="vedette-demo-"))
        ports = free_ports(NODES + self._count, self._rng)
        self.nodes = [Node(self._binary, port, self.directory) for port in ports[:NODES]]
        members = {f"s{i}": port for i, port in enumerate(ports[NODES:], 1)}
        self.sentinels = [
            SentinelProcess(id_, port, self._write_config(id_, members)) for id_, port in members.items()
        ]
        await self.nodes[0].start()
        for node in self.nodes[1:]:
            await node.start(self.nodes[0])
        for process in self.sentinels:
            await process.start()
        for process in self.sentinels:
            await until(partial(self._is_up, process), f"sentinel {process.id} answers")

    async def _is_up(self, process: SentinelProcess) -> bool:
        process.check_running()
        answer = await self.ask(process.url, "/v1/groups")
        return answer is not None and answer["sentinel"] == process.id

    def _write_config(self, id_: str, members: dict[str, int]) -> Path:
        addresses = {name: f"127.0.0.1:{port}" for name, port in members.items()}
        settings = {
            "sentinel": {
                "id": id_,
                "state_dir": f"./state-{id_}",
                "http": addresses[id_],
                "log_format": "json",
            },
            "cluster": {"members": addresses, "secret": self._secret},
            "groups": {GROUP: {"nodes": [node.name for node in self.nodes]}},
            "webhooks": [self._hook],
        }
        file = self.directory / f"{id_}.yml"
        file.write_text(yaml.safe_dump(settings, sort_keys=False))
        return file

    async def _stop(self) -> None:
        """End every started process, even if this is cancelled meanwhile."""
        ending = asyncio.get_running_loop().create_task(self._end_all())
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def _end_all(self) -> None:
        """Sentinels are stopped in order; redis-servers, which have nothing to keep, are killed."""
        sentinels = [process.child for process in self.sentinels if process.child is not None]
        nodes = [node.child for node in self.nodes if node.child is not None]
        await asyncio.gather(*(child.stop() for child in sentinels))
        await asyncio.gather(*(child.kill() for child in nodes))
        if self.directory != Path():
            shutil.rmtree(self.directory, ignore_errors=True)


async def until(
    condition: Callable[[], Awaitable[_T | None]], what: str, patience_s: float = PATIENCE_S
) -> _T:
    """The first true value of ``condition``. Raises DemoError after ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise DemoError(f"waited {patience_s:g} s in vain until {what}")
        await asyncio.sleep(POLL_S)


def _is_at_rest(group: dict[str, Any], primary: str) -> bool:
    """Whether there is no leader, and every node is up: the primary, and its replicas with their links."""
    return group["leader"] is None and all(
        node["state"] == "up"
        and (
            node["role"] == "primary"
            if node["node"] == primary
            else node["follows"] == primary and node["link_up"] is True
        )
        for node in group["nodes"]
    )
