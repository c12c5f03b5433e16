"""Draws the picture of a group (``view``) from the live core, which no reader sees. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from quorum.directives import Directives
from quorum.member import Member
from quorum.messages import Topology
from sentinel.coordination.coordinator import Coordinator
from sentinel.coordination.node_info import NodeInfo
from sentinel.group.view import ChangeView, GroupRules, GroupView, NodeStatus, Voting

_Value = TypeVar("_Value")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NOBODY: frozenset[str] = frozenset()


def rules_of(coordinator: Coordinator, owner: str | None, runbook: str | None) -> GroupRules:
    made_with, work = coordinator.member.config, coordinator.config.work
    return GroupRules(
        self_id=made_with.self_id,
        members=tuple(sorted(made_with.members)),
        quorum=made_with.quorum,
        down_after_s=made_with.patience.down_after_s,
        failover_timeout_s=work.limit_s,
        parallel_syncs=work.parallel_syncs,
        owner=owner,
        runbook=runbook,
    )


def voting_of(member: Member) -> Voting:
    view = member.view
    listens = bool(view.listening)
    return Voting(
        why_not=view.listening,
        is_stuck=listens and view.is_stuck,
        is_retired=listens and view.is_retired,
        membership=view.membership,
        apart=_kept(view.apart),
    )


def view_of(
    coordinator: Coordinator,
    rules: GroupRules,
    published: Topology | None,
    directives: Directives,
    now: float,
) -> GroupView:
    """``published`` and ``directives`` are what clients may be told by now."""
    member, book, who = coordinator.member, coordinator.book, coordinator.who_is_who
    agreed, committed = member.view, coordinator.committed
    leader_until = agreed.leader_until(now)
    leader = agreed.leader if leader_until > now else None
    lens = _Lens(coordinator, committed.primary if committed is not None else None, now)
    used = {name: lens.look_at(name) for name in book.names}
    others = [name for name in book.watched if name not in used]
    return GroupView(
        name=coordinator.config.group,
        rules=rules,
        until=leader_until if leader_until > now else math.inf,
        term=agreed.term,
        role=agreed.role,
        leader=leader,
        leads=agreed.lease_valid(now),
        published=member.names.localized(published) if published is not None else None,
        committed=committed,
        directives=directives,
        successor=_successor(member),
        voting=voting_of(member),
        change=_change(coordinator, leader, now),
        ambiguous=coordinator.situation.ambiguous,
        nodes=MappingProxyType(used),
        aside=_kept({name: lens.look_at(name) for name in others}),
        doubles=_kept(book.doubles),
        balanced=_kept(book.balanced.why),
        not_watched=_kept(coordinator.newcomers.unwatched),
        unwatched_primary=who.unwatched,
        unlisted_primary=who.unlisted,
    )


def heard(view: GroupView, member: Member, nodes: Iterable[str], now: float) -> GroupView:
    """The same picture, but that these nodes have answered since: nothing else follows from that."""
    seen = dict(view.nodes)
    for name in nodes:
        if name in seen:
            seen[name] = replace(seen[name], valid_at=now - member.silence_s(name, now))
    return replace(view, nodes=MappingProxyType(seen))


class _Lens:
    """``primary`` is the committed one."""

    def __init__(self, coordinator: Coordinator, primary: str | None, now: float) -> None:
        self._member = coordinator.member
        self._book = coordinator.book
        self._why_contested = coordinator.who_is_who.why_contested
        self._primary = primary
        self._now = now
        ahead = self._book[primary].info if primary is not None and primary in self._book else None
        self._ahead = ahead.data_seen() if ahead is not None else None
        self._named: dict[tuple[str, int], str] = {}

    def look_at(self, name: str) -> NodeStatus:
        member, board, book, now = self._member, self._member.board, self._book, self._now
        record = book[name]
        info = record.info
        lag_bytes, spoken_of = self._lag_bytes(name, info), board.speaks_of(name)
        return NodeStatus(
            spec=record.spec,
            is_primary=name == self._primary,
            info=info,
            verdict=member.verdict(name, now),
            misconfigured=member.misconfigured(name),
            refusing=member.usability.refusing(name),
            objectively_down=member.is_odown(name),
            called_down=board.down(name, now) if spoken_of else _NOTHING,
            unknown_to=board.unknown(name, now) if spoken_of else _NOBODY,
            valid_at=now - member.silence_s(name, now),
            follows=self._follows(info),
            lag_bytes=lag_bytes,
            lag_s=None if lag_bytes is None else book.behind_s(name, self._primary or ""),
            barred="" if info is None else book.barred(record.spec),
            hands_off=book.hands_off(name),
            contested=self._why_contested(name),
        )

    def _follows(self, info: NodeInfo | None) -> str | None:
        if info is None or info.master_host is None or info.master_port is None:
            return None
        place = (info.master_host, info.master_port)
        if place not in self._named:
            self._named[place] = self._book.name_of(*place)
        return self._named[place]

    def _lag_bytes(self, name: str, info: NodeInfo | None) -> int | None:
        if self._ahead is None or info is None or name == self._primary:
            return None
        held = self._ahead.held(info.replid)
        if held is None:
            return None
        # What the primary wrote in a history that it began since then counts too: its offset goes on from
        # there. The two were asked at different moments, so the replica may even seem to be ahead.
        return max(0, self._ahead.offset_bytes - min(info.offset_bytes, held))


def _kept(values: Mapping[str, _Value]) -> Mapping[str, _Value]:
    """A copy that nobody changes; almost always there is nothing to copy."""
    return MappingProxyType(dict(values)) if values else _NOTHING


def _successor(member: Member) -> str | None:
    entry = member.view.newest
    if entry.intent is not None:
        return member.names.local(entry.intent.target)
    return member.names.local(entry.topology.primary) if entry.topology is not None else None


def _change(coordinator: Coordinator, leader: str | None, now: float) -> ChangeView | None:
    """Also None while a leader only re-points nodes."""
    member, work = coordinator.member, coordinator.work
    request = coordinator.request or (work.request if work else None)
    intent = member.view.newest.intent
    if work is None and request is None and (intent is None or leader is None):
        return None
    cause = intent.cause if intent else ("operator" if request else None)
    if cause is None and member.primary is not None and member.is_odown(member.primary):
        cause = member.verdict(member.primary, now).grade.value
    if cause is None and work is not None and work.target is None:
        return None
    return ChangeView(
        phase=work.phase.value if work else None,
        target=(work.target if work else None) or (member.names.local(intent.target) if intent else None),
        cause=cause,
        leader=leader,
        operation=request.operation if request else None,
    )
