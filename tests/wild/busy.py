"""Servers that are alive, and do not answer for a while."""

from __future__ import annotations

import threading

from tests.busy_script import SPIN
from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "busy, not down"


def _script(bed: Bed, milliseconds: int, letter: str = "A") -> None:
    """A script that runs for so long, which another client has sent."""
    client = bed.node(letter).client()
    client.connection_pool.connection_kwargs["socket_timeout"] = 60.0
    thread = threading.Thread(target=_sent, args=(client, milliseconds), daemon=True)
    thread.start()


def _sent(client: object, milliseconds: int) -> None:
    try:
        client.eval(SPIN, 0, milliseconds)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - cut off, most likely: that is the situation's to judge
        return


@situation(THEME, Wants(primary="same"))
def script_of_half_a_second(bed: Bed) -> None:
    """A Lua script runs for half a second at the primary."""
    bed.start()
    bed.strike()
    _script(bed, 500)
    bed.settle(at_least_s=5.0)


@situation(THEME, Wants(primary="same"), "rhubarbgroup/redis-cache#420")
def script_of_three_seconds(bed: Bed) -> None:
    """A Lua script runs for three seconds at the primary."""
    bed.start()
    bed.strike()
    _script(bed, 3000)
    bed.settle(at_least_s=8.0)


@situation(THEME, Wants(primary="any"), "redis/redis#5297")
def script_of_ten_seconds(bed: Bed) -> None:
    """A Lua script runs for ten seconds at the primary, which says BUSY after five."""
    bed.start()
    bed.strike()
    _script(bed, 10_000)
    bed.settle(60.0, at_least_s=15.0)


@situation(THEME, Wants(primary="same"))
def paused_for_all(bed: Bed) -> None:
    """Somebody pauses all clients of the primary for three seconds (CLIENT PAUSE)."""
    bed.start()
    bed.strike()
    bed.tell("A", "CLIENT", "PAUSE", 3000, "ALL")
    bed.settle(at_least_s=8.0)


@situation(THEME, Wants(primary="same"))
def paused_for_writes(bed: Bed) -> None:
    """Somebody pauses the writes of the primary for three seconds (CLIENT PAUSE ... WRITE)."""
    bed.start()
    bed.strike()
    bed.tell("A", "CLIENT", "PAUSE", 3000, "WRITE")
    bed.settle(at_least_s=8.0)


@situation(THEME, Wants(spare=FEW))
def script_at_the_preferred_replica(bed: Bed) -> None:
    """A script runs for twenty seconds at the preferred replica, which says BUSY; the primary dies."""
    bed.start("--busy-reply-threshold", "200", B=("--replica-priority", "1"))
    _script(bed, 20_000, "B")
    bed.pass_time(0.5)
    bed.strike()
    bed.node("A").kill()
    bed.settle(40.0, at_least_s=22.0)
