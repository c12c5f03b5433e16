"""Bodies for other receivers, held against what each has published of what it takes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest

from config import EVENT_TYPES, WebhookFormat
from sentinel.webhooks.event import WebhookEvent
from sentinel.webhooks.formats import NEWS_FOR, OPEN_FOR, opens, translated

KEY = b"e93facc04764012d7bfb002500d5d1a6"
AT_MS = 1_700_000_000_000
OUTAGE = {"incident": "inc_1", "incident_status": "open", "severity": "critical", "node": "a:1"}
WHERE = {"dashboard": "https://v.example/#g/g", "runbook": "https://wiki.example/redis?a=1&b=2"}

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
DATE_TIME = {"type": "string", "format": "date-time"}


def body(type_: str = "primary.down", **data: Any) -> str:
    told = {"summary": "g: the primary a:1 is down (refused)", **OUTAGE, **data}
    return WebhookEvent("msg_1", type_, "g", AT_MS, told).body()


def made(form: WebhookFormat, type_: str = "primary.down", **data: Any) -> Any:
    return json.loads(translated(form, body(type_, **data), KEY))


def test_the_standard_body_is_sent_as_it_is() -> None:
    assert translated("standard", body(), KEY) == body()


PAGERDUTY = {
    "type": "object",
    "required": ["routing_key", "event_action", "payload"],
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "client": {"type": "string"},
        "client_url": {"type": "string"},
        "links": {
            "type": "array",
            "items": {"type": "object", "required": ["href"], "properties": {"href": {"type": "string"}}},
        },
        "payload": {
            "type": "object",
            "required": ["summary", "severity", "source"],
            "properties": {
                "summary": {"type": "string", "maxLength": 1024},
                "severity": {"enum": ["critical", "warning", "error", "info"]},
                "source": {"type": "string", "minLength": 1},
                "timestamp": DATE_TIME,
                "component": {"type": "string"},
                "group": {"type": "string"},
                "class": {"type": "string"},
                "custom_details": {"type": "object"},
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_pagerduty_takes_every_event(type_: str) -> None:
    """github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json; the lengths are those of
    https://developer.pagerduty.com/docs/events-api-v2/trigger-events/.
    """
    jsonschema.validate(made("pagerduty", type_, summary="x" * 3000, **WHERE), PAGERDUTY)


def test_pagerduty_resolves_what_it_triggered() -> None:
    """https://developer.pagerduty.com/docs/events-api-v2/overview/: a resolve has the trigger's dedup_key."""
    down, up = made("pagerduty"), made("pagerduty", "primary.up", incident_status="resolved", severity="info")
    assert (down["event_action"], up["event_action"]) == ("trigger", "resolve")
    assert down["dedup_key"] == up["dedup_key"] == "inc_1"
    assert down["routing_key"] == KEY.decode() and KEY.decode() not in body()
    news = made("pagerduty", "node.demoted", incident=None, incident_status=None)
    assert (news["event_action"], news["dedup_key"]) == ("trigger", "msg_1"), "an incident of its own"


ALERTMANAGER = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["labels"],
        "properties": {
            "labels": TEXTS,
            "annotations": TEXTS,
            "startsAt": DATE_TIME,
            "endsAt": DATE_TIME,
            "generatorURL": {"type": "string", "format": "uri"},
        },
        "additionalProperties": False,
    },
}


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_alertmanager_takes_every_event(type_: str) -> None:
    """github.com/prometheus/alertmanager, api/v2/openapi.yaml, postableAlerts: all labels are texts."""
    alerts = made("alertmanager", type_, term=7, reason="none", owner="team-a", **WHERE)
    jsonschema.validate(alerts, ALERTMANAGER)
    (alert,) = alerts
    assert alert["labels"]["alertname"] and alert["annotations"]["runbook_url"] == WHERE["runbook"]


