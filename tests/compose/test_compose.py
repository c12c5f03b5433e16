"""docker-compose.yml as a user runs it: names instead of addresses, and containers that come and go.

Every test begins and ends with all containers running, and may meet any of the servers as primary.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.compose.stack import REDIS, SENTINELS, Stack, compose_command
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    compose = compose_command()
    if compose is None:
        pytest.skip("no Docker engine with Compose answers (docker info, docker compose version)")
    with Stack(compose) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    failed = request.session.testsfailed
    for service in REDIS:
        running.start(service)
    running.wait_whole()
    yield running
    if request.session.testsfailed > failed:
        for service in (*SENTINELS, "webhook-receiver"):
            sys.stdout.write(f"--- {service}\n{running.logs(service)[-8000:]}\n")


def completed(stack: Stack, new_primary: str) -> int:
    """How many failovers to this server were reported by verified webhooks."""
    lines = stack.logs("webhook-receiver").splitlines()
    wanted = f"new_primary={new_primary}:6379"
    return sum(
        line.startswith("failover.completed ") and wanted in line and line.endswith("signature ok")
        for line in lines
    )


def stop_and_fail_over(stack: Stack) -> tuple[str, str]:
    """Stop the primary's container; returns it and the new primary, once all sentinels name that."""
    old = stack.wait_whole()
    before = {name: completed(stack, name) for name in REDIS}
    stack.redis(old, "SET", "written-before", old)
    assert stack.redis(old, "WAIT", "2", "5000") == "2"
    stack.stop(old)

    def another() -> str | None:
        primary = stack.agreed_primary()
        return primary if primary != old else None

    new = wait_for(another, 60, f"all sentinels to name another primary than {old}") or ""
    assert stack.redis(new, "GET", "written-before") == old
    assert stack.redis(new, "SET", "written-after", new) == "OK"
    wait_for(lambda: completed(stack, new) > before[new], 30, "a verified webhook failover.completed")
    return old, new


def wait_demoted(stack: Stack, old: str, new: str) -> None:
    """The server that came back follows the new primary and has what was written meanwhile."""

    def follows() -> bool:
        seen = stack.replication(old)
        return seen["role"] == "slave" and seen["master_host"] == new and seen["master_link_status"] == "up"

    wait_for(follows, 60, f"{old} to replicate from {new}")
    wait_for(lambda: stack.redis(old, "GET", "written-after") == new, 10, f"{old} to catch up")
    assert stack.wait_whole() == new


def test_the_first_primary_is_the_one_with_replicas(stack: Stack) -> None:
    primary = stack.wait_whole()
    assert {stack.primary(sentinel) for sentinel in SENTINELS} == {primary}


def test_every_container_becomes_healthy(stack: Stack) -> None:
    services = (*REDIS, *SENTINELS, "webhook-receiver")

    def sick() -> list[str]:
        return [name for name in services if stack.health(name) != "healthy"]

    wait_for(lambda: not sick(), 90, "all containers to be healthy")


def test_the_command_line_in_a_container_asks_its_sentinel(stack: Stack) -> None:
    primary = stack.wait_whole()
    assert f"{primary}:6379" in stack.vedette("sentinel-2", "status", "--json")


def test_secrets_are_drawn_for_this_installation_and_only_vedettes_user_reads_them(stack: Stack) -> None:
    stack.wait_whole()
    drawn = [stack.read("sentinel-1", f"/run/vedette/{name}") for name in ("cluster", "webhook", "token")]
    assert len(set(drawn)) == 3 and all(len(secret) > 40 for secret in drawn)
    assert drawn == [
        stack.read("sentinel-3", f"/run/vedette/{name}") for name in ("cluster", "webhook", "token")
    ]
    assert stack.modes("sentinel-1", "/run/vedette") == {"600"}
    assert stack.post("sentinel-1", "/v1/groups/mymaster/pause") == 401
    stack.vedette("sentinel-2", "pause", "mymaster")
    stack.vedette("sentinel-2", "resume", "mymaster")


def test_no_process_is_root_or_may_become_it_or_writes_outside_of_its_state(stack: Stack) -> None:
    for service in (*REDIS, *SENTINELS, "webhook-receiver"):
        rights = stack.rights(service)
        assert "0" not in rights["Uid"].split(), service
        assert {int(rights[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}, service
        assert rights["NoNewPrivs"] == "1", service
        assert stack.root_is_read_only(service), service
    assert stack.may_write("redis-1", "/data/x") and stack.may_write("sentinel-1", "/var/lib/vedette/x")
    assert not stack.may_write("sentinel-1", "/run/vedette/token")


def test_a_stopped_primary_is_replaced_and_comes_back_as_a_replica(stack: Stack) -> None:
    old, new = stop_and_fail_over(stack)
    stack.start(old)
    wait_demoted(stack, old, new)


def test_a_primary_that_comes_back_with_another_address_becomes_a_replica(stack: Stack) -> None:
    old = stack.wait_whole()
    address = stack.address(old)
    old, new = stop_and_fail_over(stack)
    occupier = stack.occupy_an_address()
    try:
        stack.start(old)
        assert stack.address(old) not in ("", address)
        wait_demoted(stack, old, new)
    finally:
        stack.remove_container(occupier)


def test_a_replica_that_restarts_with_an_old_command_line_is_pointed_to_the_primary(stack: Stack) -> None:
    primary = stack.wait_whole()
    replica = next(name for name in REDIS if name != primary)
    stack.stop(replica)
    stack.start(replica)
    assert stack.wait_whole() == primary
