"""What a pager needs: one key for all events of an outage, at whichever sentinel, and how each is briefed."""

from __future__ import annotations

from typing import Any

import pytest

from config import EVENT_TYPES
from promotion import events
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import NoticeEvent
from sentinel.webhooks.alerts import Alert, Alerts
from sentinel.webhooks.briefing import About, severity, summary
from sentinel.webhooks.incidents import MAX_OVER, incident_key
from tests.unit.sentinel.notice_cases import notice, topology_of
from tests.unit.sentinel.webhooks.test_alerts import LINE, MEMBERS, TOPOLOGY, A, B, alerts

BEFORE = topology_of(primary=A, term=1, since_ms=7)


def at(name: str, **about: Any) -> Alerts:
    to = alerts(name)
    to.begin("g", BEFORE, About(**about))
    return to


def hear(to: Alerts, kind: type[NoticeEvent], **fields: Any) -> list[Alert]:
    return to.on_notice(notice(kind, **fields), 5)


def told(to: Alerts, kind: type[NoticeEvent], **fields: Any) -> tuple[str, object, object]:
    (alert,) = hear(to, kind, **fields)
    data = alert.event.data
    return alert.event.type, data.get("incident"), data.get("incident_status")


def outage(to: Alerts) -> list[tuple[str, object, object]]:
    return [
        told(to, nodes.QuorumDown, node=A, agree=["s1", "s2"], primary=True),
        told(to, leaders.FailoverStarted, term=2, primary=A, cause="refused"),
        told(to, leaders.FailoverAborted, term=2, primary=A, reason="no eligible replica"),
        told(to, leaders.TopologyCommitted, **TOPOLOGY),
    ]


def test_an_outage_has_one_key_whichever_sentinel_sends() -> None:
    told_by = {name: outage(at(name)) for name in MEMBERS}
    assert len({key for events in told_by.values() for _, key, _ in events}) == 1
    assert [(type_, status) for type_, _, status in told_by["s1"]] == [
        ("primary.down", "open"),
        ("failover.started", "open"),
        ("failover.aborted", "open"),
        ("failover.completed", "resolved"),
    ]


def test_a_primary_that_comes_back_resolves_what_it_opened() -> None:
    to = at("s1")
    _, opened, _ = told(to, nodes.QuorumDown, node=A, primary=True)
    assert told(to, nodes.QuorumUp, node=A, primary=True) == ("primary.up", opened, "resolved")
    _, again, status = told(to, leaders.FailoverAborted, term=2, primary=A, reason="it is up again")
    assert (again, status) == (opened, "resolved"), "a refusal that comes late opens nothing"


def test_the_next_primary_s_outage_is_another_incident() -> None:
    to = at("s1")
    first = outage(to)[0][1]
    assert told(to, nodes.QuorumDown, node=B, primary=True)[1] not in (first, None)


def test_a_degraded_primary_is_one_incident_with_the_failover_that_ends_it() -> None:
    to = at("s1")
    _, opened, status = told(to, nodes.Degraded, node=A, refuses="OOM", detail="refuses writes")
    assert status == "open"
    told(to, nodes.QuorumDown, node=A, primary=True)
    assert told(to, nodes.QuorumUp, node=A, primary=True)[2] == "open", "it still refuses writes"
    assert told(to, nodes.Recovered, node=A, refuses="OOM")[1:] == (opened, "resolved")
    told(to, nodes.Degraded, node=A, refuses="OOM", detail="refuses writes")
    assert told(to, leaders.TopologyCommitted, **TOPOLOGY)[1:] == (opened, "resolved")
    assert told(to, leaders.FailoverAborted, term=3, primary=B, reason="none")[2] == "resolved", "B is well"


def test_a_primary_that_lost_its_data_stays_an_incident_until_a_change_is_made() -> None:
    to = at("s1")
    told(to, leaders.FailoverStarted, term=2, primary=A, cause="regressed")
    assert told(to, leaders.FailoverAborted, term=2, primary=A, reason="none has more")[2] == "open"


def test_the_end_of_an_operator_s_failover_resolves_it_however_it_ends() -> None:
    to = at("s1")
    asked = {"term": 2, "primary": A, "operation": "op-1"}
    _, opened, status = told(to, leaders.FailoverStarted, cause=None, **asked)
    assert status == "open"
    assert told(to, leaders.FailoverAborted, reason="priority 0", **asked)[1:] == (opened, "resolved")


def test_a_replica_is_an_incident_of_its_own() -> None:
    to = at("s1")
    _, lost, status = told(to, nodes.QuorumDown, node=B, primary=False)
    assert status == "open"
    assert told(to, nodes.QuorumDown, node=A, primary=True)[1] != lost
    assert told(to, nodes.QuorumUp, node=B, primary=False) == ("replica.up", lost, "resolved")


def test_an_old_primary_that_comes_back_is_no_replica_that_is_up_again() -> None:
    to = at(LINE[0])
    outage(to)
    assert hear(to, nodes.QuorumUp, node=A, primary=False) == [], "nobody was told that a replica is down"
    assert told(to, nodes.QuorumDown, node=A, primary=False)[0] == "replica.down"
    assert told(to, nodes.QuorumUp, node=A, primary=False)[0] == "replica.up"


