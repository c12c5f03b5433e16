"""Metrics read from the groups at each scrape: nothing is stored, so nothing is stale. A scrape is cheap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sentinel.group.driver import GroupDriver
from sentinel.group.view import GroupView, NodeState, NodeStatus
from sentinel.peers.report import PeerState
from sentinel.process import clock
from sentinel.status import group as group_status
from sentinel.status.authority import Authority
from sentinel.status.can_fail_over import FailoverChances

_LIVING: tuple[NodeState, ...] = ("up", "refuses_writes", "refuses_clients")
_ROLES: tuple[group_status.NodeRole, ...] = ("primary", "replica", "unknown")


class GroupCollector(Collector):
    """``peers`` gives how it stands with each peer."""

    def __init__(
        self,
        *,
        drivers: Mapping[str, GroupDriver],
        authority: Authority,
        chances: FailoverChances,
        peers: Callable[[], Mapping[str, PeerState]],
    ) -> None:
        self._drivers = drivers
        self._authority = authority
        self._chances = chances
        self._peer_states = peers

    def collect(self) -> Iterable[GaugeMetricFamily]:
        now = clock.monotonic()
        views = [driver.view for driver in self._drivers.values()]
        yield from self._groups(views, now)
        yield from self._nodes(views, now)
        yield from self._peers()

    def _groups(self, views: Sequence[GroupView], now: float) -> Iterable[GaugeMetricFamily]:
        term = _gauge("vedette_term", "The group's term at this sentinel.", "group")
        topology_term = _gauge("vedette_topology_term", "The agreed primary's term, or 0.", "group")
        leader = _gauge("vedette_leader", "1 while this sentinel leads the group.", "group")
        down = _gauge("vedette_primary_objectively_down", "1 while a quorum calls the primary down.", "group")
        last = _gauge(
            "vedette_last_failover_timestamp_seconds",
            "When the primary last changed, planned or not, Unix time.",
            "group",
        )
        unwatched = _gauge(
            "vedette_primary_unwatched",
            "1 while the agreed primary is not watched here: its loss would not be seen.",
            "group",
        )
        unlisted = _gauge(
            "vedette_primary_unlisted", "1 while no configuration names the agreed primary.", "group"
        )
        doubles = _gauge(
            "vedette_double_nodes", "Configured names that lead to the server of another node.", "group"
        )
        balanced = _gauge(
            "vedette_balanced_names",
            "Configured names that lead to several servers in turn, and are left out.",
            "group",
        )
        contested = _gauge(
            "vedette_contested_nodes",
            "Nodes that another group has too: nothing is changed at them.",
            "group",
        )
        back = _gauge(
            "vedette_stands_back",
            "1 while this sentinel could promote nobody and another could, so that it stands last.",
            "group",
        )
        paused = _gauge("vedette_paused", "1 while the group is paused.", "group")
        scheduled = _gauge(
            "vedette_switchover_scheduled_timestamp_seconds",
            "When a switchover is scheduled for, Unix time; absent while none is.",
            "group",
        )
        age = _gauge(
            "vedette_topology_confirmed_age_seconds",
            "How long ago a majority confirmed that the agreed primary is the newest; absent if it did not.",
            "group",
        )
        chance = _gauge(
            "vedette_group_can_fail_over",
            "1 while a failover would go ahead, as this sentinel sees it; can_fail_over in the API says why.",
            "group",
        )
        for group, driver in self._drivers.items():
            chance.add_metric([group], not self._chances.why_not_lately(driver, now))
            if (age_s := self._authority.age_s(driver)) is not None:
                age.add_metric([group], age_s)
            back.add_metric([group], self._authority.in_touch.self_id in driver.queries.standing_back())
        for view in views:
            labels, topology = [view.name], view.published
            primary = view.node(topology.primary) if topology is not None else None
            unwatched.add_metric(labels, view.unwatched_primary is not None)
            unlisted.add_metric(labels, view.unlisted_primary is not None)
            doubles.add_metric(labels, len(view.doubles))
            balanced.add_metric(labels, len(view.balanced))
            contested.add_metric(labels, sum(bool(node.contested) for node in view.nodes.values()))
            paused.add_metric(labels, view.directives.pause is not None)
            if view.directives.schedule is not None:
                scheduled.add_metric(labels, view.directives.schedule.at_ms / 1000)
            term.add_metric(labels, view.term)
            topology_term.add_metric(labels, topology.term if topology else 0)
            leader.add_metric(labels, view.leads)
            down.add_metric(labels, primary is not None and primary.objectively_down)
            if topology is not None and topology.previous is not None:
                last.add_metric(labels, topology.since_ms / 1000)
        identity = (unwatched, unlisted, doubles, balanced, contested, back)
        return term, topology_term, leader, down, last, paused, scheduled, age, chance, *identity

    def _nodes(self, views: Sequence[GroupView], now: float) -> Iterable[GaugeMetricFamily]:
        families = _NodeFamilies()
        for view in views:
            for name, node in view.nodes.items():
                families.add([view.name, name], node, now)
        return families.all()

    def _peers(self) -> Iterable[GaugeMetricFamily]:
        majority = _gauge("vedette_majority_in_touch", "1 while this sentinel can take part in a change.")
        in_touch = _gauge(
            "vedette_peer_in_touch", "1 while the peer and this sentinel reach each other.", "peer"
        )
        ahead = _gauge(
            "vedette_peer_clock_ahead_seconds",
            "How far the peer's wall clock is ahead of this sentinel's.",
            "peer",
        )
        rtt = _gauge("vedette_peer_round_trip_seconds", "Round trip of the last ping to the peer.", "peer")
        majority.add_metric([], self._authority.in_touch.elects())
        for peer, state in self._peer_states().items():
            in_touch.add_metric([peer], state.in_touch)
            if state.rtt_s is not None:
                rtt.add_metric([peer], state.rtt_s)
            if state.clock_ahead_ms is not None:
                ahead.add_metric([peer], state.clock_ahead_ms / 1000)
        return majority, in_touch, rtt, ahead


class _NodeFamilies:
    def __init__(self) -> None:
        labels = ("group", "node")
        self._up = _gauge("vedette_node_up", "1 while this sentinel finds the node up and usable.", *labels)
        self._misconfigured = _gauge(
            "vedette_node_misconfigured", "1 while the node refuses credentials, permissions or TLS.", *labels
        )
        self._refuses = _gauge(
            "vedette_node_refuses",
            "1 while the node lives, but refuses writes (SHUTDOWN, MISCONF, OOM, NOREPLICAS) or new "
            "clients (MAXCLIENTS); absent while it does not.",
            *labels,
            "reason",
        )
        self._role = _gauge("vedette_node_role", "1 for the role that the node answers in.", *labels, "role")
        self._offset = _gauge("vedette_node_offset_bytes", "The node's replication offset.", *labels)
        self._lag = _gauge(
            "vedette_replication_lag_bytes", "How far behind the primary, when last seen.", *labels
        )
        self._lag_s = _gauge(
            "vedette_replication_lag_seconds",
            "How long ago the primary was where the replica is, each as last seen; absent while it is down.",
            *labels,
        )
        self._linked = _gauge(
            "vedette_replica_link_up",
            "1 while the replica is linked to its primary; absent for primaries.",
            *labels,
        )
        self._silence = _gauge(
            "vedette_node_silence_seconds",
            "Since the node's last valid reply; absent before the first.",
            *labels,
        )
        self._opinions = _gauge("vedette_opinions_down", "How many sentinels call the node down.", *labels)
        self._odown = _gauge(
            "vedette_node_objectively_down", "1 while a quorum calls the node down.", *labels
        )

    def all(self) -> tuple[GaugeMetricFamily, ...]:
        return (
            self._up,
            self._misconfigured,
            self._refuses,
            self._role,
            self._offset,
            self._lag,
            self._lag_s,
            self._linked,
            self._silence,
            self._opinions,
            self._odown,
        )

    def add(self, labels: list[str], node: NodeStatus, now: float) -> None:
        info, state, refusing = node.info, node.state, node.refusing
        self._up.add_metric(labels, state == "up")
        self._misconfigured.add_metric(labels, state == "misconfigured")
        if refusing is not None and state != "down":
            self._refuses.add_metric([*labels, refusing.kind.value], 1)
        role = group_status.node_role(info)
        for each in _ROLES:
            self._role.add_metric([*labels, each], each == role)
        if info is not None:
            self._offset.add_metric(labels, info.offset_bytes)
            if info.role != "master":
                self._linked.add_metric(labels, info.link_up and state in _LIVING)
        if node.lag_bytes is not None:
            self._lag.add_metric(labels, node.lag_bytes)
        if node.lag_s is not None and state in _LIVING:
            self._lag_s.add_metric(labels, node.lag_s)
        silence_s = node.silence_s(now)
        if math.isfinite(silence_s):
            self._silence.add_metric(labels, silence_s)
        self._odown.add_metric(labels, node.objectively_down)
        self._opinions.add_metric(labels, len(node.called_down))


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)
