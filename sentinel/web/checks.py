"""Checks for load balancers such as HAProxy: 200 sends them to a node, 503 keeps them away and gives the
reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from aiohttp import web

from config.address import PATTERN, Address
from config.errors import InvalidValueError
from sentinel.group.driver import GroupDriver
from sentinel.group.view import NodeStatus
from sentinel.status.answers import Answer, Refuses
from sentinel.status.authority import Authority
from sentinel.status.node_checks import why_not_primary, why_not_replica
from sentinel.web.inputs import bad_parameter, choice, integer
from sentinel.web.needs import KnownGroups, need_current, need_topology, need_watched
from sentinel.web.openapi import Endpoint, Parameter
from sentinel.web.problem import ProblemError
from sentinel.web.reply import reply

MAX_BYTES = 2**63 - 1
REFUSES_HEADER = "X-Vedette-Refuses"

_NODE = Parameter(
    "node",
    {"type": "string", "pattern": PATTERN},
    "`host:port`, as configured or as announced to clients.",
    required=True,
)
_MAX_LAG = Parameter(
    "max_lag_bytes",
    {"type": "integer", "minimum": 0, "maximum": MAX_BYTES},
    "Refuse a replica that is further behind than this, as last seen.",
)
_WRITABLE = Parameter(
    "writable",
    {"type": "boolean", "default": False},
    "Refuse the primary too while it refuses writes (its disk, memory, replicas) or new clients. Without "
    "this it is answered with 200 and the header `X-Vedette-Refuses`: no other node would take the writes, "
    "and reads go on.",
)
_PROBLEMS = ("unknown-group", "unknown-node", "no-primary", "check-failed")


class CheckAnswer(Answer):
    """The node is what was asked for."""

    group: str
    node: str
    role: Literal["primary", "replica"]
    term: int
    """Since which the group has its primary."""
    lag_bytes: int | None = None
    """A replica's, as last seen; null where unknown."""
    refuses: Refuses | None = None
    """Of a primary that is the right one, and yet refuses writes, or new clients: why. It is refused with 503
    only where the question says `writable=true`."""
    detail: str = ""


class CheckHandlers:
    """OPTIONS is answered like GET: it is HAProxy's default."""

    def __init__(self, *, groups: KnownGroups, authority: Authority) -> None:
        self._groups = groups
        self._authority = authority

    def endpoints(self) -> tuple[Endpoint, ...]:
        checks = (
            Endpoint(
                "GET",
                "/v1/check/{group}/primary",
                self.check_primary,
                "Whether writes should go to a node",
                CheckAnswer,
                query=(_NODE, _WRITABLE),
                problems=(*_PROBLEMS, "no-quorum", "primary-unwatched"),
            ),
            Endpoint(
                "GET",
                "/v1/check/{group}/replica",
                self.check_replica,
                "Whether reads may go to a node",
                CheckAnswer,
                query=(_NODE, _MAX_LAG),
                problems=_PROBLEMS,
            ),
        )
        return (*checks, *(replace(check, method="OPTIONS") for check in checks))

    async def check_primary(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        name = _node(driver, request).name
        await self._authority.settle([driver])
        need_current(self._authority, driver)
        must_write = choice(request.query, "writable", ("true", "false")) == "true"
        view, node = driver.view, _status(driver, name)
        topology = need_topology(view)
        need_watched(view)
        reason, refusing = why_not_primary(view, topology, node), node.refusing
        if reason is None and must_write and refusing is not None:
            reason = refusing.detail
        if reason is not None:
            raise _failed(name, reason, topology.term)
        answer = CheckAnswer(group=view.name, node=name, role="primary", term=topology.term)
        if refusing is None:
            return reply(answer)
        answer = answer.model_copy(update={"refuses": refusing.kind.value, "detail": refusing.detail})
        return reply(answer, headers={REFUSES_HEADER: refusing.kind.value})

    async def check_replica(self, request: web.Request) -> web.Response:
        driver = self._groups.of(request)
        view, node = driver.view, _node(driver, request)
        max_lag_bytes = integer(request.query, "max_lag_bytes", 0, MAX_BYTES)
        topology = need_topology(view)
        reason = why_not_replica(topology, node, max_lag_bytes)
        if reason is not None:
            raise _failed(node.name, reason, topology.term)
        return reply(
            CheckAnswer(
                group=view.name,
                node=node.name,
                role="replica",
                term=topology.term,
                lag_bytes=node.lag_bytes,
            )
        )


def _failed(node: str, reason: str, term: int) -> ProblemError:
    return ProblemError("check-failed", f"{node}: {reason}.", extra={"node": node, "term": term})


def _node(driver: GroupDriver, request: web.Request) -> NodeStatus:
    """The node that was asked about. Raises ProblemError."""
    asked = request.query.get("node")
    if asked is None:
        raise bad_parameter("node", "is missing: which node to check, as host:port")
    try:
        address = Address.parse(asked)
    except InvalidValueError as error:
        raise bad_parameter("node", f"{asked!r:.100} {error.why}") from None
    return _status(driver, driver.queries.name_of(address.host, address.port), asked=str(address))


def _status(driver: GroupDriver, name: str, asked: str = "") -> NodeStatus:
    """Raises ProblemError if the group has no such node, or has it no longer."""
    node = driver.view.node(name)
    if node is None:
        raise ProblemError("unknown-node", f"{asked or name} is no node of group {driver.name}.")
    return node
