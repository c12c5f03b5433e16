"""Whom a leader's work would promote, given the facts: the ranking with the group's rules applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotion.actions import Facts
from promotion.candidates import Policy, Ranking, rank
from promotion.view import NodeView


def policy_now(policy: Policy, facts: Facts) -> Policy:
    """A replica's link may be down for as long as the primary itself has been silent, and the limit more.

    As Redis Sentinel does (``sentinelSelectSlave``): else no replica would be left after a long outage.
    """
    return replace(policy, max_link_down_s=policy.max_link_down_s + facts.silence_s)


def rank_now(
    policy: Policy,
    views: Sequence[NodeView],
    facts: Facts,
    *,
    requested: str | None = None,
    avoid: Mapping[str, str] | None = None,
    barred: Mapping[str, str] | None = None,
) -> Ranking:
    """The ranking of the replicas of the primary, by the newest entry."""
    assert facts.primary is not None
    return rank(
        facts.primary,
        views,
        policy_now(policy, facts),
        reference_offset_bytes=facts.reference_offset_bytes,
        zone=next((view.zone for view in views if view.name == facts.primary), None),
        requested=requested,
        avoid=avoid,
        barred=barred,
    )


def wiped_meanwhile(views: Sequence[NodeView], facts: Facts) -> bool:
    """The primary came back empty after a leader had cut its replicas off, and they hold the data.

    That they are cut off shows that they followed it when it was judged to be down; that the histories
    differ, that it was not emptied by a client since then.
    """
    primary = next((view for view in views if view.name == facts.primary), None)
    if primary is None or not primary.reachable or primary.role != "master" or primary.keys:
        return False
    own = {primary.replid, primary.replid2}
    return any(view.sealed and view.reachable and view.keys and view.replid not in own for view in views)


def self_made_primary(views: Sequence[NodeView], facts: Facts) -> str | None:
    """The committed primary answers as a replica: somebody changed the roles by hand.

    The node that it follows has its data and newer; if that is one of ours and a master, it is the
    primary in all but name. If it is not, the committed primary is put back in its role.
    """
    primary = next((view for view in views if view.name == facts.primary), None)
    if primary is None or primary.role != "slave" or not primary.reachable:
        return None
    for view in views:
        if view.name == primary.follows and view.reachable and view.role == "master":
            return view.name
    return primary.name
