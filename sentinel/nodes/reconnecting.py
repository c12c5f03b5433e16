"""When a node that was lost is tried again: soon, for a restart is quick; then ever more rarely. Pure.

An attempt costs as much as a step. Where many nodes are lost at once, as many attempts as for one would take
the time that elections need, so they go on at a pace that the crowd shares.
"""

from __future__ import annotations

FIRST_RETRY_S = 0.008
EAGER_RETRIES = 3
"""So many as soon as that: a process that is started again at once listens after some 15 ms."""
FEW = 8
"""Groups that want a leader at the same time, and are no crowd yet."""
IN_A_CROWD_S = 2 * FIRST_RETRY_S
"""There is one early look in a crowd as well, before a refusal counts."""
EACH_S = 0.01
"""All groups' attempts are as far apart as that, on average."""
LONGEST_S = 1.0


def pause_s(attempts: int, longest_s: float, crowd: int, *, down: bool) -> float:
    """Before the next attempt, after so many that failed; none after a connection that had lasted.

    ``longest_s`` is the longest pause for who is alone, and for a node that is not called ``down`` yet: what
    refuses may stand between, and be back within the patience of all others.
    """
    if attempts == 0:
        return 0.0
    doublings = min(max(0, attempts - EAGER_RETRIES), 16)
    alone_s = min(FIRST_RETRY_S * 2.0**doublings, longest_s)
    if crowd <= FEW:
        return alone_s
    if attempts == 1:
        return min(IN_A_CROWD_S, longest_s)
    return max(alone_s, min(crowd * EACH_S, LONGEST_S if down else longest_s))
