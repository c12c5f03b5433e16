"""What must hold whatever is refused, and what cannot be asked for because Redis itself was the refusal."""

from __future__ import annotations

from promotion.actions import SWITCHOVER_TIMEOUT_S
from sentinel.process.limits import STEP_S
from tests.simulation.model_redis.refusals import CONNECT, How
from tests.simulation.refusals.cases import WATCHING, Case
from tests.simulation.refusals.scenarios import PRIMARY, TARGET
from tests.simulation.refusals.trial import LASTS_S, Seen
from tests.simulation.sick import Ailment

LOST, MASTER, UNFENCED = "a write is lost", "a stray master stays", "the primary is not fenced"
OUTAGE, NO_PRIMARY = "no writes for too long", "nobody takes writes"
ASTRAY, TOLD, RACE = "not in order", "not told with node and command", "elections race"
AFTER, BROKEN = "not in order after the refusal", "a rule is broken"
RULES = (LOST, MASTER, UNFENCED, OUTAGE, NO_PRIMARY, ASTRAY, TOLD, RACE, AFTER, BROKEN)

MAX_ELECTIONS = 12
"""In ``LASTS_S``. Attempts that double their distance from 1 s to 10 s are seven."""
MARGIN_S = 1.5
"""To be elected, and to read the nodes."""
FORBIDDEN = ("NOPERM", "unknown command")
"""What is so until somebody changes the configuration. Of the other errors Redis itself says when they come:
those cases are the states of a node (``Ailment``); given for ever to any request they make no sense.
"""
ESSENTIAL = frozenset({"WATCH", "GET", "INFO", "INFO REPLICATION", "PING", CONNECT})
"""Without these no node can be led at all: it cannot be seen, or changed; or the fence cannot be read, and
then nothing is done (S4).
"""


def judge(case: Case, seen: Seen) -> dict[str, str]:
    """Rule -> what is wrong. Empty if all holds."""
    wrong: dict[str, str] = {}
    if seen.broken:
        wrong[BROKEN] = seen.broken
    if seen.lost:
        wrong[LOST] = f"{len(seen.lost)}, first {seen.lost[0]}"
    if seen.unsettled:
        wrong[AFTER] = seen.unsettled
    if len(seen.elections) > MAX_ELECTIONS:
        wrong[RACE] = f"{len(seen.elections)} in {LASTS_S:g} s"
    if not (seen.struck or case.ailment):
        return wrong
    excused = impossible(case)
    stray = [name for name in seen.stray if not (excused and may_stay_astray(case, seen, name))]
    if stray:
        wrong[MASTER] = ", ".join(stray)
    if not excused:
        if not seen.writable:
            wrong[NO_PRIMARY] = seen.astray or "?"
        elif seen.astray and not seen.stray and not keeps_replicas_away(case):
            wrong[ASTRAY] = seen.astray
    if seen.unfenced and not _forbids_fence(case):
        wrong[UNFENCED] = seen.unfenced
    limit_s = outage_limit_s(case)
    if seen.longest_gap_s > limit_s:
        wrong[OUTAGE] = f"{seen.longest_gap_s:.1f} s, the limit is {limit_s:g} s"
    if not told(case, seen):
        wrong[TOLD] = "; ".join(sorted({text for _, _, text in seen.failures})) or "nothing is told"
    return wrong


def impossible(case: Case) -> bool:
    """Whether Redis itself was what refused for good, so that there is nothing to be done but to tell it.

    Then the old state is kept. A node that is silent, or cuts the connection, each time that it is asked
    something is as good as one that cannot be reached, whatever it was asked.
    """
    if case.nth is not None:
        return False
    if case.ailment is not None:
        # Started anew it has one connection, which is anybody's; and who must be acknowledged needs some.
        started = case.scenario.fails_over and PRIMARY in case.nodes
        return case.ailment is Ailment.NO_CLIENTS and (started or case.scenario.rules.safety is not None)
    return case.command in ESSENTIAL or case.how is not How.ERROR or case.label not in FORBIDDEN


def keeps_replicas_away(case: Case) -> bool:
    """Who has no disk cannot synchronise, and with whom has no connections left nobody can."""
    return case.ailment in (Ailment.NO_DISK, Ailment.NO_CLIENTS)


def may_stay_astray(case: Case, seen: Seen, node: str) -> bool:
    """Who was no replica before anybody touched it; and who obeys, and never says so.

    So too whom a change made primary before it was known that it answers nobody: it is down from then on.
    """
    if case.how.carried_out:
        return True
    quiet = case.command in ("PING", CONNECT) and case.how in (How.SILENCE, How.CUT)
    if quiet and node in case.nodes and any(made == node for _, _, made in seen.causes):
        return True
    return node == PRIMARY if case.scenario.fails_over else node == TARGET and not case.scenario.switches_over


def _forbids_fence(case: Case) -> bool:
    """The fence is a write: a node, or all of them, that takes none from us has no fence."""
    return case.nth is None and case.command in ("EVAL", "WATCH", "GET", "MULTI", "EXEC")


def outage_limit_s(case: Case) -> float:
    """How long nobody may take writes."""
    quiet_s = 0.0 if case.how in (How.ERROR, How.ERROR_AT_EXEC) else STEP_S
    if case.scenario.switches_over:
        return SWITCHOVER_TIMEOUT_S + quiet_s + MARGIN_S
    if not case.scenario.fails_over:
        # A stray master does not concern the primary, but its own refusals may look like its end.
        return 0.5 + (quiet_s + MARGIN_S if PRIMARY in case.nodes else 0.0)
    if impossible(case) and case.node != PRIMARY:
        return LASTS_S + 1.0
    return 2 * (quiet_s + MARGIN_S) + (1.0 if case.scenario.rules.acknowledged_by is None else 3.0)


def told(case: Case, seen: Seen) -> bool:
    """Each failure that is because of the refusal names the node and the command; and if something stays as
    it should not be, there is one.
    """
    texts = [text for _, _, text in seen.failures if any(node in text for node in case.nodes)]
    if case.nth is None and (seen.astray or seen.unfenced) and not texts:
        # That a replica cannot synchronise is seen in its state: nobody was refused anything. And PING and
        # INFO belong to those who watch.
        watching = case.command in WATCHING or case.command.startswith("CONFIG")
        seen_otherwise = case.ailment is Ailment.NO_DISK or watching
        senseless = case.how is not How.ERROR or case.label not in FORBIDDEN
        return bool(seen.watched) or (seen_otherwise and senseless)
    if case.ailment is not None:
        return True
    command = case.command.partition(" ")[0]
    because = [text for text in texts if case.error.partition("{")[0] in text]
    if case.how not in (How.ERROR, How.ERROR_AT_EXEC):
        because = [text for text in texts if "was not answered" in text]
    if case.command == CONNECT or case.label == "LOADING" or case.command in WATCHING:
        # Nodes that start are loading.
        return True
    return all(command in text for text in because)
