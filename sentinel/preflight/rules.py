"""Finds the problems in a group's facts that would affect a failover, before it happens. Pure.

A healthy group of servers with default settings has none. Faults that Vedette corrects within moments (a
replica that follows another node) are not reported; faults that only people can correct are, with advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promotion.places import written
from sentinel.coordination.who_is_who import IN_CLUSTER_MODE
from sentinel.preflight.certificates import certificates
from sentinel.preflight.data_rules import DATA_RULES
from sentinel.preflight.facts import SEVERITIES, GroupFacts, Problem
from sentinel.preflight.identity_rules import IDENTITY_RULES, without_balanced, without_doubles
from sentinel.preflight.kinship_rules import KINSHIP_RULES
from sentinel.preflight.members_rules import takes_part
from sentinel.preflight.other_monitors import other_monitors
from sentinel.preflight.permissions import permission_problems
from sentinel.preflight.scripts import long_scripts

Rule = Callable[[GroupFacts], Iterator[Problem]]

_ADVICE_OF_FAILURE = {
    "unreachable": "Start it, or make it reachable from this host: address, firewall, name service.",
    "credentials": "Set username and password of the group to what the node accepts.",
    "protected-mode": "Give it a password, or set protected-mode no where only the group reaches it.",
    "tls": "Make the group's tls settings fit the node's certificate and port.",
    "not-usable": "See what listens there: it must be a Redis or Valkey server, not in cluster mode.",
}


def find_problems(facts: GroupFacts) -> tuple[Problem, ...]:
    """All problems: errors first; within a severity those of the whole group, then node by node."""
    order = {node.name: place for place, node in enumerate(facts.nodes)}
    once = without_doubles(without_balanced(facts))
    found = [problem for rule in RULES for problem in rule(once)]
    found += [problem for rule in IDENTITY_RULES for problem in rule(facts)]
    return tuple(
        sorted(found, key=lambda p: (SEVERITIES.index(p.severity), order.get(p.node or "", -1), p.code))
    )


def _unusable(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.nodes:
        failure = node.failure
        if failure is None:
            continue
        if node.discovered and failure.code == "unreachable":
            yield _announced(node.name, node.name, failure.detail)
        else:
            advice = _ADVICE_OF_FAILURE[failure.code]
            yield Problem(node.name, "error", failure.code, failure.detail, advice)


def _cluster_mode(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen:
        if node.info_fields.get("cluster_enabled") == "1":
            yield Problem(
                node.name,
                "error",
                "cluster-mode",
                IN_CLUSTER_MODE,
                "Redis Cluster fails over by itself. Take the node out, or set cluster-enabled no.",
            )


def _primaries(facts: GroupFacts) -> Iterator[Problem]:
    masters = [node.name for node in facts.seen if node.info is not None and node.info.role == "master"]
    if len(masters) > 1:
        yield Problem(
            None,
            "error",
            "two-primaries",
            f"{' and '.join(masters)} all answer as primaries",
            "If Vedette does not demote all but one by itself, `vedette explain GROUP` says why.",
        )
    elif not masters and facts.seen and len(facts.seen) == len(facts.nodes):
        yield Problem(
            None,
            "error",
            "no-primary",
            "no node answers as a primary",
            "REPLICAOF NO ONE at the node whose data counts, or `vedette failover GROUP`.",
        )


def _nobody_to_promote(facts: GroupFacts) -> Iterator[Problem]:
    if len(facts.nodes) == 1:
        yield Problem(
            None,
            "error",
            "no-replica",
            "has no replica: nothing can be promoted",
            "Add a replica to the group's nodes.",
        )
        return
    replicas = facts.replicas
    if replicas and all(node.effective_priority == 0 for node in replicas):
        yield Problem(
            None,
            "error",
            "never-promoted",
            f"{' and '.join(node.name for node in replicas)} have priority 0, which is never promoted",
            "Set replica-priority (or the node's priority in the configuration) to 100 at one of them.",
        )


def _links(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.replicas:
        assert node.info is not None
        if node.info.link_up:
            continue
        if node.info.loading:
            yield Problem(
                node.name,
                "warning",
                "loading",
                "is loading its data, and cannot be promoted before that is done",
                "Wait. loading_timeout says after how long it counts as down.",
            )
        elif node.info.sync_in_progress:
            yield Problem(
                node.name,
                "warning",
                "syncing",
                "is copying its primary's data, and cannot be promoted before that is done",
                "Wait. If it begins again and again, its primary's log says why.",
            )
        else:
            yield Problem(
                node.name,
                "error",
                "link-down",
                "is not linked to its primary, so it falls behind until it can no longer be promoted",
                "See the replica's log: masterauth, name resolution or the network between the two.",
            )


def _chains(facts: GroupFacts) -> Iterator[Problem]:
    names = {node.name for node in facts.replicas}
    for node in facts.replicas:
        assert node.info is not None
        host, port = node.info.master_host, node.info.master_port
        above = facts.at((host, port)) if host is not None and port is not None else None
        if above is not None and above.name in names:
            yield Problem(
                node.name,
                "warning",
                "chained",
                f"replicates from {above.name}, which is a replica too",
                "Vedette points it at the primary when it leads. If it does not, see its log.",
            )


def _replication_password(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen:
        if not node.refused_by:
            continue
        reasons: dict[str, list[str]] = {}
        for other, reason in node.refused_by.items():
            reasons.setdefault(reason, []).append(other)
        refusals = "; ".join(f"{' and '.join(others)}: {reason}" for reason, others in reasons.items())
        yield Problem(
            node.name,
            "error",
            "replication-password",
            f"could not follow another node as primary, by its masteruser and masterauth ({refusals})",
            "CONFIG SET masterauth (and masteruser) to what the other nodes accept, then CONFIG REWRITE.",
        )


def _loopback(facts: GroupFacts) -> Iterator[Problem]:
    local = [node for node in facts.nodes if _is_loopback(node.reach[0])]
    if len(local) == len(facts.nodes):
        return
    for node in local:
        yield Problem(
            node.name,
            "error",
            "loopback-address",
            f"the other nodes would be told to follow {node.reach[0]}, which is themselves",
            "Configure the node, or its announce, by an address that the other nodes reach.",
        )


def _strangers(facts: GroupFacts) -> Iterator[Problem]:
    for stranger in facts.strangers:
        address = written(*stranger.address)
        if stranger.as_itself:
            yield _misannounced(stranger.reporter, address, f"is not reached ({stranger.detail})")
            continue
        if not stranger.as_primary:
            yield _announced(stranger.reporter, address, stranger.detail)
            continue
        yield Problem(
            stranger.reporter,
            "warning",
            "unknown-primary",
            f"follows {address}, which is none of the group's nodes ({stranger.detail})",
            "Name the primary in the configuration as the replicas do, or by `announce`.",
        )


def _announcements(facts: GroupFacts) -> Iterator[Problem]:
    for node in facts.seen:
        if node.announced is None:
            continue
        address, other = written(*node.announced), facts.at(node.announced)
        if other is not None and other.name != node.name:
            yield _misannounced(node.name, address, f"is another node, {other.name}")
        elif _is_loopback(node.announced[0]) and not _is_loopback(node.reach[0]):
            yield _misannounced(node.name, address, "is another machine to everybody else")


def _misannounced(node: str, address: str, trouble: str) -> Problem:
    return Problem(
        node,
        "warning",
        "announced-address",
        f"announces itself as {address}, which {trouble}: as a replica it is not known by its name",
        "Set replica-announce-ip and replica-announce-port to its configured address, or to nothing.",
    )


def _announced(node: str, address: str, detail: str) -> Problem:
    return Problem(
        node,
        "warning",
        "announced-address",
        f"{address} is reported as a replica, is none of the configured nodes, and is not reached ({detail})",
        "Set replica-announce-ip and replica-announce-port at that replica to its configured address.",
    )


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1")


RULES: tuple[Rule, ...] = (
    _unusable,
    _cluster_mode,
    _primaries,
    _nobody_to_promote,
    _links,
    _chains,
    permission_problems,
    other_monitors,
    certificates,
    long_scripts,
    _replication_password,
    _loopback,
    _announcements,
    _strangers,
    *KINSHIP_RULES,
    *DATA_RULES,
    takes_part,
)
