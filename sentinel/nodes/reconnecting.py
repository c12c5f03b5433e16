"""Decides when to reconnect to a lost node: soon at first, since a restart is quick; then ever more rarely.
Pure.

An attempt costs as much as a step. When many nodes are lost at once, unlimited attempts would take the time
that elections need, so all of them share a limited rate.
"""

from __future__ import annotations

FIRST_RETRY_S = 0.008
EAGER_RETRIES = 3
"""How many retries come that soon: a process that is restarted at once listens after some 15 ms."""
FEW = 8
"""Up to this many groups that want a leader at the same time are no crowd."""
IN_A_CROWD_S = 2 * FIRST_RETRY_S
"""In a crowd there is one early retry too, before a refusal counts."""
EACH_S = 0.01
"""The average time between two attempts of all groups."""
LONGEST_S = 1.0
OF_ITS_PATIENCE = 1 / 8
"""The longest pause for a node that is not called down yet, as a part of ``down_after``: its silence began up
to a round of PING before the first refusal, and one attempt has to come between the end of what refuses and
the end of the patience."""


def pause_s(attempts: int, longest_s: float, crowd: int, *, down: bool, down_after_s: float) -> float:
    """Seconds before the next attempt, after ``attempts`` failed ones; 0 after a connection that had lasted.

    ``longest_s`` limits the pause outside of a crowd. A node that is not called ``down`` yet is tried within
    its patience, ``down_after_s``: a proxy in between may be what refuses, and be back before that is over.
    """
    if attempts == 0:
        return 0.0
    if not down:
        longest_s = min(longest_s, down_after_s * OF_ITS_PATIENCE)
    doublings = min(max(0, attempts - EAGER_RETRIES), 16)
    alone_s = min(FIRST_RETRY_S * 2.0**doublings, longest_s)
    if crowd <= FEW:
        return alone_s
    if attempts == 1:
        return min(IN_A_CROWD_S, longest_s)
    return max(alone_s, min(crowd * EACH_S, LONGEST_S if down else longest_s))
