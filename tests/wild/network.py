"""What stands between the sentinels and the nodes."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.forwarder import Forwarder
from tests.wild.situation import Wants, situation
from tests.wild.strangers import FOREIGN_KEYS, foreign_keys_lost
from tests.wild.systems import Watched

THEME = "the way to a server"


def _behind_a_forwarder(bed: Bed) -> Forwarder:
    """The sentinels reach A through a forwarder; clients and replicas do not, where a system can be told so.

    Sentinel knows one address of a node, and tells it to clients and replicas too.
    """
    bed.group()
    bed.seed()
    forwarder = Forwarder(bed.node("A").port)
    others = [bed.node(letter).name for letter in "BC"]
    bed.aliases[forwarder.port] = "A"
    bed.watch(Watched([forwarder.name, *others], announce={forwarder.name: bed.node("A").name}))
    bed.write()
    return forwarder


@situation(THEME, Wants(primary="same"))
def forwarder_blinks(bed: Bed) -> None:
    """A port forwarder between the sentinels and a healthy primary refuses connections for 0.2 s."""
    forwarder = _behind_a_forwarder(bed)
    bed.strike()
    forwarder.away()
    bed.pass_time(0.2)
    forwarder.back()
    bed.settle(at_least_s=6.0)


@situation(THEME, Wants(primary="any"))
def forwarder_away(bed: Bed) -> None:
    """The same, for five seconds, while its replicas hear the primary all the time."""
    forwarder = _behind_a_forwarder(bed)
    bed.strike()
    forwarder.away()
    bed.pass_time(5.0)
    forwarder.back()
    bed.settle(at_least_s=6.0)


@situation(THEME, Wants(primary="same"))
def connections_cut(bed: Bed) -> None:
    """Every connection of the primary is cut again and again for three seconds (CLIENT KILL)."""
    bed.start()
    bed.strike()
    bed.until(lambda: bed.tell("A", "CLIENT", "KILL", "TYPE", "normal") is False, 3.0)
    bed.settle(at_least_s=4.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#2527")
def port_mappings(bed: Bed) -> None:
    """Every node is behind a port mapping, by which sentinels, replicas and clients reach it; the primary
    dies, and comes back.
    """
    bed.group("--appendonly", "yes")
    bed.seed()
    mapped = {letter: Forwarder(bed.node(letter).port) for letter in "ABC"}
    for letter, forwarder in mapped.items():
        bed.aliases[forwarder.port] = letter
        bed.tell(letter, "CONFIG", "SET", "replica-announce-ip", "127.0.0.1")
        bed.tell(letter, "CONFIG", "SET", "replica-announce-port", forwarder.port)
    for letter in "BC":
        bed.tell(letter, "REPLICAOF", "127.0.0.1", mapped["A"].port)
    bed.until(lambda: all(bed.role(letter)[3:4] == ["connected"] for letter in "BC"), 20.0)
    bed.watch(Watched([forwarder.name for forwarder in mapped.values()]))
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    bed.node("A").restart()
    bed.settle(40.0, at_least_s=5.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#14313")
def name_of_another(bed: Bed) -> None:
    """The primary dies, and its name leads to another cluster's primary from then on."""
    forwarder = _with_another_cluster(bed)
    bed.strike()
    forwarder.lead_to(bed.node("X").port)
    bed.node("A").kill()
    bed.settle(25.0, at_least_s=12.0)
    foreign_keys_lost(bed, "X")


@situation(THEME, Wants(primary="any", spare=FEW, tell=("A",), or_told=True), "redis/redis#14313")
def name_moves_away(bed: Bed) -> None:
    """The primary's name leads to another cluster's primary, while its replicas still have it."""
    forwarder = _with_another_cluster(bed)
    bed.strike()
    forwarder.lead_to(bed.node("X").port)
    bed.settle(25.0, at_least_s=12.0)
    foreign_keys_lost(bed, "X")


@situation(THEME, Wants(primary="same"))
def balanced_name(bed: Bed) -> None:
    """The first name in the configuration is a balancer's, beside those of the servers: each connection to it
    reaches the next of them, and it cuts connections now and then.
    """
    bed.group()
    bed.seed()
    balancer = Forwarder(*(node.port for node in bed.nodes.values()))
    bed.aliases[balancer.port] = "A"
    bed.watch(Watched([balancer.name, *(node.name for node in bed.nodes.values())], listed=True), well=False)
    bed.write()
    bed.strike()
    for _ in range(6):
        balancer.cut()
        bed.pass_time(2.0)
    bed.settle(25.0)


def _with_another_cluster(bed: Bed) -> Forwarder:
    """X has a replica, and keys of its own."""
    bed.server("X", own=False)
    bed.server("Y", own=False, of="X")
    bed.seed("X", FOREIGN_KEYS, "theirs:")
    return _behind_a_forwarder(bed)
