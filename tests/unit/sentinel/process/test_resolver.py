"""A name service that hangs, lies or fails delays only the requested name."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from sentinel.process.resolver import MAX_ADDRESSES, HttpResolver, ResolveError, Resolver

pytestmark = pytest.mark.unit

PATIENT_S = 30.0
SHORT_S = 0.05


class Names:
    """A name service: ``answers`` by name, and names that hang until ``release``."""

    def __init__(self) -> None:
        self.answers: dict[str, Sequence[str] | Exception] = {}
        self.hangs: set[str] = set()
        self.asked: list[str] = []
        self._released = threading.Event()

    def lookup(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host in self.hangs:
            self._released.wait(PATIENT_S)
        answer = self.answers.get(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self._released.set()


@pytest.fixture
def names() -> Iterator[Names]:
    service = Names()
    yield service
    service.release()


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.001)


async def test_a_name_becomes_its_addresses_in_order(names: Names) -> None:
    names.answers["redis-1"] = ["fd00::1", "10.0.0.1", "fd00::1"]
    resolver = Resolver(PATIENT_S, lookup=names.lookup)
    assert await resolver.resolve("redis-1") == ("fd00::1", "10.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%eth0"])
async def test_an_address_asks_nobody(names: Names, address: str) -> None:
    assert await Resolver(PATIENT_S, lookup=names.lookup).resolve(address) == (address,)
    assert names.asked == []


async def test_every_call_asks_anew(names: Names) -> None:
    resolver = Resolver(PATIENT_S, lookup=names.lookup)
    names.answers["moved"] = ["10.0.0.1"]
    await resolver.resolve("moved")
    names.answers["moved"] = ["10.0.0.2"]
    assert await resolver.resolve("moved") == ("10.0.0.2",)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not known"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "Temporary failure"),
        (OSError("the resolver is broken"), "broken"),
        (UnicodeError("label too long"), "not a valid name"),
        (MemoryError("odd"), "odd"),
        ([], "no address"),
    ],
)
async def test_a_failure_names_the_host(names: Names, answer: Exception, detail: str) -> None:
    names.answers["gone"] = answer
    with pytest.raises(ResolveError, match=detail) as error:
        await Resolver(PATIENT_S, lookup=names.lookup).resolve("gone")
    assert error.value.host == "gone"


async def test_a_hung_lookup_times_out_and_holds_up_no_other_name(names: Names) -> None:
    names.hangs = {"hung"}
    names.answers["fine"] = ["10.0.0.1"]
    resolver = Resolver(SHORT_S, lookup=names.lookup)
    with pytest.raises(ResolveError, match="no answer"):
        await resolver.resolve("hung")
    assert await Resolver(PATIENT_S, lookup=names.lookup).resolve("fine") == ("10.0.0.1",)
    assert await asyncio.to_thread(lambda: "free") == "free", "the loop's own executor is not used"


async def test_lookups_of_the_same_name_are_shared(names: Names) -> None:
    names.hangs = {"shared"}
    names.answers["shared"] = ["10.0.0.1"]
    resolver = Resolver(PATIENT_S, lookup=names.lookup)
    waiting = [asyncio.create_task(resolver.resolve("shared")) for _ in range(5)]
    await until(lambda: names.asked == ["shared"])
    waiting[0].cancel()
    await asyncio.sleep(0)
    names.release()
    assert await asyncio.gather(*waiting[1:]) == [("10.0.0.1",)] * 4
    assert waiting[0].cancelled()
    assert names.asked == ["shared"]


async def test_a_late_answer_serves_who_asks_again(names: Names) -> None:
    names.hangs = {"slow"}
    names.answers["slow"] = ["10.0.0.1"]
    resolver = Resolver(PATIENT_S, lookup=names.lookup)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolver.resolve("slow"), SHORT_S)
    again = asyncio.create_task(resolver.resolve("slow"))
    await asyncio.sleep(0)
    names.release()
    assert await again == ("10.0.0.1",)
    assert names.asked == ["slow"], "the second call joined the lookup of the first"


async def test_a_lookup_that_hangs_for_long_is_not_joined_for_ever(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentinel.process.resolver.GIVEN_UP_S", -1.0)
    names.hangs = {"hung"}
    names.answers["hung"] = ["10.0.0.1"]
    resolver = Resolver(PATIENT_S, lookup=names.lookup)
    first = asyncio.create_task(resolver.resolve("hung"))
    await until(lambda: len(names.asked) == 1)
    second = asyncio.create_task(resolver.resolve("hung"))
    await until(lambda: len(names.asked) == 2)
    names.release()
    assert [await first, await second] == [("10.0.0.1",)] * 2


async def test_hung_lookups_are_limited_and_the_limit_recovers(names: Names) -> None:
    names.hangs = {"hung-1", "hung-2"}
    names.answers["fine"] = ["10.0.0.1"]
    resolver = Resolver(SHORT_S, max_workers=2, lookup=names.lookup)
    for name in ("hung-1", "hung-2"):
        with pytest.raises(ResolveError, match="no answer"):
            await resolver.resolve(name)
    with pytest.raises(ResolveError, match="2 lookups hang"):
        await resolver.resolve("fine")
    names.release()

    async def resolves() -> bool:
        try:
            return await resolver.resolve("fine") == ("10.0.0.1",)
        except ResolveError:
            return False

    deadline = time.monotonic() + PATIENT_S
    while not await resolves():
        assert time.monotonic() < deadline, "the released lookups still count"
        await asyncio.sleep(0.001)


async def test_the_addresses_of_one_name_are_limited(names: Names) -> None:
    names.answers["many"] = [f"10.0.0.{n}" for n in range(100)]
    assert len(await Resolver(PATIENT_S, lookup=names.lookup).resolve("many")) == MAX_ADDRESSES


async def test_the_system_knows_localhost() -> None:
    assert set(await Resolver(PATIENT_S).resolve("localhost")) & {"127.0.0.1", "::1"}


def test_a_hung_lookup_does_not_hold_up_the_end_of_the_process() -> None:
    program = """
import asyncio, time
from sentinel.process.resolver import ResolveError, Resolver

def hang(host):
    time.sleep(600)

async def main():
    try:
        await Resolver(0.01, lookup=hang).resolve("hung")
    except ResolveError as error:
        print(error)

asyncio.run(main())
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "no answer" in ended.stdout


async def test_aiohttp_gets_addresses_of_the_family_it_asks_for(names: Names) -> None:
    names.answers["redis-1"] = ["fd00::1", "10.0.0.1"]
    resolver = HttpResolver(Resolver(PATIENT_S, lookup=names.lookup))
    found = await resolver.resolve("redis-1", 8701, socket.AF_UNSPEC)
    assert [(one["host"], one["port"], one["family"]) for one in found] == [
        ("fd00::1", 8701, socket.AF_INET6),
        ("10.0.0.1", 8701, socket.AF_INET),
    ]
    assert [one["host"] for one in await resolver.resolve("redis-1", 8701)] == ["10.0.0.1"]
    names.answers["six"] = ["fd00::1"]
    with pytest.raises(OSError, match="no address of family"):
        await resolver.resolve("six", 8701, socket.AF_INET)
    await resolver.close()
