"""What a browser sends for a foreign page is not answered; what people and programs send is."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from sentinel.web.pages import Pages, refusal_of_peer
from tests.unit.sentinel.http_cases import running

ON_LOOPBACK = Pages(frozenset({"redis-a"}))
NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example", "Host": "127.0.0.1:8700"},
        {"Origin": "null", "Host": "127.0.0.1:8700"},
        {"Origin": "http://127.0.0.1:8700"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Host": "127.0.0.1:8700"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Host": "127.0.0.1:8700"},
        NAVIGATION | {"Host": "127.0.0.1:8700", "Sec-Fetch-Dest": "iframe"},
        NAVIGATION | {"Host": "127.0.0.1:8700", "Origin": "http://evil.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize("pages", [Pages(), ON_LOOPBACK])
@pytest.mark.parametrize("path", ["/v1/groups", "/", "/readyz"])
def test_a_foreign_page_is_refused_reads_too(pages: Pages, path: str, headers: dict[str, str]) -> None:
    assert "page of another" in (pages.refusal("GET", path, headers) or "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "127.0.0.1:8700"},
        {"Host": "localhost"},
        {"Host": "LOCALHOST.:8700"},
        {"Host": "[::1]:8700"},
        {"Host": "redis-a:8700"},
        {"Host": "127.0.0.1:8700", "Origin": "http://127.0.0.1:8700", "Sec-Fetch-Site": "same-origin"},
        {"Host": "127.0.0.1:8700", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        NAVIGATION | {"Host": "127.0.0.1:8700"},
    ],
    ids=str,
)
@pytest.mark.parametrize("pages", [Pages(), ON_LOOPBACK])
def test_whoever_is_no_foreign_page_is_answered(pages: Pages, headers: dict[str, str]) -> None:
    assert pages.refusal("GET", "/v1/groups", headers) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8700",
        "evil@127.0.0.1",
        "127.0.0.1.evil.example",
        "redis-b",
        "[",
        "127.0.0.1/",
    ],
)
def test_a_rebound_name_is_refused_on_loopback_but_for_checks(host: str) -> None:
    assert "api.hosts" in (ON_LOOPBACK.refusal("GET", "/v1/groups", {"Host": host}) or "")
    assert "api.hosts" in (ON_LOOPBACK.refusal("GET", "/v1/groups/v1/check/x", {"Host": host}) or "")
    for path in ("/healthz", "/readyz", "/v1/check/mymaster/primary"):
        assert ON_LOOPBACK.refusal("GET", path, {"Host": host}) is None
    assert Pages().refusal("GET", "/v1/groups", {"Host": host}) is None


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site", "sec-fetch-mode"])
def test_a_browser_is_no_peer_from_whatever_page(name: str) -> None:
    assert "browser" in (refusal_of_peer({name: "same-origin"}) or "")
    assert refusal_of_peer({"Host": "127.0.0.1:8700", "User-Agent": "Python aiohttp"}) is None


async def test_the_peer_link_is_not_even_upgraded_for_a_browser(tmp_path: Path) -> None:
    async def peer(_request: web.Request) -> web.Response:
        return web.Response(text="welcome")

    async with running(tmp_path, peer_handler=peer) as world:
        port = world.runner.addresses[0][1]
        own = {"Origin": f"http://127.0.0.1:{port}"}
        for headers, status in (({}, 200), (own, 403), ({"Origin": "http://evil.example"}, 403)):
            async with world.client.get("/v1/peer", headers=headers) as answer:
                assert answer.status == status, headers


async def test_reads_are_refused_as_a_problem(tmp_path: Path) -> None:
    async with running(tmp_path, pages=ON_LOOPBACK) as world:
        for headers in ({"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with world.client.get("/v1/groups", headers=headers) as answer:
                assert answer.status == 403
                assert (await answer.json())["type"] == "urn:vedette:problem:forbidden"
