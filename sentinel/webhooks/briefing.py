"""Briefs whoever is paged: one sentence, how bad it is, and where to look. Pure.

``severity`` has PagerDuty's four values (Events API v2, ``payload.severity``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["critical", "error", "warning", "info"]

_SEVERITY: Mapping[str, Severity] = {
    "primary.down": "critical",
    "primary.degraded": "error",
    "primary.unwatched": "error",
    "group.ambiguous": "error",
    "failover.started": "warning",
    "failover.aborted": "error",
    "replica.down": "warning",
    "group.paused": "warning",
    "writes.possibly_lost": "error",
    "webhook.dead_letter": "warning",
}
"""What is not here is information, or a warning if something may be lost."""
_MAX_SUMMARY_CHARS = 500
"""Some receivers cut it short, or refuse it: PagerDuty takes 1024 characters."""


@dataclass(frozen=True, slots=True)
class About:
    """What the configuration says of a group, and what its sentinel knows beside the event."""

    owner: str | None = None
    runbook: str | None = None
    dashboard: str | None = None
    """This sentinel's page of the group; None without ``api.public_url``."""
    replicas_left: Callable[[], int | None] = lambda: None
    """How many replicas are up, by this sentinel's view."""

    @property
    def fields(self) -> Mapping[str, object]:
        found = {
            "replicas_left": self.replicas_left(),
            "owner": self.owner,
            "runbook": self.runbook,
            "dashboard": self.dashboard,
        }
        return {name: value for name, value in found.items() if value is not None}


def severity(type_: str, data: Mapping[str, object]) -> Severity:
    if type_ == "failover.aborted" and data.get("incident_status") == "open":
        return "critical"
    return _SEVERITY.get(type_, "warning" if "may_have_lost" in data else "info")


def summary(type_: str, group: str, data: Mapping[str, object]) -> str:
    """One plain sentence. The group comes first: a pager's list shows little more than that."""
    text = f"{group}: {_told(type_, data)}"
    if "may_have_lost" in data and type_ != "writes.possibly_lost":
        text += "; writes may be lost"
    return shortened(text, _MAX_SUMMARY_CHARS)


def shortened(text: str, most: int) -> str:
    """``most`` characters of it at most; what was cut short ends in three dots."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _told(type_: str, data: Mapping[str, object]) -> str:
    node, old, new = (data.get(name) or "nobody" for name in ("node", "old_primary", "new_primary"))
    match type_:
        case "primary.down":
            cause = f" ({data['cause']})" if "cause" in data else ""
            return f"the primary {node} is down{cause}"
        case "primary.up":
            return f"the primary {node} is up again, without a failover"
        case "primary.degraded":
            return f"the primary {node} lives, but {data.get('detail') or 'refuses its clients'}"
        case "primary.recovered":
            return f"the primary {node} serves its clients again"
        case "primary.unwatched":
            return f"sentinel {data.get('sentinel')} does not watch the primary {node}"
        case "failover.started":
            return f"a failover from {old} begins ({data.get('cause') or 'an operator asked for it'})"
        case "failover.completed":
            return f"failed over from {old} to {new} in {data.get('duration_ms')} ms ({data.get('cause')})"
        case "failover.aborted":
            return f"the primary stays {old}, a failover was given up: {data.get('reason')}"
        case "switchover.completed":
            return f"switched over from {old} to {new} as planned"
        case "replica.down":
            return f"the replica {node} is down"
        case "replica.up":
            return f"the replica {node} is up again"
        case "node.demoted":
            return f"{node} was a primary too, and now follows {data.get('primary') or 'nobody'}"
        case "group.ambiguous":
            return f"it is not clear which node is primary: {data.get('reason')}"
        case "group.paused":
            why = f": {data['reason']}" if data.get("reason") else ""
            return f"no failover is made while it is paused (at {data.get('by')}{why})"
        case "group.resumed":
            return "it is no longer paused, failovers are made again"
        case "writes.possibly_lost":
            much = f"up to {data['bytes_possibly_lost']} bytes" if "bytes_possibly_lost" in data else ""
            return f"acknowledged writes may be lost: {data.get('may_have_lost') or much}"
        case "webhook.dead_letter":
            return f"a webhook to {data.get('receiver')} was given up: {data.get('reason')}"
        case _:
            return type_
