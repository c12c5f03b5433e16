"""Replicas that are in the middle of a full synchronisation when the primary dies."""

from __future__ import annotations

import random

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation

THEME = "a server dies"
KEYS = 400
LARGE = 500
SLOW_US = 6_000
"""For each key: so that a data set is loaded in about eight seconds."""
OFTEN = ("--loading-process-events-interval-bytes", "1024")
"""So that it answers while it loads."""


def _start(bed: Bed) -> None:
    bed.start()
    for number in range(KEYS):
        bed.tell("A", "SET", f"large:{number}", random.randbytes(LARGE // 2).hex())


def _joins(bed: Bed, letter: str, *arguments: str) -> None:
    """It is started anew without its data, and is sent all of it."""
    bed.node(letter).lose_files()
    follows = ("--replicaof", "127.0.0.1", str(bed.node("A").port))
    bed.node(letter).restart_without_waiting(*follows, *OFTEN, *arguments)


def _loads(bed: Bed, letter: str) -> bool:
    try:
        return bool(bed.node(letter).info("persistence").get("loading"))
    except Exception:  # noqa: BLE001 - it is not there yet
        return False


@situation(THEME, Wants(spare=FEW, loss_told=True))
def both_half_loaded(bed: Bed) -> None:
    """Both replicas load what the primary sent them when it dies: neither has what was written since."""
    _start(bed)
    for letter in "BC":
        _joins(bed, letter, "--key-load-delay", str(SLOW_US))
    bed.until(lambda: all(_loads(bed, letter) for letter in "BC"), 20.0)
    bed.pass_time(4.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle(60.0)


@situation(THEME, Wants(spare=FEW, loss_told=True))
def the_newer_copy_loads_longer(bed: Bed) -> None:
    """Both replicas load when the primary dies; who is done first has the older copy."""
    _start(bed)
    _joins(bed, "B", "--key-load-delay", str(SLOW_US))
    bed.until(lambda: _loads(bed, "B"), 20.0)
    bed.pass_time(4.0)
    _joins(bed, "C", "--key-load-delay", str(SLOW_US))
    bed.until(lambda: _loads(bed, "C"), 20.0)
    bed.pass_time(1.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle(60.0)
