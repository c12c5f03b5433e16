"""Finds INFOs that show only that time went on, as almost all do: they are noted, and no step is due. Pure.

A group's view of its nodes depends on who they are, what they follow, and how they are set. A reply in which
none of that has changed, and which comes while all is quiet, would have the same result as the one before it,
which a step took in. The node's offset, and the time of its answer, are kept all the same: a later failover
decides by them.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Protocol

from promotion.actions import Request
from promotion.work import Work
from quorum.detector import Verdict
from quorum.member import Member
from quorum.role import Role
from sentinel.coordination.impostors import Impostors
from sentinel.coordination.info_limits import Limits
from sentinel.coordination.inputs import GroupInput, InfoSeen
from sentinel.coordination.moment import Moment
from sentinel.coordination.newcomers import Newcomers
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.node_refusals import refused_now
from sentinel.coordination.node_views import SILENT_S
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.orders import Order
from sentinel.coordination.own_reach import OwnReach
from sentinel.coordination.situation import Situation

_GOES_ON = frozenset(
    {
        "attached",
        "keys",
        "last_io_s",
        "limits",
        "master_offset_bytes",
        "replica_offset_bytes",
        "uptime_s",
        "volatile_keys",
    }
)
_GOES_ON_IN_LIMITS = frozenset({"clients", "errors", "used_bytes"})

_UP = Verdict(down=False)

_stays = attrgetter(*(field.name for field in fields(NodeInfo) if field.name not in _GOES_ON))
_limits_stay = attrgetter(*(field.name for field in fields(Limits) if field.name not in _GOES_ON_IN_LIMITS))


def goes_on(before: NodeInfo, info: NodeInfo) -> bool:
    """Whether it is the same process in the same role and company, refuses nothing, and has lost nothing."""
    return (
        before.offset_bytes <= info.offset_bytes
        and before.uptime_s <= info.uptime_s
        and bool(before.keys) == bool(info.keys)
        and (before.last_io_s is None) == (info.last_io_s is None)
        and _stays(before) == _stays(info)
        and _limits_stay(before.limits) == _limits_stay(info.limits)
        and _company(before.attached) == _company(info.attached)
        and refused_now(info, before) is None
    )


def _company(attached: tuple[Attached, ...]) -> list[tuple[str, int, str, bool]]:
    return [(each.ip, each.port, each.state, (each.lag_s or 0) > SILENT_S) for each in attached]


class Group(Protocol):
    """The facts about one group: its coordinator."""

    member: Member
    book: NodeBook
    situation: Situation
    newcomers: Newcomers
    impostors: Impostors
    reach: OwnReach

    @property
    def quiet(self) -> bool: ...

    @property
    def work(self) -> Work | None: ...

    @property
    def request(self) -> Request | None: ...

    @property
    def order(self) -> Order | None: ...


class Steady:
    """Of one group. ``stepped`` after each step; ``notes`` before one on an INFO: if it has, none is due."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._member = group.member
        self._book = group.book
        self._situation = group.situation
        self._taken: dict[str, object] = {}
        """By node: the state when a step took in its last INFO."""

    def stepped(self, given: GroupInput) -> None:
        if not isinstance(given, InfoSeen):
            return
        node = given.node
        if node in self._book and self._situation.counts(self._book[node].asked_at):
            self._taken[node] = self._standing
        else:
            self._taken.pop(node, None)

    def notes(self, seen: InfoSeen, at: Moment) -> bool:
        """False: it is for a step to take in."""
        node, info = seen.node, seen.info
        if self._taken.get(node) != self._standing or node not in self._book or not self._is_calm(at.now):
            return False
        if self._member.verdict(node, at.now) != _UP or self._member.misconfigured(node):
            return False
        before = self._book[node]
        if before.info is None or seen.peer_ip not in (None, before.peer_ip) or self._book.hands_off(node):
            return False
        if info.sync_in_progress or info.loading or not goes_on(before.info, info):
            return False
        if not self._book.balanced.leads_to(node, info.run_id):
            return False
        if not self._member.memory.goes_on(node, info.data_seen()):
            return False
        self._group.impostors.heard_again(node, at)
        self._group.newcomers.looked(node, self._member.primary, at.now)
        self._book.note(node, info, at.now, at.now - seen.took_s)
        self._situation.goes_on(at.now)
        self._group.reach.goes_on(at.now)
        return True

    @property
    def _standing(self) -> object:
        view = self._member.view
        return (
            self._member.judgements,
            view.term,
            view.newest.id,
            view.committed.id,
            self._situation.quiet_since,
        )

    def _is_calm(self, now: float) -> bool:
        member, view = self._member, self._member.view
        group = self._group
        return (
            group.quiet
            and not (group.work or group.request or group.order)
            and member.primary is not None
            and member.usability.is_quiet
            and not member.is_odown(member.primary)
            and not member.troubled(now)
            and not member.paused
            and view.newest.directives.schedule is None
            and view.role is Role.FOLLOWER
            and not view.hears_leader(now)
            and self._situation.is_settled(now)
            and self._book.is_plain
            and self._group.newcomers.are_none
        )
