"""Ranks the replicas by the facts of the moment: ``candidates`` with the group's rules, and a last resort."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotion.actions import Facts
from promotion.candidates import Policy, Ranking, Verdict, rank
from promotion.shortfall import shortfall
from promotion.stranded import lacks, newest_stranded
from promotion.view import NodeView, find


def policy_now(policy: Policy, views: Sequence[NodeView], facts: Facts) -> Policy:
    """The policy in which a replica's link may be down for the limit plus the primary's own silence.

    Redis Sentinel does the same (``sentinelSelectSlave``): else no replica would be left after a long outage.
    So a stall of this sentinel does not shorten the silence. There is no limit if the primary answers, but
    not as a primary: the replicas are compared with it, and nothing newer can come back with it.
    """
    there = _deposed(views, facts) is not None
    away_s = math.inf if there else max(facts.silence_s, facts.unanswered_s)
    return replace(policy, max_link_down_s=policy.max_link_down_s + away_s)


def rank_now(
    policy: Policy,
    views: Sequence[NodeView],
    facts: Facts,
    *,
    requested: str | None = None,
    by_operator: bool = False,
    avoid: Mapping[str, str] | None = None,
    barred: Mapping[str, str] | None = None,
) -> Ranking:
    """The ranking of the primary's replicas; if none is eligible, a last resort is chosen.

    The primary is that of the newest entry. If ``requested`` is given, only that node may be chosen;
    ``by_operator`` says that a person named it. ``may_have_lost`` says what the chosen node is known to lack.
    """
    ranking = _rank_now(policy, views, facts, requested, by_operator, avoid, barred)
    if ranking.chosen is None or ranking.may_have_lost is not None:
        return ranking
    return replace(ranking, may_have_lost=shortfall(ranking.chosen, views, facts))


def _rank_now(
    policy: Policy,
    views: Sequence[NodeView],
    facts: Facts,
    requested: str | None,
    by_operator: bool,
    avoid: Mapping[str, str] | None,
    barred: Mapping[str, str] | None,
) -> Ranking:
    assert facts.primary is not None
    rules = {**_less_than_primary(views, facts), **_wiped_along(views, facts), **(barred or {})}
    now = policy_now(policy, views, facts)
    ranking = rank(
        facts.primary,
        views,
        now,
        history=facts.history,
        lost=facts.histories,
        zone=next((view.zone for view in views if view.name == facts.primary), None),
        requested=requested,
        avoid=avoid,
        barred=rules,
    )
    if ranking.chosen is not None or not (requested is None or by_operator):
        return ranking
    made = last_resort(views, facts, requested)
    if made is not None and made not in {*(avoid or {}), *(barred or {})}:
        return _with(ranking, made, facts.primary, _claim(made, requested), requested)
    if made is not None or requested is not None or not facts.down:
        return ranking
    left = [view for view in _holders(views, facts) if view.name not in {*(avoid or {}), *rules}]
    found = newest_stranded(left, views, facts, now.max_link_down_s)
    if found is None:
        return ranking
    claim = f"it followed {found.follows}, and holds the history of {facts.primary}"
    ranking = replace(ranking, may_have_lost=lacks(found, views, facts))
    return _with(ranking, found.name, facts.primary, claim)


def _with(ranking: Ranking, made: str, primary: str, claim: str, requested: str | None = None) -> Ranking:
    """The ranking with ``made`` chosen, although the rules for a replica of the primary reject it."""
    why = f"not a replica of {primary}, but a last resort: {claim}"
    verdicts = [
        replace(verdict, eligible=True, rank=1, reason=why) if verdict.node == made else verdict
        for verdict in ranking.verdicts
    ]
    first = tuple(sorted(verdicts, key=_eligible_first))
    return replace(ranking, verdicts=first, chosen=made, decided=requested is not None)


def _deposed(views: Sequence[NodeView], facts: Facts) -> NodeView | None:
    """The primary, if it answers as a replica, or without its data."""
    primary = find(facts.primary, views)
    if primary is None or not facts.down or not primary.reachable or primary.loading:
        return None
    return primary if primary.role == "slave" or facts.histories else None


def _less_than_primary(views: Sequence[NodeView], facts: Facts) -> dict[str, str]:
    """The replicas that hold even less than a primary that lost data or came back as a replica."""
    primary = _deposed(views, facts)
    if primary is None:
        return {}
    why = f"holds less than {primary.name}, which is there"
    return {
        view.name: why
        for view in views
        if any(
            (has := view.held(history)) is not None
            and (holds := primary.held(history)) is not None
            and has < holds
            for history in {primary.replid, *facts.histories}
        )
    }


def _wiped_along(views: Sequence[NodeView], facts: Facts) -> dict[str, str]:
    """The nodes that followed a wiped primary into its new history while another node holds the former one.

    Each is rejected, with the reason. Offsets of two histories cannot be compared: the new history may well
    be the longer one. The rule also holds if the node with the former history may not be promoted: a
    promotion of another would wipe it.
    """
    answering = [v for v in views if v.name != facts.primary and v.reachable and not v.down]
    kept = [v.name for v in answering if v.replid in facts.histories and v.keys and not v.loading]
    if not kept:
        return {}
    why = f"holds what {facts.primary} has taken since it lost its data, which {', '.join(kept)} still holds"
    return {view.name: why for view in answering if view.name not in kept}


def last_resort(views: Sequence[NodeView], facts: Facts, requested: str | None) -> str | None:
    """The node to promote if the primary is down and none of its replicas is eligible.

    It is a node that somebody made a master by hand and whose former history (``master_replid2``) is the
    primary's: it has the primary's data up to that moment. Of several, the one that left last is taken.
    An operator may name any node that holds data, also if the primary is up but empty.
    """
    if requested is not None:
        return requested if requested in operator_may_name(views, facts) else None
    primary = find(facts.primary, views)
    holders = _holders(views, facts)
    histories = facts.histories or ({primary.replid} if primary is not None else set())
    heirs = [view for view in holders if view.role == "master" and view.replid2 in histories]
    # The offsets at which they left one history can be compared; what each wrote in its own since cannot.
    newest = max(
        heirs, key=lambda view: (view.replid2 == facts.history, view.second_offset or 0), default=None
    )
    return newest.name if newest is not None and facts.down else None


def operator_may_name(views: Sequence[NodeView], facts: Facts) -> tuple[str, ...]:
    """The nodes that an operator may name where no rule chooses one: all that hold data.

    It is empty unless the primary is down or empty. None of the nodes need have the primary's last writes, so
    no rule chooses among them. A person may know better, and may have a backup.
    """
    primary = find(facts.primary, views)
    empty = primary is not None and primary.reachable and not primary.keys
    return tuple(view.name for view in _holders(views, facts)) if facts.down or empty else ()


def refusal_with_options(reason: str, views: Sequence[NodeView], facts: Facts) -> str:
    """``reason``, and the nodes that an operator may name: the person who is woken must know the options."""
    names = operator_may_name(views, facts)
    return f"{reason}; an operator may name one that holds data: {', '.join(names)}" if names else reason


def _holders(views: Sequence[NodeView], facts: Facts) -> list[NodeView]:
    return [
        view
        for view in views
        if view.name != facts.primary
        and view.reachable
        and view.keys
        and not (view.down or view.loading or view.hands_off or view.barred)
    ]


def _claim(node: str, requested: str | None) -> str:
    return "an operator named it" if node == requested else "a master by hand that continues its history"


def _eligible_first(verdict: Verdict) -> bool:
    return not verdict.eligible


def wiped_meanwhile(views: Sequence[NodeView], facts: Facts) -> bool:
    """Whether the primary came back empty after a leader had cut its replicas off, and they hold the data.

    The cut shows that they followed it when it was judged to be down. The different histories show that no
    client emptied it since then.
    """
    primary = find(facts.primary, views)
    if primary is None or not primary.reachable or primary.role != "master" or primary.keys:
        return False
    own = {primary.replid, primary.replid2}
    return any(view.sealed and view.reachable and view.keys and view.replid not in own for view in views)
