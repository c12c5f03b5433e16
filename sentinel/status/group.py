"""What a sentinel shows of a group: pure translation of what it knows into the API's answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from config.address import Address
from promotion.candidates import Ranking
from promotion.view import NodeView
from quorum.directives import Pause, Schedule
from quorum.messages import Topology
from quorum.votes import majority
from sentinel.coordination.coordinator import Coordinator
from sentinel.group.driver import GroupDriver
from sentinel.notices.change import Change
from sentinel.process.instants import iso
from sentinel.status.answers import (
    CandidateAnswer,
    CandidatesAnswer,
    ChangeAnswer,
    FailoverAnswer,
    GroupAnswer,
    NodeAnswer,
    OpinionAnswer,
    PausedAnswer,
    PeerAnswer,
    PrimaryAnswer,
    ScheduledAnswer,
    StepAnswer,
    TopologyAnswer,
)

NodeState = Literal[
    "up", "down", "misconfigured", "unknown", "refuses_writes", "refuses_clients", "not_watched"
]
NodeRole = Literal["primary", "replica", "unknown"]


def has_majority(members: frozenset[str], peers_in_touch: frozenset[str]) -> bool:
    """Whether this sentinel and the peers it is in touch with are a majority of the members."""
    return 1 + len(peers_in_touch & members) >= majority(len(members))


def primary(
    coordinator: Coordinator, topology: Topology, *, stale: bool, age_s: float | None, wall_ms: int
) -> PrimaryAnswer:
    """Where clients reach the primary: its announced address, where there is one.

    ``age_s`` ago a majority confirmed it, None if it did not; ``wall_ms`` is now.
    """
    age_ms = None if age_s is None else round(age_s * 1000)
    address = _reach(coordinator, topology.primary)
    return PrimaryAnswer(
        group=coordinator.config.group,
        host=address.host,
        port=address.port,
        address=str(address),
        term=topology.term,
        since=iso(topology.since_ms),
        stale=True if stale else None,
        confirmed_at=None if age_ms is None else iso(wall_ms - age_ms),
        age_ms=age_ms,
    )


def group(
    driver: GroupDriver, members: frozenset[str], peers_in_touch: frozenset[str], now: float
) -> GroupAnswer:
    """Everything there is to know of a group; ``now`` is monotonic seconds."""
    coordinator, topology = driver.coordinator, driver.topology
    register = coordinator.member.register
    return GroupAnswer(
        group=coordinator.config.group,
        topology=_topology(topology) if topology else None,
        term=register.state.term,
        role=register.role.value,
        leader=register.leader if register.hears_leader(now) else None,
        quorum=coordinator.member.config.quorum,
        majority=majority(len(members)),
        has_majority=has_majority(members, peers_in_touch),
        takes_no_part=coordinator.member.recovery.why() or None,
        stands_back=_standing_back(coordinator, peers_in_touch, now),
        members=list(coordinator.member.recovery.membership.voters),
        former_members=list(coordinator.member.recovery.membership.former),
        failover=_failover(coordinator, now),
        ambiguous=coordinator.situation.ambiguous if topology is None else None,
        paused=_paused(driver.directives.pause),
        scheduled=_scheduled(driver.directives.schedule),
        nodes=[
            *(_node(coordinator, view, peers_in_touch, now) for view in coordinator.situation.views(now)),
            *(_not_watched(node, why) for node, why in coordinator.newcomers.unwatched.items()),
        ],
        doubles=coordinator.book.doubles,
        balanced=dict(coordinator.book.balanced.why),
    )


def _standing_back(coordinator: Coordinator, in_touch: frozenset[str], now: float) -> dict[str, str]:
    member = coordinator.member
    known = member.standing.standing_back(now)
    return {who: why for who, why in known.items() if who in in_touch or who == member.config.self_id}


def node_state(coordinator: Coordinator, node: str, now: float) -> NodeState:
    """A node that was never reached is unknown until it counts as down, and one that cannot be looked at."""
    member = coordinator.member
    verdict = member.verdict(node, now)
    if verdict.down:
        return "down"
    if verdict.unknown:
        return "unknown"
    if member.misconfigured(node) is not None:
        return "misconfigured"
    if member.usability.refusing(node) is not None:
        # New clients of the primary come to write; of a replica, to read.
        info = coordinator.book[node].info
        writes = node == member.primary or (info is not None and info.role == "master")
        return "refuses_writes" if writes else "refuses_clients"
    return "up" if coordinator.book[node].info is not None else "unknown"


def node_role(redis_role: str | None) -> NodeRole:
    return "unknown" if redis_role is None else ("primary" if redis_role == "master" else "replica")


def lag_bytes(coordinator: Coordinator, node: str) -> int | None:
    """How far behind the primary; None where their offsets count in different histories, or are unknown."""
    agreed = coordinator.member.primary
    if agreed is None or agreed not in coordinator.book or node not in coordinator.book:
        return None
    ahead, behind = coordinator.book[agreed].info, coordinator.book[node].info
    if node == agreed or ahead is None or behind is None:
        return None
    held = ahead.data_seen().held(behind.replid)
    if held is None:
        return None
    # What the primary wrote in a history that it began since then counts too: its offset goes on from there.
    # The two were asked at different moments, so the replica may even seem to be ahead.
    return max(0, ahead.offset_bytes - min(behind.offset_bytes, held))


def lag_s(coordinator: Coordinator, node: str) -> float | None:
    """How old the node's data was when last seen; None where ``lag_bytes`` is."""
    agreed = coordinator.member.primary
    if agreed is None or lag_bytes(coordinator, node) is None:
        return None
    return coordinator.book.behind_s(node, agreed)


