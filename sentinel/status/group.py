"""The API's answers about a group: translates its picture (``group.view``). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from config.address import Address
from promotion.candidates import Ranking
from quorum.directives import Pause, Schedule
from quorum.messages import Topology
from sentinel.coordination.node_info import NodeInfo
from sentinel.group.driver import GroupDriver
from sentinel.group.view import ChangeView, GroupView, NodeStatus
from sentinel.notices.change import Change
from sentinel.peers.in_touch import InTouch
from sentinel.peers.report import PeerState
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

NodeRole = Literal["primary", "replica", "unknown"]


def primary(
    view: GroupView, topology: Topology, *, stale: bool, age_s: float | None, wall_ms: int
) -> PrimaryAnswer:
    """The address by which clients reach the primary: its announced one, if there is one.

    ``age_s`` ago a majority confirmed it, None if it did not; ``wall_ms`` is now.
    """
    age_ms = None if age_s is None else round(age_s * 1000)
    reach = view.reach(topology.primary)
    address = Address(*reach) if reach is not None else Address.parse(topology.primary)
    return PrimaryAnswer(
        group=view.name,
        host=address.host,
        port=address.port,
        address=str(address),
        term=topology.term,
        since=iso(topology.since_ms),
        stale=True if stale else None,
        confirmed_at=None if age_ms is None else iso(wall_ms - age_ms),
        age_ms=age_ms,
    )


def group(driver: GroupDriver, in_touch: InTouch, now: float) -> GroupAnswer:
    """Everything there is to know of a group; ``now`` is monotonic seconds."""
    view, standing_back = driver.view, driver.queries.standing_back()
    topology, membership, heard = view.published, view.voting.membership, in_touch.members()
    return GroupAnswer(
        group=view.name,
        topology=_topology(topology) if topology else None,
        term=view.term,
        role=view.role.value,
        leader=view.leader,
        quorum=view.rules.quorum,
        majority=in_touch.membership.needed,
        has_majority=in_touch.elects(),
        takes_no_part=view.voting.why_not or None,
        stands_back={who: why for who, why in standing_back.items() if who in heard},
        members=list(membership.voters),
        former_members=list(membership.former),
        failover=_failover(view.change) if view.change is not None else None,
        ambiguous=view.ambiguous if topology is None else None,
        paused=_paused(view.directives.pause),
        scheduled=_scheduled(view.directives.schedule),
        nodes=[
            *(_node(view, node, heard, now) for node in view.nodes.values()),
            *(_not_watched(node, why) for node, why in view.not_watched.items()),
        ],
        doubles=dict(view.doubles),
        balanced=dict(view.balanced),
        owner=view.rules.owner,
        runbook=view.rules.runbook,
    )


def node_role(info: NodeInfo | None) -> NodeRole:
    """What the node answers itself."""
    return "unknown" if info is None else ("primary" if info.role == "master" else "replica")


def ranking(group_name: str, found: Ranking, agreed: str) -> CandidatesAnswer:
    return CandidatesAnswer(
        group=group_name,
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


def peers(states: Mapping[str, PeerState]) -> list[PeerAnswer]:
    return [
        PeerAnswer(
            sentinel=peer,
            in_touch=state.in_touch,
            rtt_ms=None if state.rtt_s is None else round(state.rtt_s * 1000, 3),
            clock_ahead_ms=state.clock_ahead_ms,
            apart=state.apart,
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


def _failover(change: ChangeView) -> FailoverAnswer:
    return FailoverAnswer(
        phase=change.phase,
        target=change.target,
        cause=change.cause,
        leader=change.leader,
        operation=change.operation,
    )


def _node(view: GroupView, node: NodeStatus, heard: frozenset[str], now: float) -> NodeAnswer:
    verdict, silence_s, info = node.verdict, node.silence_s(now), node.info
    refusing = None if verdict.down else node.refusing
    return NodeAnswer(
        node=node.name,
        address=str(Address(*node.reach)),
        role=node_role(info),
        state=node.state,
        grade=verdict.grade.value if verdict.down else None,
        detail=verdict.detail or (refusing.detail if refusing is not None else ""),
        refuses=refusing.kind.value if refusing is not None else None,
        objectively_down=node.objectively_down,
        opinions=[_opinion(sentinel, node, heard) for sentinel in view.rules.members],
        silence_ms=round(silence_s * 1000) if math.isfinite(silence_s) else None,
        offset_bytes=info.offset_bytes if info else None,
        lag_bytes=node.lag_bytes,
        link_up=info.link_up if info and info.role == "slave" else None,
        follows=node.follows,
        syncing=info.sync_in_progress if info else False,
        loading=info.loading if info else False,
        priority=node.priority,
        zone=node.spec.zone,
        discovered=node.spec.discovered,
        barred=node.barred or None,
        announced=info.announced if info else True,
        hands_off=node.hands_off or None,
        unlisted=node.name == view.unlisted_primary,
        version=info.version if info else None,
    )


def _opinion(sentinel: str, node: NodeStatus, heard: frozenset[str]) -> OpinionAnswer:
    grade = node.called_down.get(sentinel)
    tells = sentinel in heard and sentinel not in node.unknown_to
    return OpinionAnswer(
        sentinel=sentinel,
        down=True if grade else (False if tells else None),
        grade=grade.value if grade else None,
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
