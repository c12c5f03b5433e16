"""What stands between the sentinels and the nodes."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.forwarder import Forwarder
from tests.wild.situation import Wants, situation
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