def ranking(coordinator: Coordinator, found: Ranking, agreed: str) -> CandidatesAnswer:
    return CandidatesAnswer(
        group=coordinator.config.group,
        primary=agreed,
        chosen=found.chosen,
        refusal=found.refusal,
        may_have_lost=found.may_have_lost,
        candidates=candidates(found),
    )


def candidates(found: Ranking) -> list[CandidateAnswer]:
    return [
        CandidateAnswer(
            node=verdict.node,
            eligible=verdict.eligible,
            rank=verdict.rank,
            reason=verdict.reason,
            priority=verdict.priority,
            offset_bytes=verdict.offset_bytes,
            lag_bytes=verdict.lag_bytes,
        )
        for verdict in found.verdicts
    ]


def change(made: Change) -> ChangeAnswer:
    return ChangeAnswer(
        old=made.old_primary,
        new=made.new_primary,
        term=made.term,
        cause=made.cause,
        leader=made.leader,
        at=iso(made.at_ms),
        duration_ms=made.duration_ms,
        timeline=[StepAnswer(name=step.name, at_ms=step.at_ms) for step in made.timeline],
        bytes_possibly_lost=made.bytes_possibly_lost,
        may_have_lost=made.may_have_lost,
    )


def peers(states: Mapping[str, Mapping[str, Any]]) -> list[PeerAnswer]:
    """``states`` has ``in_touch``, and ``rtt_s``, ``clock_ahead_ms`` and ``apart`` or None, of each peer."""
    return [
        PeerAnswer(
            sentinel=peer,
            in_touch=bool(state["in_touch"]),
            rtt_ms=None if state.get("rtt_s") is None else round(state["rtt_s"] * 1000, 3),
            clock_ahead_ms=state.get("clock_ahead_ms"),
            apart=state.get("apart"),
        )
        for peer, state in sorted(states.items())
    ]


def _topology(topology: Topology) -> TopologyAnswer:
    return TopologyAnswer(
        primary=topology.primary,
        term=topology.term,
        previous=topology.previous,
        cause=topology.cause,
        leader=topology.leader,
        since=iso(topology.since_ms),
        duration_ms=topology.duration_ms,
    )


def _paused(pause: Pause | None) -> PausedAnswer | None:
    if pause is None:
        return None
    return PausedAnswer(since=iso(pause.since_ms), by=pause.by, reason=pause.reason)


