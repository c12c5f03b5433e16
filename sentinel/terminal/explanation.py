"""The output of ``explain``: the sentinels' opinions, the preflight, and what a failover now would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentinel.status.answers import CandidatesAnswer, GroupAnswer, PreflightAnswer
from sentinel.terminal.ages import age_between, age_text
from sentinel.terminal.screen import Screen
from sentinel.terminal.show import headline, nodes_table, opinion_word

BAD = "bold red"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``body`` is the group's answer as it came, for what not every release tells.

    ``candidates`` is None while no primary is known, or where the ranking was refused: ``refusal`` says why.
    ``preflight`` is None where the sentinel did not tell. ``now`` is this host's clock, ISO 8601.
    """

    group: GroupAnswer
    body: Mapping[str, Any]
    candidates: CandidatesAnswer | None
    refusal: str
    preflight: PreflightAnswer | None
    now: str

    def obstacles(self) -> list[str]:
        """Why no failover is possible now; empty if one is.

        It is the sentinel's own word. Where a release does not tell that, what else it told is put together.
        """
        verdict = self.body.get("can_fail_over")
        if isinstance(verdict, dict):
            if verdict.get("ok"):
                return []
            return [str(reason) for reason in verdict.get("reasons", ())] or ["the sentinel gives no reason"]
        return list(self._derived())

    def _derived(self) -> Sequence[str]:
        group, found = self.group, []
        if not group.has_majority:
            of = f" of {len(group.members)}" if group.members else ""
            found.append(f"fewer than {group.majority}{of} sentinels are in touch")
        if group.takes_no_part is not None:
            found.append(f"this sentinel takes no part: {group.takes_no_part}")
        if group.paused is not None:
            found.append("the group is paused: nobody is promoted unless an operator names the node")
        if group.topology is None:
            return [*found, group.ambiguous or "it is not known which node is primary"]
        if self.candidates is None:
            return [*found, self.refusal]
        if self.candidates.refusal is not None:
            found.append(self.candidates.refusal)
        elif self.candidates.chosen is None:
            found.append("no replica is eligible")
        return found


def show_explanation(screen: Screen, told: Explanation) -> None:
    group = told.group
    headline(screen, group)
    if (made := group.topology) is not None:
        how = f"replaced {made.previous}, cause: {made.cause}" if made.previous else made.cause
        screen.line(f"  Committed by {made.leader} at {made.since} ({how}).")
    _outage(screen, told.body.get("primary_down"))
    if (change := group.failover) is not None:
        screen.line(
            f"  A change is under way: phase {change.phase or 'known to its leader only'}, "
            f"to {change.target or 'a node not chosen yet'}, because of {change.cause or 'its leader'}, "
            f"led by {change.leader or 'nobody yet'}."
        )
    screen.line(
        f"  {group.quorum} sentinels must call the primary down; {group.majority} must take part in a change."
    )
    screen.line()
    screen.line("What each sentinel says")
    screen.table(
        ("NODE", "SENTINEL", "SAYS", "BECAUSE OF"),
        [
            (node.node, opinion.sentinel, opinion_word(opinion.down), opinion.grade)
            for node in group.nodes
            for opinion in node.opinions
        ],
    )
    screen.line()
    screen.line("The nodes")
    nodes_table(screen, group)
    screen.line()
    if told.preflight is not None:
        _preflight(screen, told.preflight, told.now)
        screen.line()
    _verdict(screen, told)


def _outage(screen: Screen, down: object) -> None:
    """The outage clock, where the sentinel tells it."""
    if not isinstance(down, dict) or not isinstance(down.get("for_ms"), (int, float)):
        return
    screen.line(
        f"  The primary is down for {age_text(down['for_ms'] / 1000)}, since {down.get('since')}.", BAD
    )
    attempts = down.get("attempts")
    if isinstance(attempts, list):
        attempts = len(attempts)
    if attempts:
        wait_ms = down.get("next_attempt_in_ms")
        when = f"; the next in {age_text(wait_ms / 1000)}" if isinstance(wait_ms, (int, float)) else ""
        screen.line(f"  Attempts in vain: {attempts}{when}. The last failed: {down.get('last_reason')}", BAD)


def _preflight(screen: Screen, preflight: PreflightAnswer, now: str) -> None:
    if preflight.checked_at is None:
        screen.line("The preflight has not looked at the nodes yet, or is switched off.")
        return
    age = age_between(preflight.checked_at, now)
    looked = f"at {preflight.checked_at}{f', {age} ago' if age else ''}"
    if not preflight.problems:
        screen.line(f"The preflight found nothing {looked}.")
        return
    screen.line(f"What the preflight found {looked}")
    screen.table(
        ("SEVERITY", "NODE", "CODE", "PROBLEM"),
        [(found.severity, found.node, found.code, found.problem) for found in preflight.problems],
    )


def _verdict(screen: Screen, told: Explanation) -> None:
    obstacles = told.obstacles()
    for reason in obstacles:
        text = reason if reason.lower().startswith("no failover") else f"No failover is possible: {reason}"
        screen.line(text, BAD)
    candidates = told.candidates
    if candidates is None:
        return
    if not obstacles:
        screen.line(f"A failover now would choose {candidates.chosen or 'nobody'}")
    if candidates.may_have_lost is not None:
        screen.line(f"  ! may lose {candidates.may_have_lost}", BAD)
    ranked = sorted(candidates.candidates, key=lambda c: (c.rank is None, c.rank or 0, c.node))
    screen.table(
        ("RANK", "NODE", "PRIORITY", "LAG BYTES", "REASON"),
        [(c.rank, c.node, c.priority, c.lag_bytes, c.reason) for c in ranked],
    )
