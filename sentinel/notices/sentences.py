"""Words each event as one sentence, so that the log of a failover reads as a story.

Every event has its sentence here; mypy checks that none is missing.
"""

from __future__ import annotations

from typing import assert_never

from promotion import events as work
from promotion.candidates import Ranking
from quorum.messages import Topology
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice
from sentinel.process.instants import iso


def sentence(notice: Notice) -> str:
    event, term = notice.event, notice.term
    if isinstance(event, nodes.NodeEvent):
        return _of_node(event)
    if isinstance(event, leaders.LeaderEvent):
        return _of_leader(event, term)
    if isinstance(event, operators.OperatorEvent):
        return _of_operator(event, term)
    return _of_work(event, term)


def _of_node(event: nodes.NodeEvent) -> str:
    if isinstance(event, nodes.Health):
        return _of_health(event)
    if isinstance(event, nodes.Identity):
        return _of_identity(event)
    match event:
        case nodes.Discovered(node):
            return f"{node} is a replica that nobody configured; watching it too"
        case nodes.NotWatched(node, reason):
            return f"{node} is a replica that is not watched: {reason}"
        case nodes.Dropped(node, reason):
            return f"{node} is not watched any more, {reason}"
        case nodes.Foreign(node, reason):
            return f"{node} is configured, and is neither demoted nor re-pointed: {reason}"
        case nodes.Identified(node, was):
            return f"{node} is no longer {was}"
        case nodes.Ambiguous(reason):
            return f"it is not clear which node is primary: {reason}"
        case _:
            assert_never(event)


def _of_health(event: nodes.Health) -> str:
    match event:
        case nodes.NodeDown(node, grade, after_ms, detail, primary):
            return f"{_who(node, primary)} is subjectively down ({grade} for {after_ms} ms): {detail}"
        case nodes.NodeUp(node):
            return f"{node} is up again"
        case nodes.NodeUnknown(node, detail):
            return f"{node} is neither known to be up nor to be down: {detail}"
        case nodes.QuorumDown(node, agree, primary):
            return f"{_who(node, primary)} is objectively down, say {', '.join(agree)}"
        case nodes.QuorumUp(node, agree, primary):
            verb = "calls" if len(agree) == 1 else "call"
            still = f", though {', '.join(agree)} still {verb} it down" if agree else ""
            return f"{_who(node, primary)} is no longer objectively down{still}"
        case nodes.Misconfigured(node, detail):
            return f"{node} refuses us, so it lives: {detail}"
        case nodes.Blind(node, detail):
            return f"this sentinel cannot look at {node}: {detail}"
        case nodes.Degraded(node, _, detail):
            return f"primary {node} lives, but {detail}"
        case nodes.Recovered(node, refuses):
            return f"primary {node} no longer refuses its clients (-{refuses})"
        case nodes.DataLost(node, lost):
            return f"{node} has lost data, and no node holds it any more: {lost}; only a backup may"
        case _:
            assert_never(event)


def _of_identity(event: nodes.Identity) -> str:
    match event:
        case nodes.Double(node, used):
            return f"{node} and {used} are one server: {used} is used, and {node} is left out; list it once"
        case nodes.Balanced(node, reason):
            several = f"{node} leads to several servers in turn, so it is no node and is left out"
            return f"{several}: {reason}; list the name of each server"
        case nodes.Contested(node, reason):
            return f"nothing is changed at {node}: {reason}"
        case nodes.Clustered(node, reason):
            return f"nothing is changed at {node}: it {reason}"
        case nodes.Unlisted(node):
            return (
                f"the primary {node} is not among the nodes of the configuration; it is watched all the same"
            )
        case nodes.Unwatched(node):
            return f"the primary {node} is not watched: this sentinel would not notice its loss"
        case _:
            assert_never(event)


