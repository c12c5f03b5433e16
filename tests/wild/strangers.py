"""Servers that belong to others, or to nobody any more."""

from __future__ import annotations

from collections.abc import Callable

from tests.redis_server import RedisServer
from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation
from tests.wild.system_sentinel import Sentinels
from tests.wild.systems import Watched

THEME = "whose node it is"
FOREIGN_KEYS = 1000


def _with_a_discovered_replica(bed: Bed) -> Watched:
    """X follows A and was found out by that; it is not listed."""
    bed.group()
    bed.seed()
    watched = Watched([node.name for node in bed.nodes.values()])
    bed.server("X", own=False, of="A")
    bed.watch(watched, nodes=4)
    bed.write()
    return watched


def foreign_keys_lost(bed: Bed, letter: str) -> None:
    held = int(bed.tell(letter, "EXISTS", *(f"theirs:{number}" for number in range(FOREIGN_KEYS))) or 0)
    lost = FOREIGN_KEYS - held
    bed.remark(f"!{lost} foreign keys wiped" if lost else "the foreign data is untouched")


@situation(THEME, Wants(primary="same"), "spotahome/redis-operator#550", "redis/redis#14313")
def foreign_primary(bed: Bed) -> None:
    """The address of a discovered replica now is another cluster's primary, with 1,000 keys."""
    _with_a_discovered_replica(bed)
    bed.node("X").lose_files()
    bed.pass_time(2.0)
    bed.strike()
    bed.node("X").restart()
    bed.seed("X", FOREIGN_KEYS, "theirs:")
    bed.settle(40.0, at_least_s=35.0)
    foreign_keys_lost(bed, "X")


@situation(THEME, Wants(primary="same"), "DandyDeveloper/charts#167", "freshworks-oss/redis-operator#6")
def foreign_replica(bed: Bed) -> None:
    """The address of a discovered replica now is another cluster's replica."""
    _with_a_discovered_replica(bed)
    bed.server("Y", own=False)
    bed.seed("Y", FOREIGN_KEYS, "theirs:")
    bed.node("X").lose_files()
    bed.pass_time(2.0)
    bed.strike()
    bed.node("X").restart(arguments=("--replicaof", "127.0.0.1", str(bed.node("Y").port)))
    bed.settle(40.0, at_least_s=35.0)
    taken = bed.role("X")[2:3] != [bed.node("Y").port]
    bed.remark(
        "!the replica is taken away from its primary" if taken else "the foreign replica is left alone"
    )


@situation(THEME, Wants(primary="same"), "redis/redis#2419")
def detached(bed: Bed) -> None:
    """A replica that is not listed is made a primary of its own by hand, as at the end of a migration."""
    _with_a_discovered_replica(bed)
    bed.strike()
    bed.tell("X", "REPLICAOF", "NO", "ONE")
    bed.seed("X", FOREIGN_KEYS, "theirs:")
    bed.settle(40.0, at_least_s=35.0)
    foreign_keys_lost(bed, "X")


@situation(THEME, Wants(spare=FEW), "redis/redis#14313")
def the_address_is_taken(bed: Bed) -> None:
    """The primary dies, and another cluster's primary, just started, has its address at once, with a replica
    of its own and 1,000 keys (`repl-diskless-sync-delay 5`, as Redis has it).
    """
    bed.start()
    bed.strike()
    bed.node("A").lose_files()
    bed.others["X"] = bed.nodes.pop("A")
    bed.node("X").restart(arguments=("--repl-diskless-sync-delay", "5"))
    with bed.node("X").client() as client:
        client.mset({f"theirs:{number}": number for number in range(FOREIGN_KEYS)})
    bed.others["Y"] = RedisServer("--replicaof", "127.0.0.1", str(bed.node("X").port), config_file=True)
    bed.settle(25.0, at_least_s=15.0)
    foreign_keys_lost(bed, "X")


