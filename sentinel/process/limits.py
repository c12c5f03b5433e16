"""The time limits of a leader's requests to nodes; they grow while this process is late.

An answer in the socket waits for the current turn of the event loop to end, and its consequence for the next
turn. So an answer that was not read yet proves nothing.
"""

from __future__ import annotations

from sentinel.process.event_loop import late_s

READ_S = 0.5
"""The leader's reading of the nodes waits no longer for a slow one."""
STEP_S = 2.0
CONNECT_S = 1.0
"""The part of a step's time for connecting; then the step uses the probe's connection."""
TURNS = 4
"""How many turns of the event loop a reading takes, or a connection with its first commands."""


def read_s() -> float:
    return READ_S + TURNS * late_s()


def connect_s() -> float:
    return CONNECT_S + TURNS * late_s()


def answer_s() -> float:
    """The limit for one command of a step."""
    return STEP_S + TURNS * late_s()
