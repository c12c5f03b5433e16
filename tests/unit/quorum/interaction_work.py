"""What a leader makes of an entry and of the nodes it has read: the leader's work, on a script's member."""

from __future__ import annotations

from collections.abc import Mapping

from promotion.actions import Action, GiveUp, Observe, Resettle, Run, WriteIntent, WriteTopology
from promotion.candidates import Policy
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings
from quorum.member import Member
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.situation import CoordinatorConfig, Situation
from tests.unit.quorum.interaction_env import GROUP, NODES
from tests.unit.quorum.interaction_script import CommandError

SETTINGS = WorkSettings(Policy(max_link_down_s=10.0, max_age_s=5.0), parallel_syncs=1, limit_s=10.0)
PORT = 6379


def decide(member: Member, roles: Mapping[str, str], now: float) -> list[str]:
    """The actions of work that begins now and reads the nodes in ``roles``; the others do not answer.

    Whatever the work asks the leader to write, the script proposes.
    """
    if not member.view.lease_valid(now):
        raise CommandError(f"{member.config.self_id} does not lead")
    book = NodeBook([NodeSpec(node, node, PORT) for node in NODES], discover=False)
    facts = Situation(CoordinatorConfig(GROUP, SETTINGS, None), member, book, now).facts(now)
    work = Work(SETTINGS, None, {}, now)
    views = [_view(node, roles.get(node), facts.primary, member.is_odown(node)) for node in NODES]
    actions = work.begin([], facts, now) + work.observed(views, facts, now)
    return [line for action in actions for line in _said(action)]


def _view(node: str, role: str | None, primary: str | None, down: bool) -> NodeView:
    return NodeView(
        node,
        node,
        PORT,
        reachable=role is not None,
        down=down,
        role=role or "",
        run_id=node,
        keys=100,
        offset_bytes=1000,
        replid="one-history",
        follows=primary if role == "slave" else None,
        link_down_s=0.1 if role == "slave" else None,
    )


def _said(action: Action) -> list[str]:
    match action:
        case Observe(nodes):
            return [f"read {', '.join(nodes)}"]
        case WriteIntent(target):
            return [f"write intent={target}"]
        case WriteTopology(primary):
            return [f"write primary={primary}"]
        case Resettle():
            return ["write unchanged"]
        case Run(step):
            return [f"{type(step).__name__.lower()} {step.node}"]
        case GiveUp(reason):
            return [f"give up: {reason}"]
        case _:
            return []
