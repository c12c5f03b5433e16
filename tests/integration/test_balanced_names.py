"""Real servers behind one name, each connection to which reaches the next of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.nodes.name_looks import AnotherServerError, connection_to, reached, run_id_at
from sentinel.process.resolver import Resolver
from tests.forwarder import Forwarder
from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.unit.sentinel.coordinator_cases import info
from tests.waiting import stays, wait_for

SEVERAL_ROUNDS_S = 6.0


@contextmanager
def behind_one_name(*, alone: bool) -> Iterator[tuple[Cluster, Forwarder]]:
    with Cluster(start=False) as cluster, Forwarder(*(node.port for node in cluster.nodes)) as name:
        real = () if alone else [node.name for node in cluster.nodes]
        cluster.configure(nodes=[name.name, *real])
        cluster.start()
        yield cluster, name


def is_told(sentinel: Sentinel, name: str) -> bool:
    problems = sentinel.get(f"/v1/groups/{GROUP}/preflight")[1].get("problems", [])
    metric = f'vedette_balanced_names{{group="{GROUP}"}} 1'
    return (
        any((problem["node"], problem["code"]) == (name, "balanced-name") for problem in problems)
        and name in sentinel.group().get("balanced", {})
        and any(line.startswith(metric) for line in sentinel.text("/metrics").splitlines())
        and any(line["node"] == name and line["level"] == "error" for line in sentinel.story("balanced"))
    )


def roles(cluster: Cluster) -> list[tuple[str, int | None]]:
    found = []
    for node in cluster.nodes:
        info = node.info("replication")
        found.append((info["role"], info.get("master_port")))
    return found


def history(sentinel: Sentinel) -> list[str]:
    return [change["cause"] for change in sentinel.get(f"/v1/groups/{GROUP}/history")[1]["changes"]]


def test_beside_the_names_of_the_servers_it_is_told_and_left_out() -> None:
    with behind_one_name(alone=False) as (cluster, name):
        first = cluster.nodes[0]
        cluster.wait_agreed(first.name)
        before = roles(cluster)
        wait_for(lambda: all(is_told(s, name.name) for s in cluster.sentinels), 40, "the name to be told")
        stays(lambda: cluster.wait_agreed() == first.name, SEVERAL_ROUNDS_S, "the primary to stay")
        assert roles(cluster) == before and [history(s) for s in cluster.sentinels] == [["bootstrap"]] * 3
        # New connections lead elsewhere than those that were cut, at every sentinel.
        name.go_away()
        name.come_back()
        stays(lambda: cluster.wait_agreed() == first.name, SEVERAL_ROUNDS_S, "the primary to stay")
        assert roles(cluster) == before
        first.kill()
        new = cluster.wait_failover(first.name)
        cluster.wait_replicas(new, *(node for node in cluster.nodes[1:] if node is not new))


def test_alone_it_makes_nobody_the_primary() -> None:
    with behind_one_name(alone=True) as (cluster, name):
        wait_for(lambda: all(is_told(s, name.name) for s in cluster.sentinels), 40, "the name to be told")
        before = roles(cluster)
        stays(lambda: roles(cluster) == before, SEVERAL_ROUNDS_S, "everybody to be left alone")
        assert [sentinel.primary() for sentinel in cluster.sentinels] == [None] * 3
        assert all(sentinel.group()["ambiguous"] for sentinel in cluster.sentinels)


async def test_a_step_is_not_taken_at_whoever_answers_now() -> None:
    """A command goes to the process that was looked at, or to nobody."""
    with Cluster(start=False) as cluster, Forwarder(*(node.port for node in cluster.nodes)) as name:
        link = RedisLink(Credentials(), Resolver(timeout_s=1.0), "s1", connect_timeout_s=1.0)
        run_ids = [run_id async for run_id in reached(link, "127.0.0.1", name.port)]
        assert len(set(run_ids)) == len(cluster.nodes) and run_ids[0] == run_ids[-1]
        said = replace(info(name.name), run_id=str(cluster.nodes[1].info("server")["run_id"]))
        record = NodeRecord(NodeSpec(name.name, "127.0.0.1", name.port), said)
        taken, refused = 0, 0
        for _ in range(2 * len(cluster.nodes)):
            try:
                made = await connection_to(link, record, 1.0)
            except AnotherServerError:
                refused += 1
            else:
                taken += await run_id_at(made) == said.run_id
                await made.disconnect()
        assert (taken, refused) == (2, 4)
