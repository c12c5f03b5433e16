"""What is checked when a node is told to follow the primary: that it is another, and then that it does so.

Two names can be one server. Told to follow its other name, a primary would give up its role and wait for
itself, without end; so a node whose run id is that of the primary is left as it is, as the last guard.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from promotion.conversation import Call, Calls, ReplyError, Request, StepFailedError
from promotion.handover import read_fields
from promotion.places import plain
from promotion.replies import Command, named
from promotion.replies import said as told
from promotion.roles import role_said
from promotion.step_types import Known, Repoint
from promotion.view import NodeView


def is_itself(view: NodeView, target: NodeView) -> bool:
    """Whether both are one server, by its run id or by where it is reached."""
    same_process = bool(view.run_id) and view.run_id == target.run_id
    return same_process or plain((view.host, view.port)) == plain((target.host, target.port))


def misspells(view: NodeView, target: NodeView | None) -> bool:
    """Whether a replica of ``target`` spells it in a way that need not work where the replica is.

    Told another spelling, Redis connects anew; only the case of a name makes no difference to it.
    """
    if target is None or view.link_up or view.sync_in_progress or not view.follows_host:
        return False
    return view.follows_host.lower() != target.host.lower()


def check_another(step: Repoint) -> Generator[Request, Any, None]:
    """Whether the node is another server than the primary, by what it says now.

    One that may not be asked (ACL) is believed to be.
    """
    if not step.primary_run_id:
        return
    said = yield Call(("INFO", "server"))
    if isinstance(said, bytes) and read_fields(said).get("run_id") == step.primary_run_id:
        raise StepFailedError(
            step.node,
            f"is the very server that {step.primary_host}:{step.primary_port} leads to, under another name",
        )


def check_known(node: str, known: Known | None) -> Generator[Request, Any, None]:
    """The last look at a node that nobody configured: one connection leads to one process."""
    if known is None:
        return
    # Several sections in one INFO are an error before Redis 7.
    replies = yield Calls((("INFO", "server"), ("INFO", "replication")))
    error = next((reply for reply in replies if isinstance(reply, ReplyError)), None)
    if error is not None:
        raise StepFailedError(node, f"INFO: {error.message}")
    said = read_fields(b"\r\n".join(replies))
    found = Known(said.get("run_id", ""), said.get("role", ""), said.get("master_replid", ""))
    if found != known:
        raise StepFailedError(
            node, f"is not what was seen there: it is {_shown(found)}, and was {_shown(known)}"
        )


def _shown(known: Known) -> str:
    return f"a {known.role or 'server'} of run id {known.run_id[:8]} and history {known.replid[:8]}"


def check_follows(step: Repoint, ask_role: Command) -> Generator[Request, Any, None]:
    """Compared is where it leads: Redis keeps an older spelling of the same address."""
    role = role_said((yield Call(ask_role)))
    if isinstance(role, ReplyError):
        raise StepFailedError(step.node, f"REPLICAOF was done, and then {named(ask_role)}: {told(role)}")
    if not isinstance(role, list) or role[0] != b"slave":
        raise StepFailedError(step.node, "is not a replica after REPLICAOF")
    if plain((role[1].decode(), role[2])) != plain((step.primary_host, step.primary_port)):
        raise StepFailedError(
            step.node, f"does not follow {step.primary_host}:{step.primary_port} after REPLICAOF"
        )
