"""A failover as those hear it who listen to the sentinels' events."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.event_stream import EventStream
from tests.integration.cluster import GROUP, Cluster

pytestmark = pytest.mark.integration


def test_every_sentinel_tells_of_a_failover_and_goes_on_after_a_lost_connection() -> None:
    with Cluster() as cluster, ExitStack() as stack:
        streams = {
            sentinel.id: stack.enter_context(EventStream(sentinel.port)) for sentinel in cluster.sentinels
        }
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        heard = {id_: stream.until("failover.completed") for id_, stream in streams.items()}
        for events in heard.values():
            done = events[-1][1]
            assert done["data"]["new_primary"] == new.name and done["data"]["group"] == GROUP
        assert len({events[-1][1]["id"] for events in heard.values()}) == 1
        leader = heard["s1"][-1][1]["data"]["sentinel"]
        assert {"primary.down", "failover.started"} <= {type_ for type_, _ in heard[leader]}

        me, stream = cluster.sentinels[0], streams["s1"]
        assert stream.until("group")[-1] == ("group", {"group": GROUP}), "it looks different since"
        stack.close()
        old.restart()
        cluster.wait_replicas(new, old)
        with EventStream(me.port, last_id=stream.parser.last_id) as back:
            missed = back.until("group")
            assert "reset" not in [type_ for type_, _ in missed]
        id_ = back.parser.last_id
        me.kill()
        me.start()
        cluster.wait_agreed(new.name)
        with EventStream(me.port, f"?group={GROUP}&last_event_id={id_}") as anew:
            assert anew.until("reset") == [("reset", {})], "that was before the restart"