@situation(THEME, Wants(primary="any", tell=("A",)))
def in_cluster_mode(bed: Bed) -> None:
    """The old primary comes back in cluster mode, in which it can be nobody's replica."""
    bed.start()
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    # It stays a master, whatever anybody does: what is looked at is that this is told.
    bed.others["A"] = bed.nodes.pop("A")
    bed.node("A").restart(arguments=("--cluster-enabled", "yes"))
    bed.settle(25.0, at_least_s=15.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#1310")
def a_stranger_follows(bed: Bed) -> None:
    """Somebody's server follows the primary by mistake, with the best priority; the primary dies."""
    bed.group()
    bed.seed()
    bed.server("X", "--replica-priority", "1", own=False, of="A")
    bed.watch(Watched([node.name for node in bed.nodes.values()], listed=True), nodes=4)
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.settle()
    if "X" in bed.named():
        bed.remark("!the stranger is primary")


@situation(THEME, Wants(primary="any", spare=FEW))
def swapped_by_hand(bed: Bed) -> None:
    """Somebody makes B the primary by hand, and lets A and C follow it (REPLICAOF)."""
    bed.start()
    bed.strike()
    bed.tell("B", "REPLICAOF", "NO", "ONE")
    for letter in "AC":
        bed.tell(letter, "REPLICAOF", "127.0.0.1", bed.node("B").port)
    bed.settle(60.0, at_least_s=15.0)


@situation(THEME, Wants(primary="same"), "redis/redis#6751")
def promoted_by_mistake(bed: Bed) -> None:
    """Somebody makes a listed replica a master by mistake, and A goes on."""
    bed.start()
    bed.strike()
    bed.tell("B", "REPLICAOF", "NO", "ONE")
    bed.settle()


@situation(THEME, Wants(spare=FEW))
def a_replica_of_a_replica(bed: Bed) -> None:
    """C follows B and not A; the primary dies."""
    bed.group()
    bed.tell("C", "REPLICAOF", "127.0.0.1", bed.node("B").port)
    bed.until(lambda: bed.role("C")[3:4] == ["connected"], 20.0)
    bed.seed()
    bed.watch(Watched([node.name for node in bed.nodes.values()], listed=True), nodes=2)
    bed.write()
    bed.pass_time(3.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW), "spotahome/redis-operator#297")
def other_sentinels(bed: Bed) -> None:
    """Forgotten sentinels of a former installation watch the same nodes; the primary dies."""
    forgotten = Sentinels("forgotten", bed.sentinel_binary)
    try:
        bed.start()
        # Under another name: those of one name find each other, and are one installation.
        watched = Watched([node.name for node in bed.nodes.values()], name="former")
        forgotten.start(watched)
        bed.until(lambda: forgotten.content(3), 30.0)
        bed.pass_time(3.0)
        bed.strike()
        bed.node("A").kill()
        changes = _changes_of_primary(bed, lambda: bed.settle(at_least_s=15.0))
        if changes > 1:
            bed.remark(f"!the primary changed {changes} times")
    finally:
        forgotten.stop()


def _changes_of_primary(bed: Bed, meanwhile: Callable[[], None]) -> int:
    """How often the client was sent to another node while something else went on."""
    before = bed.writer.moves
    meanwhile()
    return bed.writer.moves - before


@situation(THEME, Wants(primary="same"), "redis/redis#8653")
def not_announced(bed: Bed) -> None:
    """A replica is not announced (`replica-announced no`): are clients sent to it?"""
    bed.group(C=("--replica-announced", "no"))
    bed.seed()
    bed.watch(nodes=2)
    bed.write()
    bed.strike()
    bed.pass_time(12.0)
    bed.settle()
    told = bed.node("C").port in bed.system.replicas_told()
    bed.remark("!clients are sent to it" if told else "clients are not sent to it")


@situation(THEME, Wants(spare=FEW))
def the_middle_of_a_chain(bed: Bed) -> None:
    """C has just been pointed at B; A and B die together."""
    bed.start()
    bed.strike()
    bed.tell("C", "REPLICAOF", "127.0.0.1", bed.node("B").port)
    bed.until(lambda: bed.role("C")[2:4] == [bed.node("B").port, "connected"], 2.0)
    for letter in "AB":
        bed.node(letter).kill()
    bed.settle()


@situation(THEME, Wants(primary="any"))
def failover_by_hand(bed: Bed) -> None:
    """Somebody sends FAILOVER to the primary, which hands over to a replica by itself."""
    bed.start()
    bed.strike()
    bed.tell("A", "FAILOVER")
    bed.settle(60.0, at_least_s=6.0)


@situation(THEME, Wants(primary="any"))
def a_circle_by_hand(bed: Bed) -> None:
    """Somebody makes A follow B, which follows A."""
    bed.start()
    bed.strike()
    bed.tell("A", "REPLICAOF", "127.0.0.1", bed.node("B").port)
    bed.settle(60.0, at_least_s=6.0)
