"""One situation with one system, in a process of its own, so that nothing of it outlives it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.wild.bed import Bed
from tests.wild.outcome import Outcome, observe
from tests.wild.servers import new_system, servers_for
from tests.wild.stories import SITUATIONS

SYSTEMS = ("redis-sentinel", "valkey-sentinel", "vedette")


def run_trial(name: str, system: str, log: Path | None = None) -> Outcome:
    """Raises AssertionError or RuntimeError if the situation could not be set up."""
    situation = SITUATIONS[name]
    bed = Bed(new_system(system), servers_for(system))
    try:
        situation.run(bed)
        assert bed.struck_at, f"{name} never strikes"
        ended_at = time.monotonic()
        bed.writer.stop()
        return observe(situation, bed, ended_at)
    finally:
        if log is not None:
            log.write_text(f"{bed.system.log()}\n")
        bed.stop()
