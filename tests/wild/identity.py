"""Names: of whom they speak, and in how many ways."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation
from tests.wild.systems import Watched

THEME = "who is a node"


def _names(bed: Bed, host: str) -> list[str]:
    return [f"{host}:{node.port}" for node in bed.nodes.values()]


def _spelt(bed: Bed, configured: str, followed: str) -> None:
    """The sentinels have one spelling of the host, the replicas another."""
    bed.group()
    for letter in "BC":
        bed.tell(letter, "REPLICAOF", followed, bed.node("A").port)
    bed.until(lambda: all(bed.role(letter)[3:4] == ["connected"] for letter in "BC"), 20.0)
    bed.seed()
    bed.watch(Watched(_names(bed, configured)))
    bed.write()
    bed.pass_time(3.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW))
def upper_case(bed: Bed) -> None:
    """Host names are written in capitals, in the configuration and in `replicaof`; the primary dies."""
    _spelt(bed, "LOCALHOST", "LOCALHOST")


@situation(THEME, Wants(spare=FEW), "redis/redis#9103")
def name_and_ip(bed: Bed) -> None:
    """The configuration has host names, `replicaof` has IPs; the primary dies."""
    _spelt(bed, "localhost", "127.0.0.1")


@situation(THEME, Wants(spare=FEW), "valkey-io/valkey#2158")
def two_names(bed: Bed) -> None:
    """One replica is listed twice, by its IP and by its name; the primary dies."""
    bed.group(B=("--replica-priority", "1"))
    bed.seed()
    listed = [*_names(bed, "127.0.0.1"), f"localhost:{bed.node('B').port}"]
    bed.watch(Watched(listed, listed=True), well=False)
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(primary="same"), "helm/charts#19895", "DandyDeveloper/charts#167")
def two_groups(bed: Bed) -> None:
    """A replica is listed in a second group too, by another name; it does not follow that group's primary."""
    bed.group()
    bed.server("X", own=False)
    bed.server("Y", own=False, of="X")
    bed.seed()
    other = [*(bed.node(letter).name for letter in "XY"), f"localhost:{bed.node('C').port}"]
    names = [node.name for node in bed.nodes.values()]
    before = _full_syncs(bed)
    bed.watch(Watched(names, listed=True, others={"other": other}), well=False)
    bed.write()
    bed.strike()
    bed.settle(20.0, at_least_s=12.0)
    moved = _full_syncs(bed) - before
    bed.remark(f"!C moved {moved} times" if moved else "C is left where it is")


def _full_syncs(bed: Bed) -> int:
    """How often anybody began anew at one of the two primaries."""
    return sum(int(bed.node(letter).info("stats")["sync_full"]) for letter in "AX")


@situation(THEME, Wants(spare=FEW), "redis/redis#9103")
def renamed(bed: Bed) -> None:
    """The nodes get host names for their IPs in the configuration, and the sentinels are restarted; the
    primary dies.
    """
    bed.start()
    for number in range(3):
        bed.system.restart(number, Watched(_names(bed, "localhost")))
    bed.until(lambda: bed.system.content(3), 20.0)
    bed.pass_time(2.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW))
def unlisted_primary(bed: Bed) -> None:
    """The configuration no longer lists the primary, and the sentinels were restarted; the primary dies."""
    bed.start()
    for number in range(3):
        bed.system.restart(number, Watched([bed.node(letter).name for letter in "BC"]))
    bed.pass_time(8.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW, tell=("A",), or_told=True))
def only_the_primary_listed(bed: Bed) -> None:
    """Only the primary is listed, its replicas are found out; the primary dies."""
    bed.group()
    bed.seed()
    bed.watch(Watched([bed.node("A").name]), nodes=3)
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.settle()
