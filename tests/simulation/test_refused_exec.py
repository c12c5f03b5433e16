"""An EXEC that the model refuses leaves no transaction open, however it is refused: so does Redis."""

from __future__ import annotations

import random

import pytest

from promotion.conversation import ReplyError
from tests.simulation.model_redis.refusals import How, Refusal
from tests.simulation.model_redis.world import ModelWorld


@pytest.mark.parametrize("how", [How.ERROR, How.ERROR_AT_EXEC])
def test_the_next_command_is_not_queued(how: How) -> None:
    world = ModelWorld(lambda *_: None, random.Random(1))
    server = world.add("h1:6379", "h1", 6379)
    server.start()
    server.refusals.set(Refusal("EXEC", how, "OOM no room", nth=1))
    session = server.open("client")
    for words in (["MULTI"], ["SET", "key", "1"], ["EXEC"], ["MULTI"], ["EXEC"]):
        session.send(words)
    opened, queued, refused, *after = session.take()
    assert (opened, queued) == (b"OK", b"QUEUED")
    assert isinstance(refused, ReplyError) and "OOM" in refused.message
    assert after == [b"OK", []]
