"""For a page in a browser: answers that no real cluster gives on demand, made of the API's own models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, Route

from sentinel.status.answers import (
    CandidateAnswer,
    CandidatesAnswer,
    ChangeAnswer,
    GroupAnswer,
    GroupsAnswer,
    HistoryAnswer,
    NodeAnswer,
    OpinionAnswer,
    PeerAnswer,
    StepAnswer,
    TopologyAnswer,
)

SINCE = "2026-01-01T00:00:00.123Z"
Answer = Callable[[Route], None] | Mapping[str, Any]


def node(name: str, role: str = "replica", **changes: Any) -> NodeAnswer:
    down = changes.get("state") == "down"
    fields: dict[str, Any] = {
        "node": name,
        "address": name,
        "role": role,
        "state": "up",
        "grade": "refused" if down else None,
        "detail": "connection refused" if down else "",
        "objectively_down": down,
        "opinions": [
            OpinionAnswer(sentinel=each, down=down, grade="refused" if down else None)
            for each in ("s1", "s2", "s3")
        ],
        "silence_ms": 120,
        "offset_bytes": 1_234_567,
        "lag_bytes": 0 if role == "replica" else None,
        "link_up": True if role == "replica" else None,
        "follows": None,
        "syncing": False,
        "loading": False,
        "priority": 100,
        "zone": None,
        "discovered": False,
        "version": "7.0.15",
    }
    return NodeAnswer(**{**fields, **changes})


def group(name: str, nodes: list[NodeAnswer] | None = None, **changes: Any) -> GroupAnswer:
    first, others = f"{name}-a:6379", [f"{name}-b:6379", f"{name}-c:6379"]
    made = nodes or [node(first, "primary"), *(node(each, follows=first) for each in others)]
    fields: dict[str, Any] = {
        "group": name,
        "topology": TopologyAnswer(
            primary=made[0].node,
            term=3,
            previous=made[-1].node,
            cause="refused",
            leader="s2",
            since=SINCE,
            duration_ms=64,
        ),
        "term": 3,
        "role": "follower",
        "leader": None,
        "quorum": 2,
        "majority": 2,
        "has_majority": True,
        "failover": None,
        "ambiguous": None,
        "nodes": made,
    }
    return GroupAnswer(**{**fields, **changes})


def candidates(of: GroupAnswer, reason: str = "the best candidate") -> CandidatesAnswer:
    names = [each.node for each in of.nodes[1:]]
    return CandidatesAnswer(
        group=of.group,
        primary=of.nodes[0].node,
        chosen=names[0] if names else None,
        candidates=[
            CandidateAnswer(
                node=name,
                eligible=not at,
                rank=None if at else 1,
                reason=reason,
                priority=100,
                offset_bytes=9,
                lag_bytes=0,
            )
            for at, name in enumerate(names)
        ],
    )


def history(of: GroupAnswer, cause: str = "refused") -> HistoryAnswer:
    steps = {
        "evidence": 0,
        "subjectively_down": 31,
        "elected": 40,
        "promoted": 55,
        "committed": 64,
        "work_done": 90,
    }
    change = ChangeAnswer(
        old=of.nodes[-1].node,
        new=of.nodes[0].node,
        term=3,
        cause=cause,
        leader="s2",
        at=SINCE,
        duration_ms=64,
        timeline=[StepAnswer(name=name, at_ms=at_ms) for name, at_ms in steps.items()],
        bytes_possibly_lost=0,
    )
    return HistoryAnswer(group=of.group, changes=[change])


class Stub:
    """Answers everything below ``/v1``: ``groups``, and whatever ``extra`` says by method and path."""

    def __init__(
        self,
        page: Page,
        groups: list[GroupAnswer],
        extra: Mapping[str, Answer] | None = None,
        stream: str = "retry: 3600000\nid: stub.0\n\n",
    ) -> None:
        self.groups = {each.group: each for each in groups}
        self.more: dict[str, dict[str, Any]] = {}
        """Further members of a group's answer, by group."""
        self.extra = dict(extra or {})
        self.sent: list[tuple[str, str, Any]] = []
        """What changes something: method, path and body."""
        self._stream = stream
        page.route("**/v1/**", self._answer)

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        if request.method != "GET":
            self.sent.append((request.method, path, request.post_data_json))
        answer = self.extra.get(f"{request.method} {path}")
        if callable(answer):
            answer(route)
        elif answer is not None:
            reply(route, answer)
        elif path == "/v1/events":
            # It opens and ends; the page goes on by asking.
            route.fulfill(content_type="text/event-stream", body=self._stream)
        else:
            reply(route, self._known(path))

    def _known(self, path: str) -> Mapping[str, Any]:
        _, _, rest = path.partition("/v1/groups")
        if not rest:
            peers = [PeerAnswer(sentinel=each, in_touch=True, rtt_ms=0.4) for each in ("s2", "s3")]
            answer = GroupsAnswer(
                sentinel="s1", version="1.2.3", members=["s1", "s2", "s3"], peers=peers, groups=[]
            )
            return answer.model_dump() | {"groups": [self._group(name) for name in self.groups]}
        name, _, part = rest[1:].partition("/")
        name = unquote(name)
        match part:
            case "candidates":
                return candidates(self.groups[name]).model_dump()
            case "history":
                return history(self.groups[name]).model_dump()
            case "preflight":
                return {"group": name, "checked_at": SINCE, "problems": []}
            case _:
                return self._group(name)

    def _group(self, name: str) -> dict[str, Any]:
        return self.groups[name].model_dump() | {"paused": None, "scheduled": None} | self.more.get(name, {})


def reply(route: Route, answer: Mapping[str, Any], status: int = 200) -> None:
    route.fulfill(status=status, content_type="application/json", body=json.dumps(answer))


def refusal(status: int, detail: str, why: CandidatesAnswer) -> Callable[[Route], None]:
    """A problem that tells the reasons, as a request that cannot be is answered."""
    body = {"type": "urn:vedette:problem:precondition", "title": "No", "status": status, "detail": detail}
    more = {"candidates": why.model_dump()["candidates"]}
    return lambda route: reply(route, body | more, status)
