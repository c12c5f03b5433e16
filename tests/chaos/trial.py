"""One schedule against one variant: install, load, faults, repair, and what came of it."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import clients, observer, registers
from tests.chaos.clients import Acknowledged
from tests.chaos.histories import Histories
from tests.chaos.histories import judge as judge_histories
from tests.chaos.hosts import Network
from tests.chaos.installation import CHECKOUT, Host, Installation
from tests.chaos.intervals import Look, longest_gap_s, overlaps, spans, total_s
from tests.chaos.registers import Seen
from tests.chaos.schedules import Schedule
from tests.chaos.stage import Done, Stage
from tests.chaos.systems import Variant
from tests.chaos.verify import Survivor, Tally, UnreadableError, judge, read_survivor, survived
from tests.chaos.wire import ask_once
from tests.processes import Process
from tests.waiting import wait_for

CLIENTS = ("ca", "cb")
WARM_S = 20.0
WARM_WRITES = 20
SETTLE_S = 45.0
PAUSE_S = 0.25
"""A node that acknowledges nothing for so long, or is no master, has stopped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial showed. Every time is in seconds; ``settled_s`` None: it never was in order again."""

    schedule: str
    system: str
    hosts: int
    plain: Tally
    wait: Tally
    longest_gap_s: float
    """Without any write of a unique value that survived, from the first fault until the load stops."""
    recovery_s: float | None
    """From the first fault to the first write that another node acknowledged; None if none ever did."""
    two_masters_s: float
    two_masters_times: int
    two_acknowledging_s: float
    two_acknowledging_times: int
    settled_s: float | None
    """From the last step to order: one primary, all others replicate from it, every sentinel content."""
    histories: Histories
    timeline: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """``settled_s``: when all was in order; ``stopped_s``: when the load was told to stop; monotonic."""

    settled_s: float | None
    stopped_s: float
    writes: Sequence[Acknowledged]
    roles: Sequence[Look]
    seen: Sequence[Seen]


class Load:
    """The client hosts and the observer: everything that measures."""

    def __init__(
        self, network: Network, installation: Installation, variant: Variant, directory: Path
    ) -> None:
        self._directory = directory
        addresses = [host.site.address for host in installation.hosts.values()]
        env = {"PYTHONPATH": str(CHECKOUT)}
        watching = [sys.executable, "-m", observer.__name__, str(directory), *addresses]
        self._processes = [Process(watching, directory, directory / "observer.log", env)]
        for name, turn in zip(CLIENTS, range(len(CLIENTS)), strict=True):
            # The first client host asks the sentinel beside the first primary first, the others another one.
            asked = [*addresses[turn:], *addresses[:turn]]
            arguments = [name, variant.kind, str(directory), *asked]
            command = network.at(name, sys.executable, "-m", clients.__name__, *arguments)
            self._processes.append(Process(command, directory, directory / f"{name}.log", env))

    def warm(self) -> bool:
        """Every writer of every client has written."""
        files = list(self._directory.glob("*.writes"))
        return len(files) == 4 * len(CLIENTS) and all(
            file.read_bytes().count(b"\n") >= WARM_WRITES for file in files
        )

    def stop(self) -> tuple[list[Acknowledged], list[Look], list[Seen]]:
        for process in self._processes:
            process.send(signal.SIGTERM)
        self.close()
        return (
            clients.read(self._directory),
            observer.read(self._directory),
            registers.read(self._directory),
        )

    def close(self) -> None:
        for process in self._processes:
            process.end(signal.SIGTERM)


def run_trial(schedule: Schedule, variant: Variant, directory: Path, logs: Path | None = None) -> Outcome:
    """Raises AssertionError if the installation does not even start. ``logs``: where logs are copied to."""
    directory.mkdir(parents=True)
    with Network([*schedule.host_names, *CLIENTS]) as network:
        installation = Installation(network, schedule, variant, directory)
        load: Load | None = None
        try:
            installation.start()
            load = Load(network, installation, variant, directory)
            wait_for(load.warm, WARM_S, f"all writers to write: {_logs(directory)}")
            stage = Stage(network, installation)
            stage.play(schedule)
            repaired_s = stage.repair()
            settled_s = stage.in_order_since_s or _settle(installation, repaired_s)
            measured = Measured(settled_s, time.monotonic(), *load.stop())
            return _outcome(schedule, variant, installation, stage, measured)
        finally:
            if load is not None:
                load.close()
            installation.close()
            if logs is not None:
                _keep(directory, logs)


def _settle(installation: Installation, repaired_s: float) -> float | None:
    """When all was in order, monotonic; None if it was not within ``SETTLE_S``."""
    end = repaired_s + SETTLE_S
    while time.monotonic() < end:
        if installation.whole():
            return time.monotonic()
        time.sleep(0.05)
    return None


def _outcome(
    schedule: Schedule,
    variant: Variant,
    installation: Installation,
    stage: Stage,
    measured: Measured,
) -> Outcome:
    notes, writes, settled_s = list(stage.notes), measured.writes, measured.settled_s
    survivor = _survivor(installation, writes, notes)
    begin = stage.done[0].at_s
    lasting = [w.answered_s for w in writes if w.kind == "set" and not w.waited and survived(w, survivor)]
    first = installation.hosts["h1"].site.address
    taken_over = [w.answered_s for w in writes if w.answered_s > begin and w.node != first]
    acknowledging = overlaps(
        spans((Look(w.node, w.sent_s, w.answered_s) for w in writes if not w.waited), PAUSE_S)
    )
    masters = overlaps(spans(measured.roles, PAUSE_S))
    return Outcome(
        schedule=schedule.name,
        system=variant.name,
        hosts=schedule.hosts,
        plain=judge(writes, survivor, waited=False),
        wait=judge(writes, survivor, waited=True),
        longest_gap_s=longest_gap_s(lasting, begin, measured.stopped_s),
        recovery_s=min(taken_over) - begin if taken_over else None,
        two_masters_s=total_s(masters),
        two_masters_times=len(masters),
        two_acknowledging_s=total_s(acknowledging),
        two_acknowledging_times=len(acknowledging),
        settled_s=None if settled_s is None else settled_s - stage.done[-1].at_s,
        histories=judge_histories(measured.seen),
        timeline=_timeline(stage.done, writes, begin, survivor),
        notes=tuple(notes),
    )


def _survivor(installation: Installation, writes: Sequence[Acknowledged], notes: list[str]) -> Survivor:
    """What the primary holds now that nobody writes. Raises UnreadableError without a primary."""
    primary = installation.primary() or next(iter(installation.masters()), None)
    if primary is None:
        raise UnreadableError(f"{'; '.join(notes)}: no node is a primary at the end")
    survivor = read_survivor(primary.node, writes)
    others = [host for host in installation.hosts.values() if host is not primary]
    notes += [
        f"{host.site.name} differs from the primary {primary.site.name}"
        for host in others
        if not _same(primary, host, survivor, writes)
    ]
    return survivor


def _same(primary: Host, host: Host, survivor: Survivor, writes: Sequence[Acknowledged]) -> bool:
    """The replica has caught up, and then holds the same."""
    try:
        wait_for(lambda: _offset(host) >= _offset(primary), 5, f"{host.node} to catch up")
        return read_survivor(host.node, writes) == survivor
    except (AssertionError, UnreadableError):
        return False


def _offset(host: Host) -> int:
    role = ask_once(host.node, "ROLE") or ["", -1]
    return int(role[1] if role[0] == "master" else role[4]) if role[0] else -1


def _timeline(
    done: Sequence[Done], writes: Sequence[Acknowledged], begin_s: float, survivor: Survivor
) -> tuple[str, ...]:
    """The steps, and for each node when it acknowledged writes and how many of the unique values are lost."""
    found = [(step.at_s, step.what) for step in done]
    for span in spans((Look(w.node, w.sent_s, w.answered_s) for w in writes), PAUSE_S):
        made = [
            write
            for write in writes
            if write.node == span.node
            and write.kind == "set"
            and span.start_s <= write.answered_s
            and write.sent_s <= span.end_s
        ]
        lost = sum(not survived(write, survivor) for write in made)
        host = span.node.rpartition(".")[2]
        until = span.end_s - begin_s
        text = f"h{host} acknowledges until {until:.2f} s: {len(made)} values, {lost} of them lost"
        found.append((span.start_s, text))
    return tuple(f"{at_s - begin_s:.2f} s {what}" for at_s, what in sorted(found))


def _logs(directory: Path) -> str:
    return "; ".join(file.read_text()[-500:] for file in directory.glob("c?.log"))


def _keep(directory: Path, logs: Path) -> None:
    for file in directory.glob("**/*.log"):
        kept = logs / directory.name / file.relative_to(directory)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
