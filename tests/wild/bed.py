"""Where a situation takes place: real servers, three sentinels of one system, and a client that writes.

The nodes have letters: A is the primary before the strike, B and C are its replicas; X and Y do not belong to
the group.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.chaos.wire import Wire, ask_once
from tests.redis_server import RedisServer
from tests.waiting import wait_for
from tests.wild.systems import System, Watched
from tests.wild.writer import Writer

SEEDED = 500
READY_S = 45.0
CALM_S = 3.0


class Bed:
    def __init__(self, system: System, servers: dict[str, Path]) -> None:
        """``servers``: the binaries by name; ``own`` for what goes with the system, its Sentinel included."""
        self.system = system
        self.nodes: dict[str, RedisServer] = {}
        self.others: dict[str, RedisServer] = {}
        self.remarks: list[str] = []
        self.primary = "A"
        """Who had the writes before the strike."""
        self.struck_at = 0.0
        self.seeded = 0
        self.writer = Writer(system)
        self.watched = Watched(())
        self.aliases: dict[int, str] = {}
        """Other ports that lead to a node."""
        self.sentinel_binary = servers["own"]
        self._servers = servers
        self._held: list[Any] = []

    # -- set up

    def server(
        self, letter: str, *arguments: str, of: str = "", own: bool = True, build: str = "own"
    ) -> RedisServer:
        """Start a server; ``of`` names its primary, whom it follows at once."""
        node = RedisServer(*arguments, binary=self._servers[build], config_file=True)
        (self.nodes if own else self.others)[letter] = node
        if of:
            node.replicate(self.node(of))
        return node

    def upgrade(self, letter: str) -> None:
        """Restart a node as the newer version, with its data."""
        self.node(letter).upgrade(self._servers["newer"])

    def group(self, *arguments: str, replicas: Sequence[str] = ("B", "C"), **each: tuple[str, ...]) -> None:
        """A primary and its replicas, all with ``arguments``, and ``each`` with more of its own."""
        self.server("A", *arguments, *each.get("A", ()))
        for letter in replicas:
            self.server(letter, *arguments, *each.get(letter, ()), of="A")

    def watch(self, watched: Watched | None = None, *, nodes: int = 3, well: bool = True) -> None:
        """Start the sentinels on the group, and wait until they know so many nodes, and find all well.

        Where all cannot be well (not ``well``), until each of them names the primary, and a little longer.
        """
        self.watched = watched or Watched([node.name for node in self.nodes.values()])
        self.system.start(self.watched)
        if well:
            well = self.until(lambda: self.system.content(nodes), READY_S)
            if any(not process.running for process in self.system.processes):
                raise RuntimeError("a sentinel ended at its start, perhaps because its port was taken")
            if not well:
                self.remark("!the sentinels find something amiss from the start")
            return
        self.until(lambda: self.named() == ["A"] * 3, READY_S)
        self.pass_time(6.0)

    def seed(self, letter: str = "A", count: int = SEEDED, key: str = "seed:") -> None:
        """Keys that were there beforehand, and have reached every replica."""
        with self.node(letter).client() as client:
            client.mset({f"{key}{number}": number for number in range(count)})
        if self.nodes.get(letter) is self.node(letter):
            self.seeded = count
        self.synced(letter)

    def synced(self, letter: str = "A") -> None:
        """Until the replicas of this node have acknowledged all that it has."""
        with self.node(letter).client() as client:
            client.execute_command("WAIT", len(client.execute_command("ROLE")[2]), 5000)

    def start(self, *arguments: str, **each: tuple[str, ...]) -> None:
        """The usual: a group with data, watched, and a client that writes."""
        self.group(*arguments, **each)
        self.seed()
        self.watch()
        self.write()

    def write(self, *, wait: int = 0) -> None:
        """Let the client write; ``wait``: with so many replicas confirming each write."""
        self.writer = Writer(self.system, wait=wait)
        self.writer.start()
        if not self.until(lambda: self.writer.count >= 20, 20.0):
            self.remark("!no writes before the strike")

    # -- strike

    def strike(self, primary: str = "") -> None:
        """From here on it counts. ``primary``, if it is not A, has the writes now."""
        self.primary = primary or self.primary
        self.struck_at = time.monotonic()

    def node(self, letter: str) -> RedisServer:
        return self.nodes.get(letter) or self.others[letter]

    def tell(self, letter: str, *words: str | int) -> Any:
        """One command; None if it was refused or not answered."""
        return ask_once(self.node(letter).name, *words, timeout_s=5.0)

    def attempt(self, letter: str, *words: str | int) -> str:
        """One command, and in a word how it went."""
        try:
            wire = Wire(self.node(letter).name, 2.0)
            try:
                return str(wire.ask(*words))
            finally:
                wire.close()
        except Exception as error:  # noqa: BLE001 - whatever it says is the answer
            return str(error)

    def hold_all_connections(self, letter: str) -> int:
        """Take every connection that the node still gives away, and keep it."""
        before = len(self._held)
        for _ in range(1000):
            try:
                wire = Wire(self.node(letter).name, 2.0)
                self._held.append(wire)
                wire.ask("PING")
            except Exception:  # noqa: BLE001 - full
                break
        return len(self._held) - before

    def release_connections(self) -> None:
        for wire in self._held:
            wire.close()
        self._held.clear()

    def break_snapshots(self, letter: str) -> None:
        """Its disk goes away: the next snapshot fails, and writes are refused from then on (MISCONF)."""
        node = self.node(letter)
        shutil.rmtree(node.directory, ignore_errors=True)
        self.tell(letter, "BGSAVE")
        wait_for(lambda: node.info("persistence")["rdb_last_bgsave_status"] == "err", 10.0)

    # -- observe

    def until(self, condition: Callable[[], object], limit_s: float) -> bool:
        try:
            wait_for(lambda: bool(condition()), limit_s)
        except AssertionError:
            return False
        return True

    def pass_time(self, seconds: float) -> None:
        """What is looked at is that nothing happens, so that there is nothing else to wait for."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)

    def letter(self, name: str | None) -> str:
        """Whose address this is: its letter."""
        if name is None:
            return "nobody"
        port = int(name.rpartition(":")[2])
        if port in self.aliases:
            return self.aliases[port]
        every = {**self.nodes, **self.others}
        return next((letter for letter, node in every.items() if node.port == port), name)

    def named(self) -> list[str]:
        """The letters that the sentinels name."""
        return [self.letter(name) for name in self.system.named()]

    def role(self, letter: str) -> list[Any]:
        return self.tell_shortly(letter, "ROLE") or ["silent"]

    def tell_shortly(self, letter: str, *words: str | int) -> Any:
        node = self.node(letter)
        return ask_once(node.name, *words, timeout_s=0.5) if node.running else None

    def masters(self) -> list[str]:
        return [letter for letter in self.nodes if self.role(letter)[0] == "master"]

    def in_order(self, *, writes: bool = True) -> bool:
        """One primary that every sentinel names, followed by all who answer, and the client writes."""
        named = set(self.named())
        if len(named) != 1:
            return False
        (primary,) = named
        roles = {letter: self.role(letter) for letter in self.nodes}
        ports = [port for port, letter in self.aliases.items() if letter == primary]
        ports += [self.nodes[primary].port] if primary in self.nodes else []
        return (
            primary in roles
            and roles[primary][0] == "master"
            and all(
                role[0] == "silent"
                or letter == primary
                or (role[0] == "slave" and role[2] in ports and role[3] == "connected")
                for letter, role in roles.items()
            )
            and (not writes or self.writer.wrote_within(0.5))
        )

    def settle(self, limit_s: float = 40.0, *, at_least_s: float = 0.0, writes: bool = True) -> None:
        """Until all has been in order for a while; ``at_least_s`` where a late reaction is feared."""
        start = time.monotonic()
        calm_since: float | None = None
        while time.monotonic() < start + limit_s:
            now = time.monotonic()
            if not self.in_order(writes=writes):
                calm_since = None
            elif calm_since is None:
                calm_since = now
            elif now > calm_since + CALM_S and now > start + at_least_s:
                return
            time.sleep(0.1)

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    def stop(self) -> None:
        self.writer.stop()
        self.system.stop()
        self.release_connections()
        for node in [*self.nodes.values(), *self.others.values()]:
            with suppress(OSError):
                node.stop()
