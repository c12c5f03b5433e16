"""Runs each kind of step as a conversation, without I/O: read the fence, act in one transaction, verify.

Each kind of step has its module; ``fenced_session`` holds what they share.
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
from promotion.failover_to import order_handover
from promotion.fenced_session import FencedSession, Requests
from promotion.keeping import keep_fence, keep_safety, rewrite
from promotion.pausing import disarm, freeze, thaw
from promotion.promoting import promote, restore
from promotion.rehearsing import rehearse
from promotion.replies import Command, command_name
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


def conversation(step: Step, term: int, fence_key: str | None) -> Conversation:
    """The conversation that takes ``step`` under ``term``. ``fence_key`` None turns the fence off.

    It raises FencedError if the node has seen a newer term, StepFailedError if the step is known not to have
    been done, and StepUnknownError if that is unknown; to repeat the step is harmless. Whatever the node
    answers, it raises nothing else.
    """
    session = FencedSession(step.node, fence_key, term)
    try:
        measured = yield from _checked(_take(step, session))
    except LinkLostError as lost:
        raise (StepUnknownError if session.acted else StepFailedError)(step.node, str(lost)) from None
    return Taken(measured if isinstance(measured, Demoted) else None, tuple(session.refused), session.absurd)


def _checked(conversing: Requests) -> Requests:
    """Treats a reply that no Redis can send as a lost connection."""
    try:
        request = next(conversing)
        while True:
            try:
                reply = yield request
            except LinkLostError as lost:
                request = conversing.throw(lost)
                continue
            odd = _odd(request, reply)
            if odd is None:
                request = conversing.send(reply)
            else:
                request = conversing.throw(
                    LinkLostError(f"{command_name(odd)} was answered with what no Redis says")
                )
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


def _take(step: Step, session: FencedSession) -> Requests:
    match step:
        case Promote():
            return promote(step, session)
        case Repoint():
            return repoint(step, session)
        case Seal():
            return seal(step, session)
        case Handover():
            return order_handover(step, session)
        case Freeze():
            return freeze(step, session)
        case Thaw():
            return thaw(session)
        case Disarm():
            return disarm(session)
        case Restore():
            return restore(session)
        case Rehearse():
            return rehearse(step, session)
        case KeepFence():
            return keep_fence(session)
        case KeepSafety():
            return keep_safety(step, session)
        case Rewrite():
            return rewrite(session)
