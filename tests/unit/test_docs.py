"""The documents say what the code says, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from config.load import load
from config.model_webhook import EVENT_TYPES
from docs.generate import site
from docs.generate.blocks import BLOCKS, with_block
from docs.generate.links import anchors, broken, links, without_fences
from tests.checkout import CHECKOUT
from tests.unit.sentinel.http_cases import running

pytestmark = pytest.mark.unit

DOCUMENTS = [
    *sorted(CHECKOUT.glob("*.md")),
    *(
        path
        for folder in ("docs", "examples", "benchmarks")
        for path in sorted((CHECKOUT / folder).rglob("*.md"))
    ),
]
TOO_LONG = {"README.md": 12_500, "ARCHITECTURE.md": 40_000}
"""Bytes: a newcomer's five minutes, and twenty minutes of a stranger."""


MODULES = [
    path.relative_to(CHECKOUT).as_posix()
    for folder in ("config", "quorum", "promotion", "sentinel", "tests", "benchmarks", "docs", "examples")
    for path in (CHECKOUT / folder).rglob("*.py")
]
HISTORICAL = {"CHANGELOG.md"}
RUNBOOKS = [
    path
    for folder in ("alerts", "webhooks")
    for path in sorted((CHECKOUT / "docs/operations" / folder).glob("*.md"))
    if path.stem != "README"
]
ASK_NOTHING = {"primary.recovered", "replica.up", "switchover.completed", "group.resumed"}
"""Webhooks that end something, or that somebody has asked for."""


@pytest.mark.parametrize(("file", "name"), list(BLOCKS))
def test_generated_block_is_up_to_date(file: str, name: str) -> None:
    text = (CHECKOUT / file).read_text()
    assert with_block(text, name, BLOCKS[file, name]()) == text, "run `make docs`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_local_links_lead_somewhere(path: Path) -> None:
    assert not list(broken(path, CHECKOUT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_rows_of_tables_have_the_cells_of_their_head(path: Path) -> None:
    """A bar inside of code ends a cell, too, unless it is escaped."""
    tables = re.findall(r"(?:^\|.*\n)+", without_fences(path.read_text()), re.MULTILINE)
    for table in tables:
        head, *rows = [len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()]
        assert rows == [head] * len(rows), table.splitlines()[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_modules_that_are_named_exist(path: Path) -> None:
    """By their last parts, such as `links.py` or `quorum/links.py`."""
    if path.name in HISTORICAL:
        return
    named = set(re.findall(r"`([\w/]+\.py)`", path.read_text()))
    assert {
        name for name in named if not any(f"/{module}".endswith(f"/{name}") for module in MODULES)
    } == set()


@pytest.mark.parametrize(("file", "limit"), TOO_LONG.items())
def test_first_documents_stay_short(file: str, limit: int) -> None:
    assert len((CHECKOUT / file).read_bytes()) <= limit


def test_every_page_can_be_reached_from_the_readme() -> None:
    """By links alone."""
    seen, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        files = {link.partition("#")[0] for link in links(page.read_text()) if "://" not in link}
        waiting += [(page.parent / file).resolve() for file in files if file]
    assert not {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "docs").rglob("*.md")} - {
        path.relative_to(CHECKOUT).as_posix() for path in seen
    }


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_runbooks_have_the_same_three_parts(path: Path) -> None:
    headings = [line for line in path.read_text().splitlines() if line.startswith("## ")]
    assert headings == ["## What it means", "## What to look at", "## What to do"]


def test_every_webhook_that_wakes_people_has_a_runbook() -> None:
    pages = {path.stem for path in RUNBOOKS if path.parent.name == "webhooks"}
    assert pages == set(EVENT_TYPES) - ASK_NOTHING


def test_the_site_has_every_page() -> None:
    """mkdocs says the same, where it is installed."""
    text = (CHECKOUT / "docs/mkdocs.yml").read_text()
    listed = set(re.findall(r"^ *- (?:[^:\n]+: )?(\S+\.md)$", text, re.MULTILINE))
    pages = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "docs").rglob("*.md")}
    assert pages <= listed
    assert not [page for page in listed if not (CHECKOUT / page).exists()]


def test_what_the_site_is_made_of_leads_nowhere_else(tmp_path: Path) -> None:
    """A folder that is linked to becomes a page; each file that is linked to goes along."""
    site.main(tmp_path)
    assert (tmp_path / "README.md").exists() and (tmp_path / "examples/webhook-receiver/README.md").exists()
    for path in tmp_path.rglob("*.md"):
        assert not list(broken(path, tmp_path)), path.relative_to(tmp_path)


def test_every_webhook_is_in_the_reference() -> None:
    text = (CHECKOUT / "docs/reference/webhooks.md").read_text()
    assert [kind for kind in EVENT_TYPES if f"`{kind}`" not in text] == []


def test_every_piece_of_configuration_is_right(tmp_path: Path) -> None:
    """The README's is whole; of the others each is a part that could stand in it."""
    pieces = [
        yaml.safe_load(block.replace("/etc/vedette", str(tmp_path)))
        for path in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
        for block in re.findall(r"^```yaml\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    ]
    assert len(pieces) > 3
    for name in ("cluster.secret", "redis.password", "webhook.secret", "api.token"):
        (tmp_path / name).write_text("a-secret-of-the-tests-alone")
        (tmp_path / name).chmod(0o600)
    for piece in pieces:
        file = tmp_path / "vedette.yml"
        file.write_text(yaml.safe_dump({**pieces[0], **piece}))
        load(file, {"SENTINEL_ID": "s1", "WEBHOOK_SECRET": "a-secret-of-the-tests-alone"})


async def test_every_request_is_in_the_reference(tmp_path: Path) -> None:
    text = (CHECKOUT / "docs/reference/http.md").read_text()
    async with running(tmp_path) as world:
        _, description, _ = await world.get("/openapi.json")
    asked = [
        f"{method.upper()} {path}"
        for path, methods in description["paths"].items()
        for method in methods
        if method in ("get", "post", "delete")
    ]
    assert len(asked) > 20
    assert [each for each in asked if not re.search(rf"`{re.escape(each)}[`?]", text)] == []


def test_missing_markers_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no <!-- settings --> block"):
        with_block("nothing here", "settings", "x")


def test_broken_links_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A `b` & c\n\n## Twice\n\n## Twice\n")
    assert anchors((tmp_path / "there.md").read_text()) == {"a-b--c", "twice", "twice-1"}
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n[a](there.md#twice-1) [b](#here) [c](https://example.com#x) `[d](code.md)`\n"
        '[e](gone.md) [f](there.md#gone) [g](#gone) [h](../outside.md)\n<img src="gone.png">\n'
        "```\n[i](fenced.md)\n# Comment\n```\n[j](#comment)\n"
    )
    assert list(broken(page, tmp_path)) == [
        "gone.md: no such file",
        "there.md#gone: no such heading",
        "#gone: no such heading",
        "../outside.md: no such file",
        "#comment: no such heading",
        "gone.png: no such file",
    ]
