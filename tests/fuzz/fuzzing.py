"""Makes inputs of one kind for a while, and keeps those that break a rule."""

from __future__ import annotations

import logging
import random
import sys
import time

from tests.fuzz import corpus
from tests.fuzz.changing import Changing
from tests.fuzz.kinds import KINDS
from tests.fuzz.playing import limit_addresses, why_broken

MAX_POOL = 2000
MAX_BROKEN = 5
"""Of one kind: what comes after is mostly the same."""


def fuzz(name: str, seconds: float, seed: int) -> int:
    """How many inputs of the kind broke a rule. They are put into the corpus."""
    logging.disable(logging.CRITICAL if name != "http" else logging.NOTSET)
    kind, began = KINDS[name](name), time.monotonic()
    pool = [file.read_bytes() for file in corpus.files(name)]
    changing = Changing(random.Random(f"{seed} {name}"), kind.words)
    outcomes: set[str] = set()
    played = broken = 0
    with kind.opened() as check:
        limit_addresses()
        waiting = list(pool)
        while time.monotonic() - began < seconds and broken < MAX_BROKEN:
            data = waiting.pop() if waiting else changing.next(pool)
            played += 1
            came, problem = why_broken(check, data)
            if problem is not None:
                broken += 1
                _say(f"BROKEN {name}: {corpus.keep(name, data)}\n{problem}")
            elif came not in outcomes:
                outcomes.add(came)
                if len(pool) < MAX_POOL:
                    pool.append(data)
    _say(f"{name}: {played} inputs, {len(outcomes)} outcomes, {broken} broken, seed {seed}")
    return broken


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
