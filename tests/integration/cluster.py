"""A whole installation on loopback: real redis-servers and real sentinel processes."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import redis
import yaml

from tests.processes import Process, free_port
from tests.redis_server import RedisServer
from tests.waiting import wait_for

GROUP = "mymaster"
SECRET = "a-secret-of-the-tests-alone"
CHECKOUT = Path(__file__).parents[2]


class Sentinel:
    """One ``vedette run`` process and its HTTP API."""

    def __init__(self, id_: str, port: int, config: Mapping[str, Any], directory: Path) -> None:
        self.module = "sentinel.cli"
        self.env: dict[str, str] = {}
        self.files: int | None = None
        """How many it may open; None: as many as this process."""
        self.id = id_
        self.port = port
        self.directory = directory
        self.file = directory / f"{id_}.yml"
        self.file.write_text(yaml.safe_dump(dict(config)))
        self.process: Process | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "run", "-c", str(self.file)]
        if self.files is not None:
            command = ["sh", "-c", f'ulimit -n {self.files}; exec "$@"', "sh", *command]
        log = self.directory / f"{self.id}.log"
        self.process = Process(command, self.directory, log, {"PYTHONPATH": str(CHECKOUT), **self.env})

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def stop(self) -> int:
        assert self.process is not None
        return self.process.end(signal.SIGTERM)

    def pause(self) -> None:
        assert self.process is not None
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send(signal.SIGCONT)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    @property
    def resp_port(self) -> int:
        """Where it speaks the Sentinel protocol."""
        return int(yaml.safe_load(self.file.read_text())["sentinel"]["resp"].rpartition(":")[2])

    def get(self, path: str, timeout_s: float = 5.0) -> tuple[int, dict[str, Any]]:
        """Status and body; status 0 while nobody answers."""
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"), timeout_s)

    def text(self, path: str) -> str:
        """What is not JSON."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5.0) as answer:
            return str(answer.read().decode())

    def post(self, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        data = json.dumps(body if body is not None else {}).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(
            urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method="POST"), 5.0
        )

    def delete(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="DELETE"), 5.0)

    def followed(self, answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
        """What became of a request that this sentinel took: agreed on, if it is for later."""
        status, accepted = answer
        assert status == 202, accepted

        def over() -> dict[str, Any] | None:
            status, operation = self.get(f"/v1/operations/{accepted['operation']}")
            ended = status == 200 and operation["state"] in ("scheduled", "completed", "failed")
            return operation if ended else None

        return wait_for(over, 60.0, f"operation {accepted['operation']} to end")

    def primary(self, group: str = GROUP) -> str | None:
        status, body = self.get(f"/v1/groups/{group}/primary")
        return body["address"] if status == 200 else None

    def term(self, group: str = GROUP) -> int:
        status, body = self.get(f"/v1/groups/{group}/primary?stale=ok")
        return int(body["term"]) if status == 200 else 0

    def group(self, group: str = GROUP) -> dict[str, Any]:
        return self.get(f"/v1/groups/{group}")[1]

    def log(self) -> str:
        return (self.directory / f"{self.id}.log").read_text()

    def story(self, event: str) -> list[dict[str, Any]]:
        """The JSON log lines of one event."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    @staticmethod
    def _ask(request: urllib.request.Request, timeout_s: float) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except (OSError, TimeoutError):
            return 0, {}


class Cluster:
    """``replicas`` of one primary, and ``sentinels`` that watch them; all ended on exit."""

    live: ClassVar[list[Cluster]] = []
    stories: ClassVar[list[str]] = []
    """Both are for the report of a failed test."""

    def __init__(
        self,
        *,
        replicas: int = 2,
        sentinels: int = 3,
        redis_arguments: Sequence[str] = (),
        group: Mapping[str, Any] | None = None,
        groups: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        times: Mapping[str, str] | None = None,
        own: Mapping[str, Any] | None = None,
        crash_at: str = "",
        start: bool = True,
    ) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="vedette-cluster-"))
        Cluster.live.append(self)
        self.nodes: list[RedisServer] = []
        self.sentinels: list[Sentinel] = []
        try:
            self.nodes = [RedisServer(*redis_arguments) for _ in range(1 + replicas)]
            for node in self.nodes[1:]:
                node.replicate(self.nodes[0])
            ports = {f"s{i}": free_port() for i in range(1, sentinels + 1)}
            settings = {"nodes": [node.name for node in self.nodes], **(group or {})}
            for id_, port in ports.items():
                config = {
                    "sentinel": {
                        "id": id_,
                        "state_dir": f"./state-{id_}",
                        "http": f"127.0.0.1:{port}",
                        "resp": f"127.0.0.1:{free_port()}",
                        "log_format": "json",
                        **(own or {}),
                    },
                    "cluster": {
                        "members": {name: f"127.0.0.1:{p}" for name, p in ports.items()},
                        "secret": SECRET,
                        **(times or {}),
                    },
                    "groups": {GROUP: settings, **(groups or {})},
                    **(extra or {}),
                }
                self.sentinels.append(Sentinel(id_, port, config, self.directory))
            for sentinel in self.sentinels if crash_at else ():
                sentinel.module = "tests.integration.crashing_sentinel"
                sentinel.env = {"CRASH_AT": crash_at, "CRASH_FLAG": str(self.directory / "crashed")}
            if start:
                self.start()
                self.wait_agreed(self.nodes[0].name)
                self.wait_ready()
                self.wait_watching()
        except BaseException:
            Cluster.stories.append(self.story())
            self.stop()
            raise

    def start(self) -> None:
        for sentinel in self.sentinels:
            sentinel.start()

    def configure(self, **group: Any) -> None:
        """Change the group's settings, for whoever is started from now on."""
        for sentinel in self.sentinels:
            config = yaml.safe_load(sentinel.file.read_text())
            config["groups"][GROUP] |= group
            sentinel.file.write_text(yaml.safe_dump(config))

    @property
    def running(self) -> list[Sentinel]:
        return [sentinel for sentinel in self.sentinels if sentinel.running]

    def node(self, name: str) -> RedisServer:
        return next(node for node in self.nodes if node.name == name)

    def wait_agreed(self, *names: str, deadline_s: float = 30.0) -> str:
        """Until every running sentinel names the same primary, one of ``names`` if given."""

        def agreed() -> str | None:
            answers = {sentinel.primary() for sentinel in self.running}
            answer = answers.pop() if len(answers) == 1 else None
            return answer if answer is not None and (not names or answer in names) else None

        result = wait_for(agreed, deadline_s, f"the sentinels to agree on {names or 'a primary'}")
        assert result is not None
        return result

    def wait_failover(self, old: str, deadline_s: float = 30.0) -> RedisServer:
        """Until all agree on another primary than ``old``, and it takes writes."""
        others = [node.name for node in self.nodes if node.name != old]
        primary = self.node(self.wait_agreed(*others, deadline_s=deadline_s))
        wait_for(lambda: _takes_writes(primary), deadline_s, f"{primary.name} to take writes")
        return primary

    def wait_replicas(self, primary: RedisServer, *nodes: RedisServer, deadline_s: float = 30.0) -> None:
        """Until each of ``nodes`` follows ``primary`` with its link up."""

        def following() -> bool:
            infos = [node.info() for node in nodes]
            return all(
                info["role"] == "slave"
                and info["master_port"] == primary.port
                and info["master_link_status"] == "up"
                for info in infos
            )

        wait_for(following, deadline_s, f"{[node.name for node in nodes]} to follow {primary.name}")

    def wait_ready(self, deadline_s: float = 30.0) -> None:
        """Until every running sentinel takes part in elections, and is in touch with all the others."""
        running = {sentinel.id for sentinel in self.running}

        def ready() -> bool:
            return all(is_ready(sentinel) for sentinel in self.running)

        def is_ready(sentinel: Sentinel) -> bool:
            status, answer = sentinel.get("/v1/groups")
            peers = answer.get("peers", ()) if status == 200 else ()
            touched = {peer["sentinel"] for peer in peers if peer["in_touch"]}
            return touched >= running - {sentinel.id} and sentinel.get("/readyz")[0] == 200

        wait_for(ready, deadline_s, "every sentinel to be ready")

    def wait_watching(self, deadline_s: float = 30.0) -> None:
        """Until every running sentinel has seen every node up, and nobody leads."""

        def watching() -> bool:
            groups = [sentinel.group() for sentinel in self.running]
            return all(
                group.get("leader") is None
                and "nodes" in group
                and all(node["state"] == "up" for node in group["nodes"])
                for group in groups
            )

        wait_for(watching, deadline_s, "every node to be seen up by every sentinel")

    def primaries(self) -> list[str]:
        """The running nodes that answer as primaries."""
        return [node.name for node in self.nodes if node.running and node.info()["role"] == "master"]

    def story(self) -> str:
        """What all sentinels logged, in one order."""
        lines = []
        for sentinel in self.sentinels:
            for text in sentinel.log().splitlines() if sentinel.process is not None else ():
                try:
                    line = json.loads(text)
                    lines.append((line["at_ms"], f"{line['time'][11:23]} {sentinel.id} {line['message']}"))
                except (ValueError, KeyError):
                    lines.append((float("inf"), f"{sentinel.id} {text}"))
        return "\n".join(text for _, text in sorted(lines))

    def stop(self) -> None:
        for sentinel in self.sentinels:
            if sentinel.process is not None:
                sentinel.process.kill()
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        Cluster.live.remove(self)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            Cluster.stories.append(self.story())
        self.stop()


def _takes_writes(node: RedisServer) -> bool:
    """Not until a replica is linked, where the group demands one (``write_safety``)."""
    with node.client() as client:
        try:
            client.set("written-after-failover", "yes")
        except redis.ResponseError as error:
            if "NOREPLICAS" not in str(error):
                raise
            return False
    return True