def test_the_loss_of_a_primary_is_told_with_what_this_sentinel_saw_and_the_term() -> None:
    to = at(LINE[0])
    hear(to, nodes.NodeDown, node=A, grade="refused", detail="connection refused", primary=True)
    (alert,) = hear(to, nodes.QuorumDown, node=A, primary=True)
    assert (alert.event.data["cause"], alert.event.data["term"]) == ("refused", 1)
    assert alert.event.data["summary"] == f"g: the primary {A} is down (refused)"
    hear(to, nodes.NodeUp, node=A)
    assert "cause" not in hear(to, nodes.QuorumDown, node=A, primary=True)[0].event.data


def test_every_body_has_the_owner_and_where_to_look() -> None:
    about = {"owner": "team-a", "runbook": "https://wiki/redis", "dashboard": "https://v/#g/g"}
    to = at(LINE[0], **about, replicas_left=lambda: 0)
    (alert,) = hear(to, nodes.QuorumDown, node=A, primary=True)
    assert alert.event.data.items() >= {**about, "replicas_left": 0}.items()
    (bare,) = hear(at(LINE[0]), nodes.QuorumDown, node=A, primary=True)
    assert not bare.event.data.keys() & {*about, "replicas_left"}


def test_what_a_demoted_node_had_taken_alone_is_a_warning() -> None:
    to = at(LINE[0])
    (alert,) = hear(to, events.Demoted, term=2, node=A, primary=B, may_have_lost="12 bytes")
    assert (alert.event.data["severity"], "incident" in alert.event.data) == ("warning", False)
    assert alert.event.data["summary"] == f"g: {A} was a primary too, and now follows {B}; writes may be lost"


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_every_type_has_a_sentence_of_its_own(type_: str) -> None:
    told = summary(type_, "g", {"node": A, "old_primary": A, "new_primary": B, "reason": "none"})
    assert told.startswith("g: ") and type_ not in told
    assert len(summary(type_, "g", {"reason": "x" * 2000, "detail": "x" * 2000})) <= 500


def test_a_refusal_is_critical_while_the_primary_is_down() -> None:
    assert severity("primary.down", {}) == "critical"
    assert severity("failover.aborted", {"incident_status": "open"}) == "critical"
    assert severity("failover.aborted", {"incident_status": "resolved"}) == "error"
    assert severity("failover.completed", {}) == "info"


def test_every_sentinel_knows_which_incident_is_over() -> None:
    for name in MEMBERS:
        to = at(name)
        _, key, _ = told(to, nodes.QuorumDown, node=A, primary=True)
        assert not to.incidents.is_over(str(key))
        told(to, nodes.QuorumUp, node=A, primary=True)
        assert to.incidents.is_over(str(key))
        told(to, nodes.QuorumDown, node=A, primary=True)
        assert not to.incidents.is_over(str(key)), "it is open again"
        told(to, leaders.TopologyCommitted, **TOPOLOGY)
        assert to.incidents.is_over(str(key))


def test_incidents_that_are_over_are_forgotten_at_a_limit() -> None:
    to = at("s1")
    for number in range(MAX_OVER + 1):
        told(to, nodes.QuorumUp, node=f"r{number}:1", primary=False)
    keys = [incident_key("g", "replica", f"r{number}:1") for number in (0, 1, MAX_OVER)]
    assert [to.incidents.is_over(key) for key in keys] == [False, True, True]


def test_a_pause_lasts_until_it_is_resumed() -> None:
    to = at(LINE[0])
    (alert,) = hear(to, operators.Paused, since_ms=0, by="s2", reason="maintenance")
    assert alert.owner and alert.event.data.items() >= {"by": "s2", "severity": "warning"}.items()
    assert alert.event.data["summary"] == "g: no failover is made while it is paused (at s2: maintenance)"
    assert told(to, operators.Resumed) == ("group.resumed", alert.event.data["incident"], "resolved")
    assert not hear(at(LINE[1]), operators.Resumed)[0].kept, "every sentinel announces it, one tells it"


def test_what_a_change_lost_is_told_once_it_is_known_and_is_something() -> None:
    to = at(LINE[0])
    lost = {**TOPOLOGY, "lost_bytes": 12}
    (alert,) = hear(to, leaders.LossMeasured, **lost)
    data = alert.event.data
    assert (alert.event.type, data["bytes_possibly_lost"], data["term"]) == ("writes.possibly_lost", 12, 2)
    assert (data["severity"], data["old_primary"]) == ("error", A)
    assert data["summary"] == "g: acknowledged writes may be lost: up to 12 bytes"
    assert hear(to, leaders.LossMeasured, **{**TOPOLOGY, "lost_bytes": 0}) == []
    (gone,) = hear(to, nodes.DataLost, node=A, may_have_lost="restarted empty")
    assert gone.event.data["summary"] == "g: acknowledged writes may be lost: restarted empty"