def _of_leader(event: leaders.LeaderEvent, term: int) -> str:
    match event:
        case leaders.Elected(reasons, _, instead_of):
            because = ", ".join(reasons) or "nothing any more"
            others = "".join(f"; instead of {who}: {why}" for who, why in instead_of.items())
            return f"elected leader in term {term} because of {because}{others}"
        case leaders.SteppedDown(reason):
            return f"no longer leader of term {term}: {reason}"
        case leaders.StandsBack(reason, able):
            peers = ", ".join(able)
            return f"this sentinel could promote nobody, and lets {peers} lead, who could: {reason}"
        case leaders.StandsAgain():
            return "this sentinel could promote a node again"
        case leaders.FailoverStarted(primary, cause):
            return f"failover from {primary} begins, term {term}: {cause}"
        case leaders.FailoverAborted():
            return _given_up("failover", event, term)
        case leaders.RepairAborted():
            return _given_up("re-pointing", event, term)
        case leaders.IntentCommitted(node):
            return f"a majority knows that {node} is about to be promoted"
        case leaders.TopologyCommitted(topology):
            return _of_topology(topology)
        case leaders.LossMeasured(made):
            lost = f"at most {made.lost_bytes} bytes of writes were lost"
            return f"{lost} when {made.primary} replaced {made.previous}"
        case leaders.StepIncomplete(step, node, reason):
            return f"{step} went without what {node} refused: {reason}"
        case leaders.Fenced(node, found_term):
            return f"{node} refused the command: it has seen term {found_term}"
        case leaders.FenceIgnored(node, found):
            return (
                f"the fence at {node} holds {found}, which is more than 2^32 above term {term}: "
                "no leader wrote it, so it counts as missing, and is written over; find out which client does"
            )
        case leaders.WorkDone():
            return f"nothing left to do in term {term}"
        case leaders.SelfFenced(node, cut_off_ms):
            return f"out of touch with the majority for {cut_off_ms} ms: pausing the writes of {node}"
        case leaders.SelfFenceEnded(node, reason):
            return f"the writes of {node} are no longer paused: {reason}"
        case leaders.Stalled(gap_ms):
            return f"this process did not run for {gap_ms} ms: it distrusts what it saw"
        case _:
            assert_never(event)


def _of_operator(event: operators.OperatorEvent, term: int) -> str:
    match event:
        case operators.Requested(kind, node):
            return f"an operator asks for a {kind}{f' to {node}' if node else ''}"
        case operators.Paused(_, by, reason):
            why = f" ({reason})" if reason else ""
            return f"paused{why}, asked for at {by}: detection goes on, and nothing is changed"
        case operators.Resumed():
            return "no longer paused: what is due is done now"
        case operators.Scheduled(operation, at_ms, to):
            at = iso(at_ms)
            return f"a switchover to {to or 'the best replica'} is scheduled for {at}, as {operation}"
        case operators.ScheduleClosed(operation, outcome, reason):
            why = f": {reason}" if reason else ""
            return f"the scheduled switchover {operation} is {outcome}{why}"
        case operators.OrderDone(operation):
            return f"a majority agreed on order {operation} in term {term}"
        case operators.OrderRefused(operation, reason):
            return f"order {operation} was not carried out: {reason}"
        case _:
            assert_never(event)


def _of_work(event: work.Event, term: int) -> str:
    match event:
        case work.Held(_, reason):
            return f"waiting: {reason}"
        case work.Sealing(nodes_):
            return f"cutting off {', '.join(nodes_)}, so that they acknowledge no more writes"
        case work.Regressed(node, reason):
            return f"{node} does not get its role back: {reason}"
        case work.Overruled(node, reason):
            return f"an operator named {node}, which overrules {reason}"
        case work.CandidateChosen(node, ranking):
            reasons = _reasons(ranking, but=node)
            return f"chose {node}" + (f" (not {reasons})" if reasons else "")
        case work.IntentCancelled(node):
            return f"{node} need not be promoted any more"
        case work.WritesPaused(node, for_ms):
            return f"the writes of {node} are paused, for {for_ms} ms at most"
        case work.WritesResumed(node):
            return f"{node} takes writes again"
        case work.HandedOver(node):
            return f"{node} has handed over, and takes no writes any more"
        case work.Promoted(node):
            return f"promoted {node}, fenced with term {term}"
        case work.Repointed(node, primary):
            return f"{node} now replicates from {primary}"
        case work.Demoted(node, primary, lost):
            gone = f"; {lost} are gone" if lost else ""
            return f"{node} was a master too, and now replicates from {primary}{gone}"
        case work.SafetyKept(node, min_replicas):
            return f"{node} now takes writes only while {min_replicas} replicas acknowledge"
        case work.StepFailed(node, step, reason):
            return f"{step} failed at {node}: {reason}"
        case _:
            assert_never(event)


def _who(node: str, primary: bool) -> str:
    return f"primary {node}" if primary else node


def _reasons(ranking: Ranking | None, but: str | None = None) -> str:
    verdicts = ranking.verdicts if ranking is not None else ()
    return "; ".join(f"{verdict.node}: {verdict.reason}" for verdict in verdicts if verdict.node != but)


def _given_up(what: str, event: leaders.GivenUp, term: int) -> str:
    reasons = _reasons(event.ranking)
    retry = f"; next try in {event.retry_after_ms} ms" if event.retry_after_ms else ""
    return f"{what} given up in term {term}: {event.reason}" + (f" ({reasons})" if reasons else "") + retry


def _of_topology(made: Topology) -> str:
    was = f" (was {made.previous}, {made.cause}, took {made.duration_ms} ms)" if made.previous else ""
    lost = f"; may have lost {made.may_have_lost}" if made.may_have_lost else ""
    return f"{made.primary} is primary since term {made.term}, committed by {made.leader}{was}{lost}"