def test_alertmanager_knows_the_end_by_the_labels_of_the_beginning() -> None:
    """https://prometheus.io/docs/alerting/latest/alerts_api/: labels tell alerts apart, and one without an
    end is over when it was not repeated for a while.
    """
    started = ("primary.down", "failover.started", "failover.aborted")
    firing = [made("alertmanager", type_, severity="warning")[0] for type_ in started]
    (ended,) = made("alertmanager", "failover.completed", incident_status="resolved", severity="info")
    assert all(alert["labels"] == ended["labels"] for alert in firing)
    began = datetime.fromisoformat(firing[0]["startsAt"])
    assert datetime.fromisoformat(firing[0]["endsAt"]) - began == OPEN_FOR
    assert datetime.fromisoformat(ended["endsAt"]) == began and "startsAt" not in ended
    (news,) = made("alertmanager", "node.demoted", incident=None, incident_status=None)
    assert datetime.fromisoformat(news["endsAt"]) - began == NEWS_FOR > timedelta()
    assert news["labels"] != ended["labels"]


def test_a_replica_s_alert_is_not_the_primary_s() -> None:
    down, up = (made("alertmanager", f"replica.{end}")[0]["labels"] for end in ("down", "up"))
    assert down == up and down["severity"] == "warning"
    assert down["alertname"] != made("alertmanager")[0]["labels"]["alertname"]


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_slack_takes_every_event(type_: str) -> None:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: ``text``, and ``blocks``;
    https://docs.slack.dev/reference/block-kit/blocks/section-block: 3000 characters in a text, 10 fields of
    2000.
    """
    long = {"cause": "x" * 4000, "reason": "y" * 4000, "replicas_left": 0, "term": 7, "owner": "z" * 1000}
    message = made("slack", type_, may_have_lost="all", sentinel="s1", bytes_possibly_lost=1, **long, **WHERE)
    assert message["text"] and message.keys() == {"text", "blocks"}
    for block in message["blocks"]:
        texts = [*block.get("fields", []), *block.get("elements", [])]
        texts += [block["text"]] if "text" in block else []
        assert block["type"] in ("section", "context") and 1 <= len(texts) <= 10
        assert all(text["type"] == "mrkdwn" and 1 <= len(text["text"]) <= 2000 for text in texts)


def test_slack_is_told_no_mention_and_no_link_that_a_name_makes() -> None:
    """https://docs.slack.dev/messaging/formatting-message-text#escaping: ``&``, ``<`` and ``>`` alone."""
    message = made("slack", summary="g: <!channel> & <http://evil|here>", reason="<@U1>", **WHERE)
    assert "<!" not in json.dumps(message) and "<@" not in json.dumps(message)
    assert "&lt;!channel&gt; &amp; &lt;http://evil|here&gt;" in message["text"]
    assert "<https://wiki.example/redis?a=1&amp;b=2|Runbook>" in message["blocks"][-1]["elements"][0]["text"]


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_teams_takes_every_event(type_: str) -> None:
    """The example of github.com/MicrosoftDocs/msteams-docs,
    msteams-platform/webhooks-and-connectors/how-to/connectors-using.md, "Send adaptive cards using an
    incoming webhook"; elements of Adaptive Cards 1.2 (https://adaptivecards.io/explorer/).
    """
    message = made("teams", type_, term=7, **WHERE)
    assert message.keys() == {"type", "attachments"} and message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment.keys() == {"contentType", "contentUrl", "content"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    assert [element["type"] for element in card["body"]] == ["TextBlock", "TextBlock", "FactSet"]
    assert all(isinstance(fact["value"], str) for fact in card["body"][2]["facts"])
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"] * 2


def test_only_an_open_incident_is_opened() -> None:
    assert opens(body()) == "inc_1"
    assert opens(body(incident_status="resolved")) is opens(body(incident_status=None)) is None


def test_a_body_that_an_earlier_version_stored_is_translated_too() -> None:
    old = WebhookEvent("msg_1", "primary.down", "g", AT_MS, {"node": "a:1", "sentinel": "s1"}).body()
    for form in ("slack", "pagerduty", "alertmanager", "teams"):
        assert "g: primary.down" in translated(form, old, KEY)
