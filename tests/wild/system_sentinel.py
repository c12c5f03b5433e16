"""Sentinel, that of Redis or that of Valkey, as three processes on loopback."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.wire import ReplyError, Wire, ask_once
from tests.processes import Process, free_port
from tests.waiting import wait_for
from tests.wild.systems import DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS, GROUP, Watched

SWITCHOVER_S = 30.0


class Sentinels:
    """``coordinated``: a planned change is asked for in the way that Valkey 9.1 has for it."""

    def __init__(self, name: str, binary: Path, *, coordinated: bool = False) -> None:
        self.name = name
        self._binary = binary
        self._coordinated = coordinated
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-wild-"))
        self._ports = [free_port() for _ in range(3)]
        self._running: dict[int, Process] = {}
        self._group = GROUP

    @property
    def processes(self) -> list[Process]:
        return list(self._running.values())

    def start(self, watched: Watched) -> None:
        self._group = watched.name
        for number in range(len(self._ports)):
            self._write(number, watched)
            self._launch(number)

    def restart(self, number: int, watched: Watched | None = None) -> None:
        """Without a new configuration it goes on from the file, in which it keeps what it knows."""
        self._running[number].end(signal.SIGTERM)
        if watched is not None:
            self._write(number, watched)
        self._launch(number)

    def forget(self, number: int, watched: Watched) -> None:
        """Its configuration is what it keeps."""
        self._running[number].kill()
        self.restart(number, watched)

    def named(self) -> list[str | None]:
        answers = [
            ask_once(self._at(number), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._group)
            for number, process in self._running.items()
            if process.running
        ]
        return [f"{answer[0]}:{answer[1]}" if answer else None for answer in answers]

    def content(self, nodes: int) -> bool:
        return all(self._is_content(number, nodes) for number in self._running)

    def replicas_told(self) -> set[int]:
        return {int(replica["port"]) for replica in self._asked(0)[1]}

    def switchover(self) -> str:
        words = ["SENTINEL", "FAILOVER", self._group, *(["COORDINATED"] if self._coordinated else [])]
        before = self.named()[0]
        try:
            wire = Wire(self._at(0))
            try:
                wire.ask(*words)
            finally:
                wire.close()
        except (OSError, ReplyError) as error:
            return str(error)
        try:
            wait_for(lambda: self.named()[0] != before, SWITCHOVER_S)
        except AssertionError:
            return f"not done after {SWITCHOVER_S:g} s"
        return ""

    def says(self) -> list[str]:
        said = []
        for number, process in self._running.items():
            name = f"s{number + 1}"
            lines = self._log(number).splitlines()
            # Behind " @ " stands the group's primary, of which nothing is said.
            said += [
                f"{name} logs: {line.partition(' # ')[2].partition(' @ ')[0]}"
                for line in lines
                if _complains(line)
            ]
            if process.running:
                said += [f"{name} {text}" for text in self._shown(number)]
        return said

    def recoveries(self, port: int) -> int:
        lines = [line for number in self._running for line in self._log(number).splitlines()]
        return sum(any(f"-{down}down " in line for down in "so") and f":{port} " in line for line in lines)

    def log(self) -> str:
        lines = [
            (line[line.find(" ") :], f"s{number + 1} {line}")
            for number in self._running
            for line in self._log(number).splitlines()
            if ":X " in line
        ]
        return "\n".join(text for _, text in sorted(lines))

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _at(self, number: int) -> str:
        return f"127.0.0.1:{self._ports[number]}"

    def _launch(self, number: int) -> None:
        command = [str(self._binary), str(self._file(number)), "--sentinel"]
        self._running[number] = Process(command, self._directory, self._directory / f"{number}.log")

    def _file(self, number: int) -> Path:
        return self._directory / f"sentinel-{number}.conf"

    def _log(self, number: int) -> str:
        return (self._directory / f"{number}.log").read_text()

    def _write(self, number: int, watched: Watched) -> None:
        lines = [f"port {self._ports[number]}", "bind 127.0.0.1", f"dir {self._directory}"]
        groups = {watched.name: watched.nodes, **watched.others}
        if any(not _is_ip(node) for nodes in groups.values() for node in nodes):
            lines += ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"]
        for name, nodes in groups.items():
            host, _, port = nodes[0].rpartition(":")
            lines += [
                f"sentinel monitor {name} {host.strip('[]')} {port} 2",
                f"sentinel down-after-milliseconds {name} {DOWN_AFTER_MS}",
                f"sentinel failover-timeout {name} {FAILOVER_TIMEOUT_MS}",
            ]
            if watched.username:
                lines.append(f"sentinel auth-user {name} {watched.username}")
            if watched.password:
                lines.append(f"sentinel auth-pass {name} {watched.password}")
            for node in nodes[1:] if watched.listed else ():
                host, _, port = node.rpartition(":")
                lines.append(f"sentinel known-replica {name} {host.strip('[]')} {port}")
        self._file(number).write_text("\n".join(lines) + "\n")

    def _is_content(self, number: int, nodes: int) -> bool:
        master, replicas = self._asked(number)
        return (
            bool(master)
            and master["flags"] == "master"
            and int(master["num-other-sentinels"]) == len(self._ports) - 1
            and len(replicas) >= nodes - 1
            and all(replica["flags"] == "slave" for replica in replicas)
        )

    def _shown(self, number: int) -> list[str]:
        master, replicas = self._asked(number)
        shown = [
            f"shows {seen['ip']}:{seen['port']} as {seen['flags']}"
            for seen in [*([master] if master else []), *replicas]
            if seen["flags"] not in ("master", "slave")
        ]
        cut_off = [replica for replica in replicas if replica.get("master-link-status") == "err"]
        return [*shown, *(f"shows {seen['ip']}:{seen['port']} without its primary" for seen in cut_off)]

    def _asked(self, number: int) -> tuple[dict[str, str], list[dict[str, str]]]:
        master: Any = ask_once(self._at(number), "SENTINEL", "MASTER", self._group)
        replicas: Any = ask_once(self._at(number), "SENTINEL", "REPLICAS", self._group)
        return _fields(master or []), [_fields(replica) for replica in replicas or []]


def _complains(line: str) -> bool:
    """What it logs as a warning, but for what it says of itself at its start."""
    return " # " in line and any(
        word in line
        for word in ("+sdown", "+odown", "-failover-abort", "Next failover", "+tilt", "-role-change")
    )


def _is_ip(node: str) -> bool:
    return not any(letter.isalpha() for letter in node.rpartition(":")[0])


def _fields(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
