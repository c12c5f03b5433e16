"""Reads a node's role from ``ROLE``, or from ``INFO replication`` where ROLE is renamed or denied.

No step is taken without the role, and INFO is allowed wherever nodes are watched.
"""

from __future__ import annotations

from typing import Any

from promotion.replies import Command, read_fields
from promotion.reply_shapes import whole

ROLE: Command = ("ROLE",)
OTHERWISE: Command = ("INFO", "replication")


def role_said(reply: Any) -> Any:
    """The first fields of a ROLE reply, from the reply to either command; errors are returned as they are."""
    if not isinstance(reply, bytes):
        return reply
    fields = read_fields(reply)
    role, port = fields.get("role", ""), whole(fields.get("master_port"))
    if role != "slave":
        return [role.encode()]
    # A replica without a known primary has no role that a step could use.
    return [b""] if port is None else [b"slave", fields.get("master_host", "").encode(), port]
