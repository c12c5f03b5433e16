"""Vedette as three processes on loopback: at its defaults, unless a situation says otherwise."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.chaos.wire import ask_once
from tests.integration.cluster import Sentinel
from tests.processes import Process, free_port
from tests.waiting import wait_for
from tests.wild.systems import FAILOVER_TIMEOUT_MS, GROUP, Watched

SWITCHOVER_S = 60.0
_WORTH_SAYING = {"warning", "error", "critical"}


class Vedette:
    name = "vedette"

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-wild-"))
        self._ports = {f"s{number}": free_port() for number in range(1, 4)}
        self._resp = {id_: free_port() for id_ in self._ports}
        self._sentinels: list[Sentinel] = []

    @property
    def processes(self) -> list[Process]:
        return [sentinel.process for sentinel in self._sentinels if sentinel.process is not None]

    def start(self, watched: Watched) -> None:
        for id_, port in self._ports.items():
            self._sentinels.append(Sentinel(id_, port, self._config(id_, watched), self._directory))
            self._sentinels[-1].start()

    def restart(self, number: int, watched: Watched | None = None) -> None:
        sentinel = self._sentinels[number]
        sentinel.stop()
        if watched is not None:
            config = self._config(sentinel.id, watched)
            sentinel = self._sentinels[number] = Sentinel(sentinel.id, sentinel.port, config, self._directory)
        sentinel.start()

    def forget(self, number: int, watched: Watched) -> None:
        sentinel = self._sentinels[number]
        sentinel.kill()
        shutil.rmtree(self._directory / f"state-{sentinel.id}")
        self.restart(number, watched)

    def named(self) -> list[str | None]:
        return [sentinel.primary() for sentinel in self._sentinels if sentinel.running]

    def content(self, nodes: int) -> bool:
        groups = [sentinel.group() for sentinel in self._sentinels]
        return all(
            group.get("has_majority")
            and group["takes_no_part"] is None
            and group.get("leader") is None
            and len(group["nodes"]) >= nodes
            and all(node["state"] == "up" for node in group["nodes"])
            for group in groups
        )

    def replicas_told(self) -> set[int]:
        """Those that it tells over the Sentinel protocol."""
        told: Any = ask_once(f"127.0.0.1:{self._resp['s1']}", "SENTINEL", "REPLICAS", GROUP)
        return {int(fields[fields.index("port") + 1]) for fields in told or []}

    def switchover(self) -> str:
        status, answer = self._sentinels[0].post(f"/v1/groups/{GROUP}/switchover")
        if status != 202:
            return "; ".join([str(answer.get("detail", status)), *map(str, answer.get("reasons", []))])

        def ended() -> dict[str, Any] | None:
            status, operation = self._sentinels[0].get(f"/v1/operations/{answer['operation']}")
            over = status == 200 and operation["state"] in ("completed", "failed")
            return operation if over else None

        try:
            operation = wait_for(ended, SWITCHOVER_S)
        except AssertionError:
            return f"not ended after {SWITCHOVER_S:g} s"
        assert operation is not None
        return "" if operation["state"] == "completed" else str(operation["reason"])

    def says(self) -> list[str]:
        said = []
        for sentinel in self._sentinels:
            said += [
                f"{sentinel.id} logs: {line.get('message')}"
                for line in _json_lines(sentinel.log())
                if line.get("level") in _WORTH_SAYING
            ]
            said += [f"{sentinel.id} {text}" for text in _shown(sentinel)] if sentinel.running else []
        return said

    def recoveries(self, port: int) -> int:
        told = [line for sentinel in self._sentinels for line in _json_lines(sentinel.log())]
        return sum(
            line.get("event") in ("node_up", "quorum_up") and str(port) in str(line.get("message"))
            for line in told
        )

    def log(self) -> str:
        told = [
            (str(line.get("time")), f"{sentinel.id} {line.get('message')}")
            for sentinel in self._sentinels
            for line in _json_lines(sentinel.log())
        ]
        return "\n".join(f"{time[11:23]} {text}" for time, text in sorted(told))

    def stop(self) -> None:
        for sentinel in self._sentinels:
            if sentinel.process is not None:
                sentinel.process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _config(self, id_: str, watched: Watched) -> dict[str, Any]:
        common: dict[str, Any] = {"failover_timeout": f"{FAILOVER_TIMEOUT_MS}ms"}
        if watched.username:
            common |= {"username": watched.username}
        if watched.password:
            common |= {"password": watched.password}
        groups = {GROUP: watched.nodes, **watched.others}
        return {
            "sentinel": {
                "id": id_,
                "state_dir": f"./state-{id_}",
                "http": f"127.0.0.1:{self._ports[id_]}",
                "resp": f"127.0.0.1:{self._resp[id_]}",
                "log_format": "json",
            },
            "cluster": {
                "members": {name: f"127.0.0.1:{port}" for name, port in self._ports.items()},
                "secret": "wild-secret-of-the-tests",
            },
            "defaults": common,
            "groups": {
                name: {
                    "nodes": [
                        {"address": node, "announce": watched.announce[node]}
                        if node in watched.announce
                        else node
                        for node in nodes
                    ],
                    **(watched.options if name == GROUP else {}),
                }
                for name, nodes in groups.items()
            },
        }


def _json_lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{") and line.endswith("}")]


def _shown(sentinel: Sentinel) -> list[str]:
    """What the API shows that is not well."""
    group = sentinel.group()
    shown = [
        f"shows {node['node']} {node['state']} {node.get('detail') or ''}".strip()
        for node in group.get("nodes", [])
        if node["state"] != "up"
    ]
    if group.get("ambiguous"):
        shown.append(f"shows the group as ambiguous: {group['ambiguous']}")
    _, preflight = sentinel.get(f"/v1/groups/{GROUP}/preflight")
    shown += [
        f"preflight: {found['node']}: {found['problem']}"
        for found in preflight.get("problems", [])
        if found["severity"] == "error"
    ]
    return shown
