"""Which faults a run has seen to happen: not those that were drawn, nor those that began and met nothing.

A process that dies or hangs, does; but where messages are to be lost, one must have been; and a node that
refuses a command must have been asked for it. What stays is counted in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.faults import DIRECTIVES, KINDS, NAMES

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED, DENIED, NAMELESS = "a node refused", "a password was refused", "a name was not found"
NO_FILES, LATE, SLOW_INFO = "no file was left", "a command was late", "an INFO was late"
CUT, LOST, DOUBLED, DELAYED = "cut", "lost", "doubled", "delayed"
SILENT, UNDIALLED, AWAY, UNROUTED, LAGGED = "silent", "undialled", "away", "unrouted", "lagged"
CRASHED, STOPPED, LED = "crashed in effects", "stopped in effects", "met a leader"
SLOW_DISK, LOOP = "waited for a disk", "waited for a loop"

_BY = {
    "cut off": CUT,
    "cut off one way": CUT,
    "cut sentinels apart": SILENT,
    "cut one sentinel's words to another": SILENT,
    "nobody connects to sentinel": UNDIALLED,
    "sentinel connects to nobody": UNDIALLED,
    "lose messages": LOST,
    "double messages": DOUBLED,
    "delay messages": DELAYED,
    "crash sentinel in mid-effects": CRASHED,
    "pause sentinel in mid-effects": STOPPED,
    "crash leader in mid-effects": LED,
    "pause leader in mid-effects": LED,
    "slow disk": SLOW_DISK,
    "lose names": NAMELESS,
    "deny": DENIED,
    "deny everywhere": DENIED,
    "slow INFO": SLOW_INFO,
    "out of files": NO_FILES,
    "forwarder away": AWAY,
    "forwarder of the primary away": AWAY,
    "forwarder of the primary away briefly": AWAY,
    "late EXEC": LATE,
    "refuse command": REFUSED,
    "rename command": REFUSED,
    "sees no replica": UNROUTED,
    "sees no node": UNROUTED,
    "is denied at the replicas": DENIED,
    "may not REPLICAOF": REFUSED,
    "may not EVAL nor SET": REFUSED,
    "may not EXEC": REFUSED,
    "is deaf": SILENT,
    "is mute": SILENT,
    "one way between two": SILENT,
    "is slow": LAGGED,
    "has a slow disk": SLOW_DISK,
    "a third is lost": LOST,
    "every loop lags": LOOP,
    "its loop lags": LOOP,
    "node refuses": REFUSED,
}
"""What shows that a fault has met something. One that is not here happens when it begins."""


def happened(kind: str) -> str:
    """What the coverage calls it."""
    return f"fault: {kind}"


SITUATIONS = tuple(happened(kind) for kind in (*KINDS, *DIRECTIVES, *NAMES))


def was_seen(world: World, kind: str) -> bool:
    """Of one that has begun."""
    by = _BY.get(kind)
    return by is None or (_refused(world) if by == REFUSED else bool(world.network.did[by]))


def _refused(world: World) -> bool:
    return any(node.refusals.struck for node in world.nodes.values())
