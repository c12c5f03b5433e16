"""Carries out the steps of a schedule: finds who is meant, waits for the moment, does it, and notes when.

What cannot be done (no leader was elected in time, a switchover was refused) is noted and does not end the
run: the report says it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.chaos.hosts import Network
from tests.chaos.installation import Host, Installation
from tests.chaos.partitions import Partitions
from tests.chaos.schedules import (
    Action,
    Cut,
    CutIn,
    FillDisk,
    FreeDisk,
    Freeze,
    Heal,
    Kill,
    Moment,
    Restart,
    Schedule,
    Start,
    Step,
    Switchover,
    Thaw,
    WipedRestart,
)

MOMENT_S = 8.0
WHOLE_S = 20.0
PRIMARY_S = 8.0
LOOK_S = 0.001
ORDER_S = 0.2


class MissedError(Exception):
    """A step cannot be done; says why."""


@dataclass(frozen=True, slots=True)
class Done:
    """``at_s`` is monotonic, from just before the step."""

    at_s: float
    what: str


class Stage:
    def __init__(self, network: Network, installation: Installation) -> None:
        self.done: list[Done] = []
        self.notes: list[str] = []
        self.in_order_since_s: float | None = None
        """Since when all is in order after the last step, monotonic; None while it is not."""
        self._all = list(network.addresses)
        self._installation = installation
        self._partitions = Partitions(network.addresses)
        self._read_to: dict[str, int] = {}
        self._leader: str | None = None
        self._target: str | None = None
        self._asked_at: str | None = None

    def play(self, schedule: Schedule) -> None:
        start = time.monotonic()
        for step in schedule.steps:
            _sleep_until(start + step.at_s)
            due = time.monotonic()
            self._try(step)
            if step.once is not None:
                # The steps after it keep their distance.
                start += time.monotonic() - due
        self._watch_order(start + schedule.length_s)
        if self._asked_at is not None:
            told = self._installation.system.aftermath(self._asked_at)
            self.notes += [told] if told else []

    def _watch_order(self, until_s: float) -> None:
        while time.monotonic() < until_s:
            looked_s = time.monotonic()
            if not self._installation.whole():
                self.in_order_since_s = None
            elif self.in_order_since_s is None:
                self.in_order_since_s = looked_s
            time.sleep(ORDER_S)

    def repair(self) -> float:
        """Everything heals and runs again; when that was, monotonic."""
        self._partitions.heal()
        for host in self._installation.hosts.values():
            host.free_disk()
            for part in ("redis", "sentinel"):
                host.send(part, signal.SIGCONT)
                host.start(part)
        return time.monotonic()

    def _try(self, step: Step) -> None:
        try:
            if step.once is not None:
                self._await(step.once)
                _sleep_until(time.monotonic() + step.plus_s)
            self._read_to = {host.site.name: _size(host) for host in self._hosts()}
            self._do(step.do)
        except MissedError as missed:
            self.notes.append(str(missed))

    def _do(self, action: Action) -> None:
        """The time that is noted is from before the fault, but from after it was found whom it hits."""
        match action:
            case Cut(side, other, one_way):
                names, others = self._sides(side, other)
                self._note(f"cut {'+'.join(names)} {'-/->' if one_way else '|'} {'+'.join(others)}")
                self._partitions.cut(names, others, one_way=one_way)
            case CutIn(side):
                names, others = self._sides(side, ("rest",))
                self._note(f"cut {'+'.join(others)} -/-> {'+'.join(names)}")
                self._partitions.cut(others, names, one_way=True)
            case Heal():
                self._note("heal")
                self._partitions.heal()
            case Kill(part, name):
                host = self._host(name)
                self._note(f"kill {part} at {host.site.name}")
                host.end(part)
            case Freeze(part, name):
                self._note(f"freeze {part} at {name}")
                self._host(name).send(part, signal.SIGSTOP)
            case Thaw(part, name):
                self._note(f"thaw {part} at {name}")
                self._host(name).send(part, signal.SIGCONT)
            case Start(part):
                self._note(f"start every {part}")
                for host in self._hosts():
                    host.start(part)
            case Restart(part, name):
                self._note(f"restart {part} at {name}")
                self._host(name).end(part, signal.SIGTERM)
                self._host(name).start(part)
            case WipedRestart(name):
                self._note(f"wipe and restart redis at {name}")
                self._host(name).end("redis")
                self._host(name).wipe()
                self._host(name).start("redis")
            case FillDisk(name):
                self._note(f"fill the disk of the sentinel at {name}")
                self._host(name).fill_disk()
            case FreeDisk(name):
                self._note(f"free the disk of the sentinel at {name}")
                self._host(name).free_disk()
            case Switchover():
                self._switch_over()

    def _note(self, what: str) -> None:
        self.done.append(Done(time.monotonic(), what))

    def _switch_over(self) -> None:
        system = self._installation.system
        first = self._host("h1").site.address
        foretold = system.foretell(first)
        self._target = self._installation.host_at(foretold).site.name if foretold else None
        self._note("ask for a switchover")
        objection = system.switchover(first)
        if objection is not None:
            raise MissedError(objection)
        self._asked_at = first

    def _await(self, moment: Moment) -> None:
        if moment is Moment.WHOLE:
            if not _until(self._installation.whole, WHOLE_S, pause_s=0.05):
                raise MissedError(f"not in order again within {WHOLE_S:.0f} s")
        elif not _until(lambda: self._told(moment), MOMENT_S, pause_s=LOOK_S):
            raise MissedError(f"{moment.value}: not within {MOMENT_S:.0f} s")

    def _told(self, moment: Moment) -> bool:
        """Whether a sentinel's log told of it since the step before; remembers who is meant by it."""
        system = self._installation.system
        for host in self._hosts():
            with host.log("sentinel").open("rb") as log:
                log.seek(self._read_to.get(host.site.name, 0))
                lines = log.read().decode(errors="replace").splitlines(keepends=True)
            for line in lines:
                if system.tells(moment) in line and line.endswith("\n"):
                    self._leader = host.site.name
                    chosen = system.chosen(line) if moment is Moment.CHOSEN else None
                    if chosen is not None:
                        self._target = self._installation.host_at(chosen).site.name
                    return True
        return False

    def _sides(self, side: Iterable[str], other: Iterable[str]) -> tuple[list[str], list[str]]:
        names = [self._name(name) for name in side]
        others = [self._name(name) for name in other if name != "rest"]
        return names, others or [name for name in self._all if name not in names]

    def _name(self, name: str) -> str:
        if name in self._all:
            return name
        if name == "primary":
            _until(lambda: self._installation.primary() is not None, PRIMARY_S, pause_s=0.02)
            host = self._installation.primary()
            found = host.site.name if host is not None else None
        else:
            found = {"leader": self._leader, "target": self._target}[name]
        if found is None:
            raise MissedError(f"nobody is {name}")
        return found

    def _host(self, name: str) -> Host:
        return self._installation.hosts[self._name(name)]

    def _hosts(self) -> list[Host]:
        return list(self._installation.hosts.values())


def _size(host: Host) -> int:
    return host.log("sentinel").stat().st_size


def _until(condition: Callable[[], bool], limit_s: float, pause_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def _sleep_until(moment_s: float) -> None:
    while (left_s := moment_s - time.monotonic()) > 0:
        time.sleep(left_s)
