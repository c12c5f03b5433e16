"""Parses a node's replication link from the replication section of INFO.

The replicas are asked every few milliseconds while their primary is in doubt, so parsing is cheap, and an
unreadable answer counts as none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_REPLY_BYTES = 1024 * 1024

_ROLE = re.compile(rb"^role:(master|slave)\r?$", re.MULTILINE)
_HOST = re.compile(rb"^master_host:([0-9A-Za-z_.:%-]{1,255})\r?$", re.MULTILINE)
_PORT = re.compile(rb"^master_port:([0-9]{1,5})\r?$", re.MULTILINE)
_STATUS = re.compile(rb"^master_link_status:(up|down)\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """``host`` and ``port`` are None for a master. ``up``: it hears from there, as far as it knows."""

    host: str | None
    port: int | None
    up: bool


def parse_link(reply: object) -> LinkInfo | None:
    """What ``INFO replication`` was answered with; None for an error, or anything else."""
    if not isinstance(reply, bytes) or len(reply) > MAX_REPLY_BYTES:
        return None
    role = _ROLE.search(reply)
    if role is None:
        return None
    if role[1] == b"master":
        return LinkInfo(None, None, False)
    host, port, status = _HOST.search(reply), _PORT.search(reply), _STATUS.search(reply)
    if host is None or port is None or status is None:
        return None
    return LinkInfo(host[1].decode("ascii"), int(port[1]), status[1] == b"up")
