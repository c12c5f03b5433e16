"""Trouble with the sentinels themselves."""

from __future__ import annotations

import resource
import signal

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "trouble with sentinels"


@situation(THEME, Wants(spare=FEW), "redis/redis#1073")
def one_sentinel_dies_too(bed: Bed) -> None:
    """A sentinel dies together with the primary."""
    bed.start()
    bed.strike()
    bed.system.processes[0].kill()
    bed.node("A").kill()
    bed.settle()


@situation(
    THEME, Wants(primary="same", writes=False, spare=FEW, tell=("A",), or_told=True), "redis/redis#7545"
)
def minority(bed: Bed) -> None:
    """Two of three sentinels are dead when the primary dies: nobody may be promoted."""
    bed.start()
    for process in bed.system.processes[:2]:
        process.kill()
    bed.pass_time(2.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle(12.0, at_least_s=12.0)
    if bed.masters():
        bed.remark("!promoted without a majority")


@situation(THEME, Wants(spare=FEW), "redis/redis#7545")
def majority_returns(bed: Bed) -> None:
    """The same, and one sentinel comes back ten seconds later."""
    bed.start()
    for process in bed.system.processes[:2]:
        process.kill()
    bed.strike()
    bed.node("A").kill()
    bed.pass_time(10.0)
    bed.system.restart(0)
    bed.settle(60.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#5677")
def sentinels_away(bed: Bed) -> None:
    """The primary dies while all sentinels are away; they come back 15 s later."""
    bed.start()
    for process in bed.system.processes:
        process.kill()
    bed.strike()
    bed.node("A").kill()
    bed.pass_time(15.0)
    for number in range(3):
        bed.system.restart(number)
    bed.settle(60.0)


@situation(THEME, Wants(spare=FEW))
def restarted_one_by_one(bed: Bed) -> None:
    """The sentinels are restarted one by one, and the primary dies a second later."""
    bed.start()
    for number in range(3):
        bed.system.restart(number)
        bed.until(lambda: bed.system.content(3), 10.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(primary="same"), "apecloud/kubeblocks-addons#2590")
def without_their_state(bed: Bed) -> None:
    """After a failover all sentinels lose what they kept, and start from their first configuration."""
    bed.start("--appendonly", "yes")
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    bed.node("A").restart()
    bed.until(bed.in_order, 40.0)
    bed.strike(bed.masters()[0])
    for number in range(3):
        bed.system.forget(number, bed.watched)
    bed.settle(60.0, at_least_s=30.0)


@situation(THEME, Wants(primary="any", spare=FEW), "redis/redis#14343")
def out_of_files(bed: Bed) -> None:
    """Two sentinels run out of files for three seconds while the primary cuts its clients; later it dies."""
    bed.start()
    bed.strike()
    two = bed.system.processes[:2]
    before = [resource.prlimit(process.pid, resource.RLIMIT_NOFILE) for process in two]
    for process in two:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (8, before[0][1]))
    bed.tell("A", "CLIENT", "KILL", "TYPE", "normal")
    bed.tell("A", "CLIENT", "KILL", "TYPE", "pubsub")
    bed.pass_time(3.0)
    for process, limits in zip(two, before, strict=True):
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
    bed.pass_time(4.0)
    if bed.named() != ["A"] * 3:
        bed.remark("!failed over for the sentinels' own trouble")
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(primary="same", tell=("C",)))
def a_sentinel_stalls(bed: Bed) -> None:
    """A sentinel is stopped for three seconds while a replica is dead: is that said to be up again?"""
    bed.start()
    bed.node("C").kill()
    bed.pass_time(4.0)
    bed.strike()
    before = bed.system.recoveries(bed.node("C").port)
    process = bed.system.processes[0]
    process.send(signal.SIGSTOP)
    bed.pass_time(3.0)
    process.send(signal.SIGCONT)
    bed.settle(at_least_s=5.0)
    if bed.system.recoveries(bed.node("C").port) > before:
        bed.remark("!the dead replica is told to be up again")


@situation(THEME, Wants(primary="same"), "redis/redis#12968")
def all_sentinels_stall(bed: Bed) -> None:
    """All sentinels are stopped for three seconds, and go on."""
    bed.start()
    bed.strike()
    for process in bed.system.processes:
        process.send(signal.SIGSTOP)
    bed.pass_time(3.0)
    for process in bed.system.processes:
        process.send(signal.SIGCONT)
    bed.settle(at_least_s=5.0)
