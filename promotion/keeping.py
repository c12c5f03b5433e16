"""What a primary is to keep: its fence, its demand on writes, and its configuration file."""

from __future__ import annotations

from promotion.conversation import StepFailedError
from promotion.promoting import set_fence
from promotion.settings_aside import check_for_fence, demand
from promotion.step_types import KeepSafety
from promotion.talk import Asking, Need, Part, Talk


def keep_fence(talk: Talk) -> Asking:
    """An evicted key counts as term 0 to whoever reads it, so that a stale leader would pass."""
    lifted = yield from check_for_fence(talk)
    _expect_primary(talk)
    if talk.found == 0:
        yield from set_fence(talk, lifted)


def keep_safety(step: KeepSafety, talk: Talk) -> Asking:
    yield from talk.check()
    _expect_primary(talk)
    parts = [Part(words) for words in demand(step.safety)]
    yield from talk.transact(*parts, Part(("CONFIG", "REWRITE"), Need.MAY))


def rewrite(talk: Talk) -> Asking:
    """A server that was started without a configuration file has nothing to write."""
    yield from talk.check()
    yield from talk.transact(Part(("CONFIG", "REWRITE"), Need.MAY))


def _expect_primary(talk: Talk) -> None:
    if not talk.is_master:
        raise StepFailedError(talk.node, "is not a primary")
