"""A model of Redis servers on virtual time, at the level of commands: roles, replication histories, WAIT,
min-replicas, CLIENT PAUSE, FAILOVER. A differential test holds it against real servers.
"""

from tests.simulation.nodes.node import Node, Settings
from tests.simulation.nodes.session import RefusedError, Session

__all__ = ["Node", "RefusedError", "Session", "Settings"]
