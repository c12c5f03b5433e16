"""Holding up a primary's writes and letting them go, and what cuts off a leader that sleeps."""

from __future__ import annotations

from promotion.conversation import Call, Calls, ReplyError
from promotion.promoting import CUT_CLIENTS, set_fence_or_tell
from promotion.settings_aside import check_for_fence
from promotion.step_types import Freeze
from promotion.talk import Asking, Part, Talk


def freeze(step: Freeze, talk: Talk) -> Asking:
    yield from talk.check()
    yield from talk.transact(Part(("CLIENT", "PAUSE", round(step.for_s * 1000), "WRITE")))


def thaw(talk: Talk) -> Asking:
    """The pause goes first: a paused node would not run a transaction that writes.

    That is the essence of it. The fence is for whoever wanted something else before, and missed with a note.
    """
    lifted = yield from check_for_fence(talk)
    resume = ("CLIENT", "UNPAUSE")
    (resumed,) = yield Calls((resume,), acts=True)
    if isinstance(resumed, ReplyError):
        raise talk.failed(resume, resumed)
    if talk.key is not None:
        yield from set_fence_or_tell(talk, lifted)


def disarm(talk: Talk) -> Asking:
    yield from talk.check()
    cut = yield Call(CUT_CLIENTS[0])
    if isinstance(cut, ReplyError):
        raise talk.failed(CUT_CLIENTS[0], cut)
