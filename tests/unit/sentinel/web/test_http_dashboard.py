"""The dashboard's files, by the wire: complete, asked for anew, and under headers that let them do little."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from config import EVENT_TYPES
from sentinel.process.problem_types import TYPE_PREFIX
from tests.unit.sentinel.http_cases import World, running

pytestmark = pytest.mark.unit

FILES = sorted((Path(__file__).parents[4] / "sentinel" / "web" / "dashboard").iterdir())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
REFERENCE = re.compile(r"""(?:src|href)="(/[^"]*)"|from "\./([^"]+)\"""")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        yield world


async def test_the_page_may_load_its_own_files_and_nothing_else(world: World) -> None:
    async with world.client.get("/") as answer:
        assert answer.status == 200 and answer.content_type == "text/html"
        headers = answer.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-cache"


async def test_every_file_is_served_and_sent_again_only_when_it_changed(world: World) -> None:
    for path in FILES:
        url = f"/dashboard/{path.name}"
        async with world.client.get(url) as answer:
            assert answer.status == 200 and await answer.read() == path.read_bytes()
            assert "Content-Security-Policy" in answer.headers
            tag = answer.headers["ETag"]
        for given, status in ((tag, 304), (f"W/{tag}", 304), ('"older"', 200)):
            async with world.client.get(url, headers={"If-None-Match": given}) as answer:
                assert answer.status == status and answer.headers["ETag"] == tag
        async with world.client.head(url) as answer:
            assert answer.status == 200 and await answer.read() == b""


async def test_there_is_no_other_file(world: World) -> None:
    for name in ("nothing.js", "%2e%2e%2fhttp_api.py", "..%2fhttp_api.py", "app.js%00", "app.js/", ""):
        async with world.client.get(URL(f"/dashboard/{name}", encoded=True)) as answer:
            body = await answer.json(content_type="application/problem+json")
            assert answer.status == 404 and body["type"] == f"{TYPE_PREFIX}not-found"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_a_file_refers_to_is_one_of_ours(path: Path) -> None:
    text = path.read_text()
    names = {f"/dashboard/{each.name}" for each in FILES} | {"/v1/groups"}
    for absolute, relative in REFERENCE.findall(text):
        assert (absolute or f"/dashboard/{relative}") in names
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "no outside requests"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_text(path: Path) -> None:
    forbidden = r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval|Function\()"
    assert not re.search(forbidden, path.read_text())
    assert path.read_text().startswith("// "), "a module says what it is for"


def test_the_page_listens_to_every_kind_of_event() -> None:
    text = next(path for path in SCRIPTS if path.name == "live.js").read_text()
    listed = re.search(r"EVENT_TYPES = \[(.*?)\]", text, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r'"([^"]+)"', listed[1])) == EVENT_TYPES
