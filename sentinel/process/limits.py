"""How long a leader waits for nodes; longer while it is late, for what was not read yet proves nothing.

An answer that lies in the socket waits for the turn that goes on, and what it leads to for the next one.
"""

from __future__ import annotations

from sentinel.process.event_loop import late_s

READ_S = 0.5
"""The leader's reading of the nodes does not wait longer for a slow one."""
STEP_S = 2.0
CONNECT_S = 1.0
"""Of a step's time; then it is tried over the probe's connection."""
TURNS = 4
"""So many turns a reading takes, or a connection with what is said first on it."""


def read_s() -> float:
    return READ_S + TURNS * late_s()


def connect_s() -> float:
    return CONNECT_S + TURNS * late_s()


def answer_s() -> float:
    """For one command of a step."""
    return STEP_S + TURNS * late_s()