def _scheduled(schedule: Schedule | None) -> ScheduledAnswer | None:
    if schedule is None:
        return None
    return ScheduledAnswer(
        operation=schedule.operation,
        at=iso(schedule.at_ms),
        to=schedule.to,
        requested_at=iso(schedule.requested_ms),
    )


def _failover(coordinator: Coordinator, now: float) -> FailoverAnswer | None:
    """None too while a leader only re-points nodes."""
    member, work = coordinator.member, coordinator.work
    request = coordinator.request or (work.request if work else None)
    register = member.register
    leader = register.leader if register.hears_leader(now) else None
    intent = register.state.entry.intent
    if work is None and request is None and (intent is None or leader is None):
        return None
    cause = intent.cause if intent else ("operator" if request else None)
    if cause is None and member.primary is not None and member.is_odown(member.primary):
        cause = member.verdict(member.primary, now).grade.value
    if cause is None and work is not None and work.target is None:
        return None
    return FailoverAnswer(
        phase=work.phase.value if work else None,
        target=(work.target if work else None) or (member.names.local(intent.target) if intent else None),
        cause=cause,
        leader=leader,
        operation=request.operation if request else None,
    )


def _node(coordinator: Coordinator, view: NodeView, peers_in_touch: frozenset[str], now: float) -> NodeAnswer:
    member, record = coordinator.member, coordinator.book[view.name]
    verdict, silence_s = member.verdict(view.name, now), member.silence_s(view.name, now)
    info = record.info
    refusing = None if verdict.down else member.usability.refusing(view.name)
    return NodeAnswer(
        node=view.name,
        address=str(Address(view.host, view.port)),
        role=node_role(info.role if info else None),
        state=node_state(coordinator, view.name, now),
        grade=verdict.grade.value if verdict.down else None,
        detail=verdict.detail or (refusing.detail if refusing is not None else ""),
        refuses=refusing.kind.value if refusing is not None else None,
        objectively_down=member.is_odown(view.name),
        opinions=list(_opinions(coordinator, view.name, peers_in_touch, now)),
        silence_ms=round(silence_s * 1000) if math.isfinite(silence_s) else None,
        offset_bytes=info.offset_bytes if info else None,
        lag_bytes=lag_bytes(coordinator, view.name),
        link_up=info.link_up if info and info.role == "slave" else None,
        follows=view.follows if info else None,
        syncing=info.sync_in_progress if info else False,
        loading=info.loading if info else False,
        priority=view.priority if info else record.spec.priority,
        zone=record.spec.zone,
        discovered=record.spec.discovered,
        barred=view.barred or None,
        announced=info.announced if info else True,
        hands_off=view.hands_off or None,
        unlisted=view.name == coordinator.who_is_who.unlisted,
        version=info.version if info else None,
    )


def _not_watched(node: str, why: str) -> NodeAnswer:
    """A replica that the primary reports, and nobody connects to."""
    return NodeAnswer(
        node=node,
        address=node,
        role="unknown",
        state="not_watched",
        grade=None,
        detail=f"not watched: {why}",
        objectively_down=False,
        opinions=[],
        silence_ms=None,
        offset_bytes=None,
        lag_bytes=None,
        link_up=None,
        follows=None,
        syncing=False,
        loading=False,
        priority=None,
        zone=None,
        discovered=True,
        barred="not watched",
        version=None,
    )


def _opinions(
    coordinator: Coordinator, node: str, peers_in_touch: frozenset[str], now: float
) -> Iterable[OpinionAnswer]:
    member = coordinator.member
    down, unknown = member.board.down(node, now), member.board.unknown(node, now)
    for sentinel in sorted(member.config.members):
        grade = down.get(sentinel)
        heard = sentinel == member.config.self_id or sentinel in peers_in_touch
        heard = heard and sentinel not in unknown
        yield OpinionAnswer(
            sentinel=sentinel,
            down=True if grade else (False if heard else None),
            grade=grade.value if grade else None,
        )


def _reach(coordinator: Coordinator, node: str) -> Address:
    if node in coordinator.book:
        return Address(*coordinator.book[node].spec.reach)
    # Agreed on, yet unknown here: taken out of the configuration, or discovered and not seen again yet.
    return Address.parse(node)
