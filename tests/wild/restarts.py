"""Servers that their supervisor starts again sooner than anybody calls them dead."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "a server is restarted at once"
SOME = 40
"""What half a second of the client is: an emptied primary takes writes until it is found out."""


def _second_as_primary(bed: Bed, *arguments: str) -> None:
    """A failover has made B primary, whose command line says that it follows A."""
    bed.start(*arguments)
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    follower = bed.masters()[0]
    bed.node("A").restart()
    bed.until(bed.in_order, 40.0)
    bed.primary = follower


def _as_the_command_line_says(bed: Bed, *arguments: str) -> tuple[str, ...]:
    return (*arguments, "--replicaof", "127.0.0.1", str(bed.node("A").port))


@situation(THEME, Wants(primary="any", spare=SOME), "apecloud/kubeblocks#10753", "redis/redis#1297")
def empty(bed: Bed) -> None:
    """The primary is restarted at once, and empty (no persistence, or no volume)."""
    bed.start()
    bed.strike()
    bed.node("A").wipe()
    bed.settle(at_least_s=8.0)


@situation(THEME, Wants(primary="any", spare=SOME), "redis/redis#3837", "bitnami/containers#9067")
def empty_as_a_replica(bed: Bed) -> None:
    """A primary whose command line says `--replicaof` is restarted at once, and empty."""
    _second_as_primary(bed)
    bed.seed(bed.primary, 1000)
    bed.strike()
    node = bed.node(bed.primary)
    node.lose_files()
    node.restart(arguments=_as_the_command_line_says(bed))
    bed.settle(90.0, at_least_s=8.0)


@situation(THEME, Wants(primary="any", spare=SOME), "redis/redis#1297")
def old_snapshot(bed: Bed) -> None:
    """The primary is restarted at once, with a snapshot that lacks the newest 500 keys."""
    bed.start("--save", "3600 1000000")
    bed.tell("A", "SAVE")
    bed.seed("A", 1000)
    bed.strike()
    bed.node("A").restart()
    bed.settle(at_least_s=8.0)


@situation(THEME, Wants(primary="any", spare=SOME), "redis/redis#8912")
def old_snapshot_as_a_replica(bed: Bed) -> None:
    """The same, by a command line that says `--replicaof`."""
    _second_as_primary(bed, "--save", "3600 1000000")
    bed.tell(bed.primary, "SAVE")
    bed.seed(bed.primary, 1000)
    bed.strike()
    bed.node(bed.primary).restart(arguments=_as_the_command_line_says(bed, "--save", "3600 1000000"))
    bed.settle(90.0, at_least_s=8.0)


@situation(THEME, Wants(primary="any"), "redis/redis#1297")
def all_kept(bed: Bed) -> None:
    """The primary is restarted at once, with all its data."""
    bed.start("--appendonly", "yes", "--appendfsync", "always")
    bed.strike()
    bed.node("A").restart()
    bed.settle(at_least_s=6.0)


@situation(THEME, Wants(primary="any"), "redis/redis#8912")
def all_kept_as_a_replica(bed: Bed) -> None:
    """The same, by a command line that says `--replicaof`."""
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    _second_as_primary(bed, *durable)
    bed.strike()
    bed.node(bed.primary).restart(arguments=_as_the_command_line_says(bed, *durable))
    bed.settle(90.0, at_least_s=8.0)


@situation(THEME, Wants(primary="same", spare=None))
def flushed(bed: Bed) -> None:
    """Somebody empties the primary on purpose (FLUSHALL)."""
    bed.start()
    bed.strike()
    bed.tell("A", "FLUSHALL")
    bed.settle(at_least_s=6.0)


@situation(
    THEME, Wants(primary="any", spare=FEW), "OT-CONTAINER-KIT/redis-operator#1158", "valkey-io/valkey#1322"
)
def all_with_first_roles(bed: Bed) -> None:
    """After a failover, all servers are restarted at once with the roles of their command lines."""
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    _second_as_primary(bed, *durable)
    bed.node("A").pause()
    bed.seed(bed.primary, 1000)
    bed.node("A").resume()
    bed.until(bed.in_order, 20.0)
    bed.strike()
    for letter in "ABC":
        bed.node(letter).kill()
    bed.node("A").restart()
    for letter in "BC":
        bed.node(letter).restart(arguments=_as_the_command_line_says(bed, *durable))
    bed.settle(at_least_s=6.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#7850")
def older_history(bed: Bed) -> None:
    """C hangs while A is restarted with all its data; later A dies, just as C wakes up.

    Only B holds what was written since. C's offset is the greater number, but counts in A's former history.
    """
    bed.start("--appendonly", "yes", "--appendfsync", "always")
    for number in range(20):
        bed.tell("A", "SET", "big", str(number) + "x" * 100_000)
    bed.synced()
    bed.node("C").pause()
    bed.node("A").restart()
    bed.until(lambda: bed.role("B")[-2:-1] == ["connected"], 20.0)
    wanted = bed.writer.count + 200
    bed.until(lambda: bed.writer.count >= wanted, 20.0)
    bed.strike()
    bed.node("A").kill()
    bed.node("C").resume()
    bed.settle()


@situation(THEME, Wants(primary="any", spare=FEW), "spotahome/redis-operator#600")
def all_follow_themselves(bed: Bed) -> None:
    """All servers are restarted by an operator's template that has each follow its own address."""
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    bed.start(*durable)
    bed.strike()
    for letter in "ABC":
        bed.node(letter).kill()
    for letter in "ABC":
        own = ("--replicaof", "127.0.0.1", str(bed.node(letter).port))
        bed.node(letter).restart(arguments=(*durable, *own))
    bed.settle(60.0, at_least_s=6.0)
