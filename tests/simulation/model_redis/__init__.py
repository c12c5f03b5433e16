"""Redis replication on virtual time: servers whose links, offsets and histories behave as Redis 7.0's do.

The rules are those of Redis 7.0 (``replication.c``, ``networking.c``, ``multi.c``), and a differential test
holds the model against real servers. Bytes are counted as they would be on the wire, nothing is sent.
"""

from tests.simulation.model_redis.server import ModelServer
from tests.simulation.model_redis.session import Session
from tests.simulation.model_redis.world import ModelWorld, Route

__all__ = ["ModelServer", "ModelWorld", "Route", "Session"]
