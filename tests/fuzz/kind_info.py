"""Texts of INFO: each is understood, or refused with the field named; and what is understood harms nobody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from sentinel.coordination.inputs import InfoSeen, LinkHeard
from sentinel.coordination.link_info import parse_link
from sentinel.coordination.node_info import NodeInfo
from sentinel.nodes.info import InfoError, parse_info
from sentinel.nodes.info_fields import NAMES
from sentinel.process import clock
from tests.fuzz.kind import Check, Kind, must, outline
from tests.fuzz.stage import GroupStage
from tests.unit.sentinel.http_cases import A, B, C

_FIELD = re.compile(r"INFO: (reply|slave[0-9]{1,6}|db[0-9]{1,10}|[a-z0-9_]+): ")
_VALUES = (
    b"role:master", b"role:slave", b"master_link_status:down", b"loading:1", b"async_loading:1",
    b"redis_mode:cluster", b"master_failover_state:failover-in-progress",
    b"slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0", b"db0:keys=1,expires=0",
    b"replica_announced:0", b"errorstat_OOM:count=3", b"slave_priority:0",
)  # fmt: skip


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner:
        yield lambda data: runner.run(_check(data))


async def _check(data: bytes) -> str:
    parse_link(data)
    try:
        info = parse_info(data)
    except InfoError as error:
        must(_FIELD.match(str(error)) is not None, f"names no field: {error}")
        must(len(str(error)) < 400 and "\n" not in str(error), f"no short line: {error}")
        return outline(error)
    for node in (A, B, C):
        await _said_by(node, info)
    facts = (
        info.role,
        info.link_up,
        info.serves,
        info.limits.ends,
        info.cluster_mode,
        len(info.attached) > 1,
    )
    return f"{facts} {info.safety} {info.handover} {info.started_empty} {info.limits.policy}"


async def _said_by(node: str, info: NodeInfo) -> None:
    stage = GroupStage()
    try:
        stage.driver.feed(InfoSeen(node, info, node.rpartition(":")[0]))
        stage.driver.feed(LinkHeard(node, info.link))
        stage.driver.feed(Observed(A, Evidence(EvidenceKind.REFUSED)))
        await stage.settle()
        found = stage.driver.coordinator.situation.ranking(clock.monotonic())
        must(found is not None, "no ranking")
        stage.show()
    finally:
        await stage.close()


INFO = Kind("info", _opened, (*(f"\r\n{name}:".encode() for name in sorted(NAMES)), *_VALUES))
