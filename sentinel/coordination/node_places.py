"""Translates the addresses that Redis reports back to the nodes' names.

Addresses are compared by what they reach, not by their spelling (``promotion.places``). A node is known by
its configured address, by the announced one, and by the IP of its newest connection.
"""

from __future__ import annotations

from collections.abc import Iterable

from promotion.places import is_ip, plain, plain_host, written
from sentinel.coordination.node_spec import NodeRecord


def node_at(records: Iterable[NodeRecord], host: str, port: int) -> str | None:
    """The name of the node at this address, or None if it is none of ``records``."""
    place = plain((host, port))
    known = tuple(records)
    for record in known:
        spec = record.spec
        if place in (plain((spec.host, spec.port)), plain(spec.reach)):
            return spec.name
    for record in known:
        spec = record.spec
        if record.peer_ip is None or port not in (spec.port, spec.reach[1]):
            continue
        if plain_host(record.peer_ip) == place[0]:
            return spec.name
    return None


def may_be_known(records: Iterable[NodeRecord], port: int) -> bool:
    """A name that was not reached yet may turn out to be any address of this port."""
    return any(
        record.peer_ip is None and record.spec.port == port and not is_ip(record.spec.host)
        for record in records
    )


def name_for(host: str, port: int) -> str:
    """``host:port``, as one name for the place, however the host was spelled."""
    return written(plain_host(host), port)
