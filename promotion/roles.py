"""What a node is: as ``ROLE`` says it, or, where that is renamed or denied, ``INFO replication``.

Without the one read no step is taken at all, and INFO is allowed wherever nodes are watched.
"""

from __future__ import annotations

from typing import Any

from promotion.handover import read_fields
from promotion.replies import Command
from promotion.reply_shapes import whole

ROLE: Command = ("ROLE",)
OTHERWISE: Command = ("INFO", "replication")


def role_said(reply: Any) -> Any:
    """The beginning of what ROLE answers, from the answer to either; errors stay what they are."""
    if not isinstance(reply, bytes):
        return reply
    fields = read_fields(reply)
    role, port = fields.get("role", ""), whole(fields.get("master_port"))
    if role != "slave":
        return [role.encode()]
    # Of whom it is a replica has to be known, or it is nothing that a step could go by.
    return [b""] if port is None else [b"slave", fields.get("master_host", "").encode(), port]
