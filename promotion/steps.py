"""How each step is taken: read the fence, act in one transaction, verify. As conversations, without I/O.

Each kind of step has its module; what is common to all of them is in ``talk``.
"""

from __future__ import annotations

from promotion.conversation import (
    Call,
    Calls,
    Conversation,
    LinkLostError,
    Pause,
    Reply,
    Request,
    StepFailedError,
    StepUnknownError,
)
from promotion.handing_over import order_handover
from promotion.keeping import keep_fence, keep_safety, rewrite
from promotion.pausing import disarm, freeze, thaw
from promotion.promoting import promote, restore
from promotion.rehearsing import rehearse
from promotion.replies import Command, named
from promotion.reply_shapes import odd_one
from promotion.repointing import repoint, seal
from promotion.step_types import (
    Demoted,
    Disarm,
    Freeze,
    Handover,
    KeepFence,
    KeepSafety,
    Promote,
    Rehearse,
    Repoint,
    Restore,
    Rewrite,
    Seal,
    Step,
    Taken,
    Thaw,
)
from promotion.talk import Asking, Talk


def conversation(step: Step, term: int, fence_key: str | None) -> Conversation:
    """The conversation that takes ``step`` under ``term``. ``fence_key`` None turns the fence off.

    It raises FencedError if the node has seen a newer term, StepFailedError if it is known not to have been
    done, and StepUnknownError if nobody can know; taking it again is harmless. Whatever the node answers, it
    raises nothing else.
    """
    talk = Talk(step.node, fence_key, term)
    try:
        measured = yield from _heard(_take(step, talk))
    except LinkLostError as lost:
        raise (StepUnknownError if talk.acted else StepFailedError)(step.node, str(lost)) from None
    return Taken(measured if isinstance(measured, Demoted) else None, tuple(talk.refused), talk.absurd)


def _heard(asking: Asking) -> Asking:
    """What no Redis says is no answer: as if the connection had been lost with it."""
    try:
        request = next(asking)
        while True:
            try:
                reply = yield request
            except LinkLostError as lost:
                request = asking.throw(lost)
                continue
            odd = _odd(request, reply)
            if odd is None:
                request = asking.send(reply)
            else:
                request = asking.throw(LinkLostError(f"{named(odd)} was answered with what no Redis says"))
    except StopIteration as end:
        return end.value


def _odd(request: Request, reply: Reply) -> Command | None:
    match request:
        case Call(words):
            return odd_one((words,), (reply,))
        case Calls(commands):
            return odd_one(commands, reply)
        case Pause():
            return None


def _take(step: Step, talk: Talk) -> Asking:
    match step:
        case Promote():
            return promote(step, talk)
        case Repoint():
            return repoint(step, talk)
        case Seal():
            return seal(step, talk)
        case Handover():
            return order_handover(step, talk)
        case Freeze():
            return freeze(step, talk)
        case Thaw():
            return thaw(talk)
        case Disarm():
            return disarm(talk)
        case Restore():
            return restore(talk)
        case Rehearse():
            return rehearse(step, talk)
        case KeepFence():
            return keep_fence(talk)
        case KeepSafety():
            return keep_safety(step, talk)
        case Rewrite():
            return rewrite(talk)
