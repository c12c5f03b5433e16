"""Steps that pause and resume a primary's writes, and that cut off a leader that sleeps."""

from __future__ import annotations

from promotion.conversation import Call, Calls, ReplyError
from promotion.fence_overrides import check_for_fence
from promotion.fenced_session import FencedSession, Part, Requests
from promotion.promoting import CUT_CLIENTS, try_set_fence
from promotion.step_types import Freeze


def freeze(step: Freeze, session: FencedSession) -> Requests:
    yield from session.check()
    yield from session.transact(Part(("CLIENT", "PAUSE", round(step.for_s * 1000), "WRITE")))


def thaw(session: FencedSession) -> Requests:
    """Ends the pause first: a paused node would not run a transaction that writes.

    Then the fence is raised against a leader that wanted something else; if that fails, a note says so.
    """
    overrides = yield from check_for_fence(session)
    resume = ("CLIENT", "UNPAUSE")
    (resumed,) = yield Calls((resume,), acts=True)
    if isinstance(resumed, ReplyError):
        raise session.failed(resume, resumed)
    if session.key is not None:
        yield from try_set_fence(session, overrides)


def disarm(session: FencedSession) -> Requests:
    yield from session.check()
    cut = yield Call(CUT_CLIENTS[0])
    if isinstance(cut, ReplyError):
        raise session.failed(CUT_CLIENTS[0], cut)
