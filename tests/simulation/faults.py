"""What goes wrong in a run, as data: drawn from the seed, printed, replayed, shrunk.

Swarm testing (Groce et al., 2012): each run has a few kinds of fault, often, rather than all, seldom.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SAFETY_S = 30.0
"""How long things go wrong, virtual seconds, after a quiet start."""


@dataclass(frozen=True, slots=True)
class Fault:
    """At ``at_s`` of the run. ``targets`` are hosts or nodes, ``amount`` seconds, a count or a rate."""

    at_s: float
    kind: str
    targets: tuple[str, ...] = ()
    amount: float = 0.0

    def __str__(self) -> str:
        amount = f" {self.amount:.3g}" if self.amount else ""
        return f"{self.at_s:7.3f} s  {self.kind} {' '.join(self.targets)}{amount}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is there. ``places`` are all the hosts: of sentinels (with a node each, or not) and of clients."""

    sentinels: tuple[str, ...]
    nodes: tuple[str, ...]
    clients: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys((*self.sentinels, *(n.partition(":")[0] for n in self.nodes), *self.clients))
        )


Draw = Callable[[random.Random, Cast], tuple[tuple[str, ...], float]]


def _sentinel(low: float, high: float) -> Draw:
    return lambda rng, cast: ((rng.choice(cast.sentinels),), rng.uniform(low, high))


def _node(low: float, high: float) -> Draw:
    return lambda rng, cast: ((rng.choice(cast.nodes),), rng.uniform(low, high))


