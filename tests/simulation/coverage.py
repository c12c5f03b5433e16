"""Which situations a run went through, so that "nothing found" means something."""

from __future__ import annotations

from collections import Counter

from promotion import events
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice
from tests.simulation.cluster_ids import SITUATIONS as CLUSTER_IDS
from tests.simulation.cluster_mode import HAPPENED
from tests.simulation.directories import LISTENED, REFUSED
from tests.simulation.directories import SITUATIONS as DIRECTORIES
from tests.simulation.lasting import SITUATIONS as STAYING
from tests.simulation.naming import Naming
from tests.simulation.replacing import BEGUN, DONE, JOINT
from tests.simulation.seen import SITUATIONS as HAPPENED_FAULTS
from tests.simulation.twins import SITUATIONS as TWINS

_BY_NOTICE = {
    events.Regressed: "the primary did not get its role back",
    leaders.Fenced: "a command refused by the fence",
    leaders.FenceIgnored: "a fence that counts as missing",
    events.Held: "a leader held back",
    leaders.StandsBack: "a sentinel that lets the others lead",
    events.IntentCancelled: "an intent cancelled by a successor",
    events.Demoted: "a second master demoted",
    leaders.FailoverAborted: "a failover given up, with the reason",
    leaders.RepairAborted: "a repair given up, with the reason",
    nodes.Misconfigured: "a node that refuses its sentinels",
    nodes.Degraded: "a primary that refuses its clients, told",
    nodes.Recovered: "the end of that, told",
    nodes.Discovered: "a replica that nobody configured",
    nodes.Dropped: "one that is no longer the group's",
    events.Sealing: "replicas cut off before the choice",
    events.SafetyKept: "the demand on writes changed",
    leaders.LossMeasured: "a loss measured",
    nodes.DataLost: "a loss that no change could mend, told",
    leaders.SelfFenced: "a primary paused by a sentinel cut off",
    leaders.SelfFenceEnded: "that pause ended",
    leaders.Stalled: "a stalled sentinel",
    operators.Paused: "a group paused",
    operators.Resumed: "a group resumed",
    operators.Scheduled: "a switchover scheduled",
    operators.OrderRefused: "an order refused",
}

SITUATIONS = (
    "a failover",
    "a switchover",
    "a primary that refuses writes hands over",
    "two candidates in one term",
    "a leader crashed between intent and promotion",
    "a leader crashed between promotion and commit",
    "a leader lost its lease in mid-work",
    "an intent finished by a successor",
    "an intent superseded by a successor",
    "a stale leader's EXEC refused by WATCH",
    "a stale leader refused by GET",
    "a wiped primary",
    "a crash lost a lazy write",
    "two masters at once",
    "two sentinels of which one does not hear the other",
    "a sentinel with links in one direction only",
    "a machine suspended",
    "wall clocks apart",
    "a sentinel that knew of an older primary did not say so",
    "a schedule that one clock alone calls due",
    "a plain write lost",
    "a primary came back as a replica",
    *(f"a schedule {outcome}" for outcome in ("started", "done", "undone", "cancelled", "dropped")),
    "a step taken in a paused group, because it was asked for or promised",
    "refused to let an empty primary wipe the rest",
    HAPPENED,
    "a fence that a client wrote",
    "sentinels with different times",
    "a sentinel whose terms have run out",
    "a foreign server at an address that was the group's",
    "a replica detached by hand",
    "refused to choose among nodes that need not have what was lost",
    *DIRECTORIES.values(),
    REFUSED,
    LISTENED,
    *(BEGUN, JOINT, DONE),
    *HAPPENED_FAULTS,
    *STAYING,
    *TWINS,
    *CLUSTER_IDS,
    *(f"a configuration that names the nodes {naming}" for naming in Naming),
    *sorted(set(_BY_NOTICE.values())),
)


class Coverage:
    """``counts`` has how often each situation came up in this run."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._intent: tuple[str, str, int] | None = None
        self._promoted_term = 0

    def add(self, situation: str) -> None:
        self.counts[situation] += 1

    def on_notice(self, who: str, notice: Notice) -> None:
        if type(notice.event) in _BY_NOTICE:
            self.add(_BY_NOTICE[type(notice.event)])
        match notice.event:
            case leaders.IntentCommitted(node):
                if self._intent is not None and notice.term > self._intent[2]:
                    same = node == self._intent[1]
                    self.add(f"an intent {'finished' if same else 'superseded'} by a successor")
                self._intent = (who, node, notice.term)
            case events.Promoted():
                self._promoted_term = notice.term
            case leaders.TopologyCommitted(made) if made.leader == who:
                self._intent = None
                if made.previous is not None:
                    self.add("a switchover" if made.cause == "switchover" else "a failover")
                if made.cause == "unwritable":
                    self.add("a primary that refuses writes hands over")
                if made.cause == "regressed":
                    self.add("a wiped primary")
            case leaders.SteppedDown("lost touch with the majority"):
                self.add("a leader lost its lease in mid-work")

    def on_crash(self, who: str) -> None:
        if self._intent is not None and self._intent[0] == who:
            later = self._promoted_term == self._intent[2]
            where = "promotion and commit" if later else "intent and promotion"
            self.add(f"a leader crashed between {where}")
