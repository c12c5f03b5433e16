"""Translates an event's body into what Slack, PagerDuty, Alertmanager or Microsoft Teams takes. Pure.

The outbox holds the standard body, whoever receives it. It is translated at each attempt, so that no key of a
receiver is stored with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config import WebhookFormat
from sentinel.webhooks.briefing import shortened

HOLDS_OPEN: frozenset[WebhookFormat] = frozenset({"pagerduty", "alertmanager"})
"""The receivers that hold an incident open until it is resolved: an old event must not open it again."""

OPEN_FOR = timedelta(days=1)
"""Alertmanager drops an alert that is not repeated, 5 minutes later by default, unless it has an end."""
NEWS_FOR = timedelta(minutes=5)
"""For so long it shows what belongs to no incident."""
_MARKS = {"critical": "\U0001f534", "error": "\U0001f7e0", "warning": "\U0001f7e1", "info": "\U0001f535"}
_RESOLVED_MARK = "\U0001f7e2"
_SHOWN = {
    "cause": "Cause",
    "reason": "Reason",
    "may_have_lost": "May be lost",
    "bytes_possibly_lost": "Bytes possibly lost",
    "replicas_left": "Replicas left",
    "term": "Term",
    "sentinel": "Sentinel",
    "owner": "Owner",
}
_MAX_CHARS = 1000
"""Of one text. Slack takes 2000 in a field, PagerDuty 1024 in a summary."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The standard body, parsed. One that an earlier version stored may lack the briefing."""

    type: str
    id: str
    timestamp: str
    data: Mapping[str, Any]

    @property
    def group(self) -> str:
        return str(self.data.get("group", ""))

    @property
    def summary(self) -> str:
        return _short(self.data.get("summary") or f"{self.group}: {self.type}")

    @property
    def severity(self) -> str:
        return str(self.data.get("severity", "info"))

    @property
    def status(self) -> str | None:
        """``open`` or ``resolved``; None: it belongs to no incident."""
        return self.data.get("incident_status")

    @property
    def incident(self) -> str:
        return str(self.data.get("incident") or self.id)

    @property
    def headline(self) -> str:
        mark = _RESOLVED_MARK if self.status == "resolved" else _MARKS.get(self.severity, "")
        return f"{mark} {self.summary}"

    @property
    def shown(self) -> list[tuple[str, str]]:
        return [(title, _short(self.data[name])) for name, title in _SHOWN.items() if name in self.data]

    @property
    def links(self) -> list[tuple[str, str]]:
        titles = {"dashboard": "Dashboard", "runbook": "Runbook"}
        return [(title, str(self.data[name])) for name, title in titles.items() if name in self.data]


def translated(form: WebhookFormat, body: str, key: bytes) -> str:
    """The body for a receiver of this format. ``key``: the routing key of PagerDuty."""
    if form == "standard":
        return body
    parsed = json.loads(body)
    told = _Told(parsed["type"], parsed["id"], parsed["timestamp"], parsed["data"])
    if form == "pagerduty":
        return json.dumps(_pagerduty(told, key.decode()))
    made: Callable[[_Told], object] = {"slack": _slack, "alertmanager": _alertmanager, "teams": _teams}[form]
    return json.dumps(made(told))


def opens(body: str) -> str | None:
    """The incident that the event opens, or adds to; None if it is none of these."""
    data = json.loads(body)["data"]
    return data.get("incident") if data.get("incident_status") == "open" else None


def _slack(told: _Told) -> object:
    """``text`` is what a phone shows; it is also what is said where blocks are not."""
    fields = [f"*{title}*\n{_escaped(value)}" for title, value in told.shown]
    links = [f"<{_escaped(url)}|{title}>" for title, url in told.links]
    blocks: list[object] = [_section(text={"type": "mrkdwn", "text": _escaped(told.headline)})]
    if fields:
        blocks.append(_section(fields=[{"type": "mrkdwn", "text": field} for field in fields]))
    foot = " | ".join([*links, f"{_escaped(told.type)} at {told.timestamp}"])
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": foot}]})
    return {"text": _escaped(told.headline), "blocks": blocks}


def _section(**content: object) -> object:
    return {"type": "section", **content}


def _escaped(text: str) -> str:
    """Slack's three control characters, so that nothing in a name or an error is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _pagerduty(told: _Told, routing_key: str) -> object:
    action = "resolve" if told.status == "resolved" else "trigger"
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": told.incident,
        "payload": {
            "summary": told.summary,
            "timestamp": told.timestamp,
            "severity": told.severity,
            "source": str(told.data.get("node") or told.data.get("old_primary") or told.group),
            "component": "redis",
            "group": told.group,
            "class": told.type,
            "custom_details": dict(told.data),
        },
        "client": "Vedette",
        "links": [{"href": url, "text": title} for title, url in told.links],
    }
    return event | ({"client_url": told.data["dashboard"]} if "dashboard" in told.data else {})


def _alertmanager(told: _Told) -> object:
    """An alert is known by its labels, so they are the same from the beginning of an incident to its end."""
    name, severity = _alert_of(told)
    labels = {"alertname": name, "severity": severity, "group": told.group, "incident": told.incident}
    owner = {"owner": told.data["owner"]} if "owner" in told.data else {}
    about = {name: told.data[name] for name in ("cause", "reason", "may_have_lost") if told.data.get(name)}
    runbook = {"runbook_url": told.data["runbook"]} if "runbook" in told.data else {}
    alert: dict[str, object] = {
        "labels": labels | owner,
        "annotations": {"summary": told.summary, "event": told.type, **_texts(about), **runbook},
    }
    if told.status == "resolved":
        alert["endsAt"] = told.timestamp
    else:
        lasts = OPEN_FOR if told.status == "open" else NEWS_FOR
        ends = datetime.fromisoformat(told.timestamp) + lasts
        alert |= {"startsAt": told.timestamp, "endsAt": ends.isoformat()}
    if "dashboard" in told.data:
        alert["generatorURL"] = told.data["dashboard"]
    return [alert]


def _alert_of(told: _Told) -> tuple[str, str]:
    """The alert's name, and the severity of its incident as a whole."""
    if told.status is None:
        return "VedetteEvent", told.severity
    match told.type:
        case "replica.down" | "replica.up":
            return "VedetteReplicaDown", "warning"
        case "primary.unwatched":
            return "VedettePrimaryUnwatched", "error"
        case "group.ambiguous":
            return "VedetteGroupAmbiguous", "error"
        case _:
            return "VedettePrimaryTrouble", "critical"


def _texts(values: Mapping[str, object]) -> Mapping[str, str]:
    return {name: _short(value) for name, value in values.items()}


def _teams(told: _Told) -> object:
    color = "good" if told.status == "resolved" else "attention" if told.severity == "critical" else "default"
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [
            {"type": "TextBlock", "text": told.headline, "weight": "bolder", "wrap": True, "color": color},
            {"type": "TextBlock", "text": f"{told.type} at {told.timestamp}", "isSubtle": True, "wrap": True},
            {"type": "FactSet", "facts": [{"title": name, "value": value} for name, value in told.shown]},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": name, "url": url} for name, url in told.links],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _short(value: object) -> str:
    return shortened(str(value), _MAX_CHARS)