def _forwarder(low: float, high: float) -> Draw:
    """Mostly for a moment, as when it is restarted."""

    def draw(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
        long = rng.random() < 0.3
        return (rng.choice(cast.nodes),), rng.uniform(0.5, high) if long else rng.uniform(low, 0.5)

    return draw


def _pair(low: float, high: float) -> Draw:
    return lambda rng, cast: ((rng.choice(cast.sentinels), rng.choice(cast.nodes)), rng.uniform(low, high))


def _some(places: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(list(places), rng.randrange(1, len(places))))


def _two_sentinels(low: float, high: float) -> Draw:
    return lambda rng, cast: (tuple(rng.sample(cast.sentinels, 2)), rng.uniform(low, high))


def _wrong_clock(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
    """Seconds ahead: a little, or so much that what is to come seems to be long over."""
    apart_s = rng.choice([rng.uniform(0.2, 5.0), rng.uniform(5.0, 900.0)])
    return (rng.choice(cast.sentinels),), rng.choice([1, -1]) * apart_s


def _split(low: float, high: float) -> Draw:
    return lambda rng, cast: (_some(cast.places, rng), rng.uniform(low, high))


def _sentinel_split(low: float, high: float) -> Draw:
    return lambda rng, cast: (_some(cast.sentinels, rng), rng.uniform(low, high))


def _steps(low: int, high: int) -> Draw:
    return lambda rng, cast: ((rng.choice(cast.sentinels),), float(rng.randrange(low, high)))


def _restart(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
    """Half of them sooner than anybody can call it down: that its data is gone is all that shows."""
    return (rng.choice(cast.nodes),), rng.choice([rng.uniform(0.01, 0.08), rng.uniform(0.1, 3.0)])


def _return(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
    """As its command line has it, a replica of that node: at once, or when it may have been replaced."""
    return (rng.choice(cast.nodes),), rng.choice([rng.uniform(0.01, 0.08), rng.uniform(0.1, 3.0)])


def _nothing(_rng: random.Random, _cast: Cast) -> tuple[tuple[str, ...], float]:
    return (), 0.0


COMMANDS = (
    *("GET", "WATCH", "MULTI", "EXEC", "EVAL", "REPLICAOF", "ROLE", "CONFIG", "CONFIG REWRITE", "CLIENT"),
    *("CLIENT PAUSE", "CLIENT UNPAUSE", "CLIENT KILL", "FAILOVER", "INFO", "PING", "connect"),
)
"""What a node may refuse to the sentinels."""
WAYS = ("NOPERM", "LOADING", "ERR", "when it runs", "silence", "cut", "cut behind")


def _refusal(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
    """Half of them once, the others for a while."""
    lasts_s = rng.choice([0.0, rng.uniform(1.0, 15.0)])
    return (rng.choice(cast.nodes), rng.choice(COMMANDS), rng.choice(WAYS)), lasts_s


def _renamed(rng: random.Random, cast: Cast) -> tuple[tuple[str, ...], float]:
    return (rng.choice(cast.nodes), rng.choice(["EVAL", "CONFIG", "CLIENT", "MULTI"])), rng.uniform(1.0, 20.0)


SICK: dict[str, Draw] = {
    "refuse command": _refusal,
    "rename command": _renamed,
    "fill node": _node(1.0, 15.0),
    "fill primary": _node(1.0, 15.0),
    "break disk of node": _node(1.0, 15.0),
    "break disk of primary": _node(1.0, 15.0),
    "serve nothing stale": _node(2.0, 20.0),
    "no more clients at node": _node(1.0, 15.0),
}
"""Nodes that live, and refuse what is asked of them."""
KINDS: dict[str, Draw] = {
    "cut off": _split(0.2, 8.0),
    "cut off one way": _split(0.2, 8.0),
    "cut sentinels apart": _sentinel_split(0.2, 6.0),
    "cut one sentinel's words to another": _two_sentinels(1.0, 20.0),
    "nobody connects to sentinel": _sentinel(1.0, 20.0),
    "sentinel connects to nobody": _sentinel(1.0, 20.0),
    "suspend sentinel": _sentinel(0.2, 6.0),
    "lose messages": lambda rng, _cast: ((), rng.uniform(0.02, 0.4)),
    "double messages": lambda rng, _cast: ((), rng.uniform(0.02, 0.4)),
    "delay messages": lambda rng, _cast: ((), rng.uniform(0.02, 0.4)),
    "crash sentinel": _sentinel(0.1, 6.0),
    "crash sentinel in mid-effects": _steps(1, 14),
    "pause sentinel": _sentinel(0.2, 4.0),
    "pause sentinel for long": _sentinel(20.0, 120.0),
    "pause sentinel in mid-effects": _steps(1, 14),
    "crash leader in mid-effects": lambda rng, _cast: ((), float(rng.randrange(1, 30))),
    "pause leader in mid-effects": lambda rng, _cast: ((), float(rng.randrange(1, 30))),
    "drift clock": lambda rng, cast: ((rng.choice(cast.sentinels),), rng.uniform(0.98, 1.02)),
    "slow disk": _sentinel(0.05, 1.5),
    "lose names": _pair(0.5, 5.0),
    "deny": _pair(0.5, 8.0),
    "deny everywhere": _node(0.5, 8.0),
    "pause every sentinel": lambda rng, _cast: ((), rng.uniform(0.3, 4.0)),
    "slow INFO": _node(0.1, 1.0),
    "out of files": _sentinel(0.1, 6.0),
    "forwarder away": _forwarder(0.05, 3.0),
    "forwarder of the primary away": _forwarder(0.05, 3.0),
    "forwarder of the primary away briefly": lambda rng, _cast: ((), rng.uniform(0.05, 0.6)),
    "crash node": _node(0.05, 8.0),
    "crash primary": _node(0.05, 8.0),
    "hang node": _node(0.3, 8.0),
    "hang primary": _node(0.3, 8.0),
    "wipe node": _node(0.05, 3.0),
    "wipe primary": _restart,
    "flush fence": _nothing,
    "flush all": _nothing,
    "late EXEC": lambda rng, _cast: ((), rng.uniform(0.2, 2.5)),
    "operator failover": _node(0.0, 0.0),
    "operator switchover": _node(0.0, 0.0),
    "REPLICAOF by hand": _node(0.0, 0.0),
    **SICK,
    "primary returns empty as a replica": _return,
    "primary returns old as a replica": _return,
    "primary returns rewritten as a replica": _return,
    "primary returns whole as a replica": _return,
}
"""Each kind with how its targets and its amount are drawn. A target that does not fit then is passed over."""

DIRECTIVES: dict[str, Draw] = {
    "operator pauses": _nothing,
    "operator resumes": _nothing,
    "operator schedules": _node(0.2, 4.0),
    "operator cancels": _nothing,
    "set wall clock": _wrong_clock,
}
"""What operators tell a group for later. Mixed into the faults of some runs, whatever else these have."""

NAMES: dict[str, Draw] = {
    "rename nodes": _pair(0.05, 2.0),
    "leave a node out": _pair(0.05, 2.0),
    "list a node twice": _pair(0.05, 2.0),
    "name nodes as usual": _pair(0.05, 2.0),
}
"""A sentinel is restarted with another configuration. Mixed into the faults of some runs, as those above."""

BEYOND_BOUND = "drift clock beyond the bound"
SENTINELS_ONLY = (
    "cut sentinels apart",
    "cut one sentinel's words to another",
    "nobody connects to sentinel",
    "sentinel connects to nobody",
    "suspend sentinel",
    "lose messages",
    "double messages",
    "delay messages",
    "crash sentinel",
    "crash sentinel in mid-effects",
    "pause sentinel",
    "pause sentinel in mid-effects",
    "crash leader in mid-effects",
    "pause leader in mid-effects",
    "slow disk",
    "out of files",
    "forwarder away",
    "forwarder of the primary away",
    "operator switchover",
)
"""What never harms Redis: with these no acknowledged write may be lost, and one node at a time takes them."""
RETURNS = tuple(kind for kind in KINDS if kind.startswith("primary returns"))
"""What must destroy no write that another node has: a primary that its command line makes a replica."""
HARMLESS = ("deny", "deny everywhere", "pause sentinel", "pause every sentinel", "slow INFO", "out of files")
"""What must never change the primary."""
HARMLESS_TO_LINKS = ("forwarder of the primary away briefly", "pause sentinel", "pause every sentinel")
"""Nor may this, where the sentinels can ask the replicas."""
REFUSING = (*SICK, "operator switchover", "crash primary")
"""Nodes that refuse while they are needed: what must be told by name, and must not make terms race."""
_DESTROYING = (
    *("flush all", "wipe node", "wipe primary", "REPLICAOF by hand", "operator failover"),
    # A replica that cannot save ends itself, so that more than one node may be out of order.
    *("break disk of node", "break disk of primary"),
    *RETURNS,
)


def draw_plan(rng: random.Random, cast: Cast, *, sparing: bool) -> list[Fault]:
    """``sparing``: nothing that destroys data on purpose, and one node out of order at a time."""
    kinds = [kind for kind in KINDS if not (sparing and kind in _DESTROYING)]
    enabled = rng.sample(kinds, rng.randrange(2, 8))
    return draw_of(rng, cast, enabled, sparing=sparing)


def draw_returns(rng: random.Random, cast: Cast) -> list[Fault]:
    """One at a time, with the time to synchronise in between; and sentinels that know nothing of before."""
    plan: list[Fault] = []
    at_s = rng.uniform(1.0, 4.0)
    while at_s <= SAFETY_S:
        kind = rng.choice(RETURNS)
        plan.append(Fault(at_s, kind, *KINDS[kind](rng, cast)))
        if rng.random() < 0.3:
            plan += [
                Fault(at_s + rng.uniform(-0.5, 2.0), "crash sentinel", (name,), 0.2)
                for name in cast.sentinels
            ]
        at_s += rng.uniform(10.0, 14.0)
    return sorted(plan, key=lambda fault: fault.at_s)


def draw_directives(rng: random.Random, cast: Cast) -> list[Fault]:
    plan: list[Fault] = []
    at_s, pause_s = 0.0, rng.choice([1.0, 2.0, 4.0])
    while (at_s := at_s + rng.expovariate(1 / pause_s)) <= SAFETY_S:
        kind = rng.choice(list(DIRECTIVES))
        plan.append(Fault(at_s, kind, *DIRECTIVES[kind](rng, cast)))
    return plan


def draw_names(rng: random.Random, cast: Cast) -> list[Fault]:
    plan: list[Fault] = []
    at_s, pause_s = 0.0, rng.choice([2.0, 4.0, 8.0])
    while (at_s := at_s + rng.expovariate(1 / pause_s)) <= SAFETY_S:
        kind = rng.choice(list(NAMES))
        plan.append(Fault(at_s, kind, *NAMES[kind](rng, cast)))
    return plan


def draw_of(rng: random.Random, cast: Cast, enabled: Sequence[str], *, sparing: bool = False) -> list[Fault]:
    plan: list[Fault] = []
    at_s, node_back_s = 0.0, 0.0
    pause_s = rng.choice([0.15, 0.5, 1.0, 2.0, 4.0])
    for _ in range(120):
        at_s += rng.expovariate(1 / pause_s)
        if at_s > SAFETY_S:
            break
        kind = rng.choice(enabled)
        targets, amount = KINDS[kind](rng, cast)
        if sparing and kind.partition(" ")[0] in ("crash", "hang") and "sentinel" not in kind:
            if at_s < node_back_s:
                continue
            # It is back, and has synchronised again, before the next one fails.
            node_back_s = at_s + amount + 12.0
        plan.append(Fault(at_s, kind, targets, amount))
    return plan
