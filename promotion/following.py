"""Checks around REPLICAOF: before it, that the node is not the primary itself; after it, that it follows.

Two names can be one server. If a primary were told to follow its other name, it would give up its role and
wait for itself without end. As the last guard, a node whose run id is the primary's is left as it is.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from promotion.conversation import Call, Calls, ReplyError, Request, StepFailedError
from promotion.places import plain
from promotion.replies import Command, command_name, error_text, read_fields
from promotion.roles import role_said
from promotion.step_types import Known, Repoint
from promotion.view import NodeView


def is_itself(view: NodeView, target: NodeView) -> bool:
    """Whether both are one server, by its run id or its address."""
    same_process = bool(view.run_id) and view.run_id == target.run_id
    return same_process or plain((view.host, view.port)) == plain((target.host, target.port))


def misspells(view: NodeView, target: NodeView | None) -> bool:
    """Whether an unlinked replica spells its primary ``target`` in another way, which may not resolve there.

    Redis reconnects when it is given another spelling; it ignores only a difference in case.
    """
    if target is None or view.link_up or view.sync_in_progress or not view.follows_host:
        return False
    return view.follows_host.lower() != target.host.lower()


def check_another(step: Repoint) -> Generator[Request, Any, None]:
    """Raises StepFailedError if the node's run id is now that of the primary.

    A node that denies INFO (ACL) passes.
    """
    if not step.primary_run_id:
        return
    reply = yield Call(("INFO", "server"))
    if isinstance(reply, bytes) and read_fields(reply).get("run_id") == step.primary_run_id:
        raise StepFailedError(
            step.node,
            f"is the very server that {step.primary_host}:{step.primary_port} leads to, under another name",
        )


def check_known(node: str, known: Known | None) -> Generator[Request, Any, None]:
    """Raises StepFailedError if a node that nobody configured is not the server that was seen there.

    The later commands go over the same connection, so to the same process.
    """
    if known is None:
        return
    # Several sections in one INFO are an error before Redis 7.
    replies = yield Calls((("INFO", "server"), ("INFO", "replication")))
    error = next((reply for reply in replies if isinstance(reply, ReplyError)), None)
    if error is not None:
        raise StepFailedError(node, f"INFO: {error.message}")
    fields = read_fields(b"\r\n".join(replies))
    found = Known(fields.get("run_id", ""), fields.get("role", ""), fields.get("master_replid", ""))
    if found != known:
        raise StepFailedError(
            node, f"is not what was seen there: it is {_shown(found)}, and was {_shown(known)}"
        )


def _shown(known: Known) -> str:
    return f"a {known.role or 'server'} of run id {known.run_id[:8]} and history {known.replid[:8]}"


def check_follows(step: Repoint, ask_role: Command) -> Generator[Request, Any, None]:
    """Raises StepFailedError unless the node follows the primary, by address: Redis keeps older spellings."""
    role = role_said((yield Call(ask_role)))
    if isinstance(role, ReplyError):
        raise StepFailedError(
            step.node, f"REPLICAOF was done, and then {command_name(ask_role)}: {error_text(role)}"
        )
    if not isinstance(role, list) or role[0] != b"slave":
        raise StepFailedError(step.node, "is not a replica after REPLICAOF")
    if plain((role[1].decode(), role[2])) != plain((step.primary_host, step.primary_port)):
        raise StepFailedError(
            step.node, f"does not follow {step.primary_host}:{step.primary_port} after REPLICAOF"
        )
