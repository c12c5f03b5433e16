"""Names the incident that an event belongs to, so that a pager resolves by itself what it opened. Pure.

Whichever sentinel sends, the key is the same: it is derived from what they have agreed on, the topology in
force when the trouble began. So two outages of one primary in one term share their key, and the receiver
opens the same incident again. A replica's incident is named by the node. What each sentinel tells for itself
is named by the sentinel too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from quorum.messages import Grade, Topology
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice
from sentinel.webhooks.event import digest

Status: TypeAlias = Literal["open", "resolved"]
MAX_OVER = 1000
"""The most incidents that are remembered as resolved: beyond it the oldest is forgotten."""
Ailment: TypeAlias = Literal["down", "degraded", "regressed"]


@dataclass(frozen=True, slots=True)
class Incident:
    key: str
    status: Status

    @property
    def fields(self) -> Mapping[str, object]:
        return {"incident": self.key, "incident_status": self.status}


@dataclass(slots=True)
class _Group:
    topology: Topology | None = None
    """The one in force. A commit's notice comes when it is in force already, so the former is kept here."""
    ails: set[Ailment] = field(default_factory=set)
    """What is wrong with the primary at the moment."""
    fell: dict[str, bool] = field(default_factory=dict)
    """The nodes that a quorum calls down, and whether each was primary when it went down."""
    evidence: dict[str, tuple[str, str]] = field(default_factory=dict)
    """For each node that this sentinel calls down: the grade, and the detail."""


class Incidents:
    """Follows every notice, whether or not it becomes a webhook."""

    def __init__(self, self_id: str) -> None:
        self._self_id = self_id
        self._groups: dict[str, _Group] = {}
        self._over: dict[str, None] = {}

    def begin(self, group: str, topology: Topology | None) -> None:
        """``topology`` is the one in force as the group opens here."""
        self._groups[group] = _Group(topology)

    def cause_of(self, group: str, node: str) -> dict[str, object]:
        """Why this sentinel calls the node down; nothing if it only heard so."""
        cause, detail = self._of(group).evidence.get(node, ("", ""))
        return {"cause": cause, "detail": detail} if cause else {}

    def term_of(self, group: str) -> dict[str, object]:
        """The term of the topology in force; nothing before the first."""
        topology = self._of(group).topology
        return {} if topology is None else {"term": topology.term}

    def was_only_primary(self, group: str, event: nodes.QuorumUp) -> bool:
        """Whether a replica that is up again went down as the primary: nobody heard that a replica is down.

        Ask before ``follow``.
        """
        return not event.primary and self._of(group).fell.get(event.node, False)

    def is_over(self, key: str) -> bool:
        """Whether this sentinel knows that the incident was resolved. Every sentinel hears of its end."""
        return key in self._over

    def follow(self, notice: Notice) -> Incident | None:
        """The incident of this notice, which changes what is known; None: it belongs to none."""
        incident = self._follow(notice)
        if incident is not None:
            self._over.pop(incident.key, None)
            if incident.status == "resolved":
                self._over[incident.key] = None
            while len(self._over) > MAX_OVER:
                del self._over[next(iter(self._over))]
        return incident

    def _follow(self, notice: Notice) -> Incident | None:
        name, event = notice.group, notice.event
        group = self._of(name)
        match event:
            case nodes.NodeDown(node, grade, _, detail):
                group.evidence[node] = (grade, detail)
            case nodes.NodeUp(node):
                group.evidence.pop(node, None)
            case nodes.QuorumDown(node, primary=primary):
                group.fell[node] = primary
                if not primary:
                    return Incident(incident_key(name, "replica", node), "open")
                group.ails.add("down")
                return self._of_primary(name)
            case nodes.QuorumUp(node, primary=primary):
                group.fell.pop(node, None)
                if not primary:
                    return Incident(incident_key(name, "replica", node), "resolved")
                group.ails -= {"down", "regressed"}
                return self._of_primary(name)
            case nodes.Degraded():
                group.ails.add("degraded")
                return self._of_primary(name)
            case nodes.Recovered():
                group.ails.discard("degraded")
                return self._of_primary(name)
            case leaders.FailoverStarted(cause=cause):
                if cause == Grade.REGRESSED.value:
                    group.ails.add("regressed")
                return self._of_primary(name, "open")
            case leaders.FailoverAborted():
                # Resolved if the primary is well: nothing else ends what an operator's failover began.
                return self._of_primary(name)
            case leaders.TopologyCommitted(topology):
                ended = self._of_primary(name, "resolved")
                group.topology, group.ails = topology, set()
                return ended
            case nodes.Unwatched(node):
                return Incident(incident_key(name, "unwatched", node, self._self_id), "open")
            case operators.Paused():
                return Incident(incident_key(name, "paused"), "open")
            case operators.Resumed():
                return Incident(incident_key(name, "paused"), "resolved")
            case nodes.Ambiguous():
                return Incident(incident_key(name, "ambiguous"), "open")
            case _:
                pass
        return None

    def _of(self, group: str) -> _Group:
        return self._groups.setdefault(group, _Group())

    def _of_primary(self, name: str, status: Status | None = None) -> Incident:
        group = self._of(name)
        term, since_ms = (group.topology.term, group.topology.since_ms) if group.topology else (0, 0)
        ails: Status = "open" if group.ails else "resolved"
        return Incident(incident_key(name, "primary", term, since_ms), status or ails)


def incident_key(*parts: str | int) -> str:
    """The same key for the same ``parts`` at every sentinel."""
    return "inc_" + digest(*parts)
