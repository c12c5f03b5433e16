"""Rules about the sentinels: reasons why they could not elect a leader. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sentinel.preflight.facts import GroupFacts, Problem

CHANGE = (
    "Change cluster.members by one at a time, in one sentinel after the other: to replace one, add the new "
    "one first, then remove the old one."
)


def takes_part(facts: GroupFacts) -> Iterator[Problem]:
    """Sentinels that do not count in elections: with other members, or a lost past."""
    if facts.no_part:
        yield Problem(
            None,
            "error",
            "takes-no-part",
            f"this sentinel {facts.no_part}",
            "Start the sentinels that are missing; where several directories are lost, see docs/safety.md.",
        )
    for peer in sorted(facts.twice):
        yield Problem(
            None,
            "error",
            "runs-twice",
            f"two processes call themselves sentinel {peer}, and neither counts",
            "Stop one of the two, or give it an id, an address and a state directory of its own.",
        )
    for peer, cluster_id in sorted(facts.foreign.items()):
        yield Problem(
            None,
            "error",
            "other-cluster",
            f"sentinel {peer} is of another cluster ({cluster_id}), and neither listens to the other",
            "Whichever is alone with its id is to be founded anew: stop it, 'vedette found-anew', start it.",
        )
    for peer, why in sorted(facts.apart.items()):
        yield Problem(
            None, "error", "other-members", f"sentinel {peer} {why}: neither listens to the other", CHANGE
        )
