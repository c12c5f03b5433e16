"""Steps that maintain a running primary: its fence, its ``min-replicas`` settings, its configuration file."""

from __future__ import annotations

from promotion.conversation import StepFailedError
from promotion.fence_overrides import check_for_fence, demand
from promotion.fenced_session import FencedSession, Need, Part, Requests
from promotion.promoting import set_fence
from promotion.step_types import KeepSafety


def keep_fence(session: FencedSession) -> Requests:
    """An evicted fence counts as term 0, so a stale leader would pass: write it again."""
    overrides = yield from check_for_fence(session)
    _expect_primary(session)
    if session.found == 0:
        yield from set_fence(session, overrides)


def keep_safety(step: KeepSafety, session: FencedSession) -> Requests:
    yield from session.check()
    _expect_primary(session)
    parts = [Part(words) for words in demand(step.safety)]
    yield from session.transact(*parts, Part(("CONFIG", "REWRITE"), Need.MAY))


def rewrite(session: FencedSession) -> Requests:
    """A server that was started without a configuration file has nothing to write."""
    yield from session.check()
    yield from session.transact(Part(("CONFIG", "REWRITE"), Need.MAY))


def _expect_primary(session: FencedSession) -> None:
    if not session.is_master:
        raise StepFailedError(session.node, "is not a primary")
