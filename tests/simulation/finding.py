"""What a fault that broke a rule is kept as: the run, reduced to what is needed, and what was wrong."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.world import Setup

HOSTS = ("h1", "h2", "h3")
CLIENTS = ("c1", "c2")
NODES = ("h1:6379", "h2:6379", "h3:6379")


@dataclass(frozen=True, slots=True)
class Found:
    """``setup`` broke a rule because of what ``wrong`` says."""

    name: str
    wrong: str
    setup: Setup
