"""Handles what only repeats known things without a step of the core: it is noted, or sent again. Pure."""

from __future__ import annotations

from quorum.effects import BackendEffect
from quorum.inputs import Observed, Received
from quorum.member import Member
from quorum.messages import Opinions
from sentinel.coordination.inputs import GroupInput


def confirms(member: Member, given: GroupInput, now: float) -> bool:
    """Whether that reply, refusal or report changes nothing, as most do: it is noted then."""
    match given:
        case Observed(node, evidence):
            return member.confirms(node, evidence, now)
        case Received(sender, Opinions() as report):
            return member.repeats(sender, report, now)
    return False


def said_again(member: Member, now: float) -> list[BackendEffect]:
    """This sentinel's opinions, to all peers, so that they stay fresh there."""
    return member.say_again(now)
