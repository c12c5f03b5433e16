"""Changes that somebody asks for, and writes that somebody had confirmed."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "planned changes and confirmed writes"


def _ask(bed: Bed) -> None:
    objection = bed.system.switchover()
    bed.remark(f"refused: {objection[:60]}" if objection else "the switchover is done")


@situation(THEME, Wants(), "redis/redis#6062")
def switchover(bed: Bed) -> None:
    """A switchover is asked for while a client writes."""
    bed.start()
    bed.strike()
    _ask(bed)
    bed.settle(60.0)


@situation(THEME, Wants(primary="any"))
def switchover_to_a_hanging_replica(bed: Bed) -> None:
    """A switchover is asked for half a second after the preferred replica hung."""
    bed.start(B=("--replica-priority", "1"))
    bed.strike()
    bed.node("B").pause()
    bed.pass_time(0.5)
    _ask(bed)
    bed.settle(30.0)
    bed.node("B").resume()
    bed.settle(40.0)


@situation(THEME, Wants(primary="any"))
def switchover_without_replicas(bed: Bed) -> None:
    """A switchover is asked for while both replicas are dead."""
    bed.start()
    for letter in "BC":
        bed.node(letter).kill()
    bed.pass_time(3.0)
    bed.strike()
    _ask(bed)
    bed.settle(20.0)


def _falls_behind(bed: Bed, letter: str) -> None:
    """A replica stops reading, until more is under way to it than what the kernel holds for it."""
    bed.node(letter).pause()
    for number in range(40):
        bed.tell("A", "SET", f"bulk:{number}", "x" * 1_000_000)
    wanted = bed.writer.count + 50
    bed.until(lambda: bed.writer.count >= wanted, 20.0)


@situation(THEME, Wants())
def confirmed_writes(bed: Bed) -> None:
    """One replica lags 40 MB behind, the other has confirmed every write (`WAIT 1`); the primary dies."""
    bed.group()
    bed.seed()
    bed.watch()
    bed.write(wait=1)
    _falls_behind(bed, "B")
    bed.strike()
    bed.node("A").kill()
    bed.node("B").resume()
    bed.settle()


@situation(THEME, Wants(spare=FEW))
def the_freshest_is_not_preferred(bed: Bed) -> None:
    """The replica with the better priority lags 40 MB behind; the primary dies."""
    bed.start(B=("--replica-priority", "1"))
    _falls_behind(bed, "B")
    bed.strike()
    bed.node("A").kill()
    bed.node("B").resume()
    bed.settle()
