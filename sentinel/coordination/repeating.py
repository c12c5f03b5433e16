"""What only repeats what is known is noted, or said again, without a step of the core. Pure."""

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
    """What this sentinel thinks, to all peers: so that it does not go stale with them."""
    return member.say_again(now)
