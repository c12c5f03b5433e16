"""Notices for tests: what a test does not care for is filled in."""

from __future__ import annotations

import dataclasses
from typing import Any

from quorum.messages import Topology
from sentinel.notices.notice import Notice, NoticeEvent

_BLANKS = {"str": "", "int": 0, "bool": False, "tuple[str, ...]": (), "Mapping[str, str]": {}}


def topology_of(**fields: Any) -> Topology:
    blank = {"primary": "a:1", "term": 1, "previous": None, "cause": "refused", "leader": "s1"}
    return Topology(**{**blank, "since_ms": 0, "duration_ms": 0, **fields})


def notice(
    kind: type[NoticeEvent], group: str = "g", /, *, again: bool = False, term: int = 0, **fields: Any
) -> Notice:
    """``fields`` are the event's, or its topology's."""
    known = {field.name: field for field in dataclasses.fields(kind)}
    if "topology" in known:
        return Notice(group, kind(topology_of(term=term, **fields)), term, again)  # type: ignore[call-arg,arg-type]
    if "term" in known:
        fields["term"] = term or None
    for name, field in known.items():
        if field.default is dataclasses.MISSING and name not in fields:
            fields[name] = _BLANKS.get(str(field.type))
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Notice(group, kind(**{**fields, **lists}), term, again)
