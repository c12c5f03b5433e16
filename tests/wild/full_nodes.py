"""Servers that are alive, and refuse writes or connections."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "alive, not usable"
# The backlog counts as memory, and is 10 MB on Valkey unless told.
SMALL = ("--maxmemory", "8mb", "--repl-backlog-size", "1mb")
FULL = (*SMALL, "--maxmemory-policy", "noeviction", "--appendonly", "yes")


def _fill(bed: Bed, letter: str = "A") -> None:
    """Until it refuses more, however little."""
    for size in (10_000, 500, 20):
        for number in range(4000):
            if bed.tell(letter, "SET", f"fill:{size}:{number}", "x" * size) is None:
                break


@situation(THEME, Wants(primary="any", writes=False, spare=FEW))
def full_crash(bed: Bed) -> None:
    """Every node is full (`noeviction`); the primary dies."""
    bed.start(*FULL)
    _fill(bed)
    bed.synced()
    bed.strike()
    bed.node("A").kill()
    bed.settle(25.0, writes=False)
    if bed.named() == ["A"] * 3:
        bed.remark("!A is still named")


@situation(THEME, Wants(primary="any", writes=False))
def full_switchover(bed: Bed) -> None:
    """Every node is full (`noeviction`); a switchover is asked for."""
    bed.start(*FULL)
    _fill(bed)
    bed.synced()
    bed.strike()
    objection = bed.system.switchover()
    bed.remark("the switchover is refused" if objection else "the switchover is done")
    bed.settle(25.0, writes=False)


@situation(THEME, Wants(spare=FEW))
def full_old_primary(bed: Bed) -> None:
    """The old primary was full (`noeviction`) when it died, and comes back so."""
    bed.start(A=FULL)
    _fill(bed)
    bed.synced()
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    bed.node("A").restart(arguments=(*FULL, "--maxmemory", "4mb"))
    bed.settle(40.0)


@situation(
    THEME, Wants(primary="any", tell=("A",), or_told=True), "redis/redis#12012", "zalando/patroni#1732"
)
def primary_cannot_save(bed: Bed) -> None:
    """The primary's disk is broken, so that it refuses every write (MISCONF)."""
    bed.start(A=("--save", "3600 1000000", "--stop-writes-on-bgsave-error", "yes"))
    bed.strike()
    bed.break_snapshots("A")
    bed.settle(20.0, at_least_s=15.0)


@situation(THEME, Wants(primary="any", tell=("A",), or_told=True))
def primary_is_full(bed: Bed) -> None:
    """The primary alone is full (`noeviction`), and refuses writes."""
    bed.start(A=FULL)
    bed.strike()
    _fill(bed)
    bed.settle(20.0, at_least_s=15.0)


@situation(THEME, Wants(primary="same", tell=("A",), or_told=True))
def too_few_replicas(bed: Bed) -> None:
    """The primary demands a replica (`min-replicas-to-write 1`), and both are down."""
    bed.start("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")
    bed.strike()
    for letter in "BC":
        bed.node(letter).kill()
    bed.settle(20.0, at_least_s=15.0)


@situation(THEME, Wants(writes=False, spare=FEW, tell=("B",)))
def two_nodes_demand_one(bed: Bed) -> None:
    """There are two nodes, of which the primary demands a replica (`min-replicas-to-write 1`); it dies."""
    bed.group("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2", replicas=("B",))
    bed.until(lambda: bed.tell("A", "SET", "first", "1") == b"OK", 10.0)
    bed.seed()
    bed.watch(nodes=2)
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.settle(15.0, at_least_s=12.0, writes=False)


@situation(THEME, Wants(primary="any", tell=("A",), or_told=True), "redis/redis#10731", "redis/jedis#1329")
def primary_has_no_connections_left(bed: Bed) -> None:
    """Clients have taken every connection of the primary (`maxclients`)."""
    bed.start(A=("--maxclients", "40"))
    bed.strike()
    bed.hold_all_connections("A")
    bed.settle(15.0, at_least_s=12.0)
    bed.release_connections()


@situation(THEME, Wants(primary="any", spare=None))
def a_cache(bed: Bed) -> None:
    """A cache that evicts whatever is old (`allkeys-lru`), the fence too; two primaries die."""
    bed.start(*SMALL, "--maxmemory-policy", "allkeys-lru")
    bed.strike()
    overcome = 0
    for _ in range(2):
        primary = bed.masters()[0]
        _churn(bed, primary)
        bed.node(primary).kill()
        overcome += _replaced(bed, primary)
        bed.node(primary).restart()
        bed.until(bed.in_order, 40.0)
    bed.settle()
    if overcome < 2:
        bed.remark(f"!{overcome} of 2 overcome")


def _replaced(bed: Bed, letter: str) -> bool:
    return bed.until(lambda: bed.in_order() and letter not in bed.named(), 40.0)


def _churn(bed: Bed, letter: str) -> None:
    """Three times as much as it holds."""
    with bed.node(letter).client() as client, client.pipeline(transaction=False) as pipe:
        for number in range(2500):
            pipe.set(f"fill:{number}", "x" * 10_000)
        pipe.execute(raise_on_error=False)
