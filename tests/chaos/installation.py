"""On each host a redis-server and a sentinel, as real processes with a configuration of their own.

redis-server writes an append-only file and is otherwise as shipped. Only for the first synchronisation it
does not wait for more replicas to come (``repl-diskless-sync-delay``), which would cost 5 s in each trial.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.hosts import Network, run
from tests.chaos.schedules import FillDisk, Part, Schedule
from tests.chaos.system_stock import Sentinel
from tests.chaos.system_vedette import Vedette
from tests.chaos.systems import REDIS_PORT, Site, System, Variant
from tests.chaos.wire import ask_once
from tests.processes import Process
from tests.server_builds import build
from tests.waiting import wait_for

CHECKOUT = Path(__file__).parents[2]
SMALL_DISK = "size=4m"
START_S = 40.0
_FILLER_BYTES = 1 << 16


class Host:
    """``site.directory``: logs and Redis's data. ``site.state``: what the sentinel must not forget."""

    def __init__(self, network: Network, site: Site, system: System, *, small_disk: bool) -> None:
        self.site = site
        self.small_disk = small_disk
        self._network = network
        self._system = system
        self._processes: dict[Part, Process] = {}
        for directory in (site.directory, site.state, self._data):
            directory.mkdir(parents=True, exist_ok=True)
        if small_disk:
            run("mount", "-t", "tmpfs", "-o", SMALL_DISK, "chaos", str(site.state))

    @property
    def _data(self) -> Path:
        return self.site.directory / "data"

    @property
    def node(self) -> str:
        return f"{self.site.address}:{REDIS_PORT}"

    def log(self, part: Part) -> Path:
        return self.site.directory / f"{part}.log"

    def configure_redis(self, primary: str, more: Sequence[str]) -> None:
        lines = [
            f"port {REDIS_PORT}",
            "bind *",
            "protected-mode no",
            f"dir {self._data}",
            'save ""',
            "appendonly yes",
            "repl-diskless-sync-delay 0",
            *more,
        ]
        if primary != self.site.address:
            lines.append(f"replicaof {primary} {REDIS_PORT}")
        self._redis_conf.write_text("\n".join(lines) + "\n")

    def start(self, part: Part) -> None:
        if self.running(part):
            return
        own = {
            "redis": lambda: [self._system.server, str(self._redis_conf)],
            "sentinel": lambda: self._system.command(self.site),
        }
        command = self._network.at(self.site.name, *own[part]())
        self._processes[part] = Process(
            command, self.site.directory, self.log(part), {"PYTHONPATH": str(CHECKOUT)}
        )

    def running(self, part: Part) -> bool:
        return part in self._processes and self._processes[part].running

    def send(self, part: Part, number: signal.Signals) -> None:
        if part in self._processes:
            self._processes[part].send(number)

    def end(self, part: Part, number: signal.Signals = signal.SIGKILL) -> None:
        if part in self._processes:
            self._processes[part].end(number)

    def wipe(self) -> None:
        shutil.rmtree(self._data)
        self._data.mkdir()

    def fill_disk(self) -> None:
        if not self.small_disk:
            raise RuntimeError(f"{self.site.name} has no disk of its own to fill")
        with self._filler.open("wb", buffering=0) as filler:
            size = _FILLER_BYTES
            while size:
                try:
                    filler.write(b"x" * size)
                except OSError:
                    size //= 2

    def free_disk(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
        if self.small_disk:
            run("umount", str(self.site.state))

    @property
    def _redis_conf(self) -> Path:
        return self.site.directory / "redis.conf"

    @property
    def _filler(self) -> Path:
        return self.site.state / "filler"


class Installation:
    """One variant on a schedule's hosts; after ``start`` whole, with the primary at the first host."""

    def __init__(self, network: Network, schedule: Schedule, variant: Variant, directory: Path) -> None:
        names = schedule.host_names
        addresses = [network.addresses[name] for name in names]
        self.system = _system(variant, addresses)
        small = {step.do.host for step in schedule.steps if isinstance(step.do, FillDisk)}
        self.hosts: dict[str, Host] = {}
        for name in names:
            own = directory / name
            site = Site(name, network.addresses[name], own, own / "state")
            host = self.hosts[name] = Host(network, site, self.system, small_disk=name in small)
            host.configure_redis(addresses[0], variant.redis)

    def start(self) -> None:
        """Raises AssertionError with what the sentinels wrote, if they do not get ready."""
        for host in self.hosts.values():
            host.start("redis")
        wait_for(self.replicating, START_S, "the replicas to follow the first primary")
        for host in self.hosts.values():
            ask_once(host.node, "CONFIG", "SET", "repl-diskless-sync-delay", 5)
            ask_once(host.node, "CONFIG", "REWRITE")
            host.start("sentinel")
        try:
            wait_for(self.whole, START_S, "every sentinel to find all in order")
        except AssertionError as error:
            logs = "\n".join(host.log("sentinel").read_text()[-1500:] for host in self.hosts.values())
            raise AssertionError(f"{error}\n{logs}") from error

    def host_at(self, address: str) -> Host:
        """Raises KeyError."""
        for host in self.hosts.values():
            if address == host.site.address:
                return host
        raise KeyError(f"no host has the address {address}")

    def primary(self) -> Host | None:
        """Who a majority of the sentinels says is primary, where that node agrees."""
        named = [self.system.primary(host.site.address) for host in self._sentinels()]
        for host in self.hosts.values():
            if named.count(host.site.address) * 2 > len(self.hosts):
                role = ask_once(host.node, "ROLE")
                return host if role and role[0] == "master" else None
        return None

    def masters(self) -> list[Host]:
        return [host for host in self.hosts.values() if (ask_once(host.node, "ROLE") or [""])[0] == "master"]

    def replicating(self) -> bool:
        """One node is a master, and each other one has its link to it up."""
        roles = {host.site.address: ask_once(host.node, "ROLE") for host in self.hosts.values()}
        masters = [address for address, role in roles.items() if role and role[0] == "master"]
        return len(masters) == 1 and all(
            role and role[0] == "slave" and (role[1], role[3]) == (masters[0], "connected")
            for address, role in roles.items()
            if address != masters[0]
        )

    def whole(self) -> bool:
        """Replication is in order, and every sentinel knows it."""
        if len(list(self._sentinels())) < len(self.hosts) or not self.replicating():
            return False
        named = {self.system.primary(host.site.address) for host in self.hosts.values()}
        masters = [host.site.address for host in self.masters()]
        return list(named) == masters and all(
            self.system.content(host.site.address) for host in self.hosts.values()
        )

    def _sentinels(self) -> list[Host]:
        return [host for host in self.hosts.values() if host.running("sentinel")]

    def close(self) -> None:
        for host in self.hosts.values():
            host.close()


def _system(variant: Variant, addresses: Sequence[str]) -> System:
    match variant.kind:
        case "vedette":
            return Vedette(addresses, variant.down_after_ms, variant.group)
        case "redis-sentinel":
            return Sentinel(addresses, variant.down_after_ms, "redis-server")
        case "valkey-sentinel":
            server = str(build("valkey-9.1"))
            return Sentinel(addresses, variant.down_after_ms, server, coordinated=True)
