"""The documents say what the code says, and their links lead somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.model_webhook import EVENT_TYPES
from docs.generate.blocks import BLOCKS, with_block
from tests.checkout import CHECKOUT
from tests.unit.doc_links import anchors, broken, links

pytestmark = pytest.mark.unit

DOCUMENTS = [
    *sorted(CHECKOUT.glob("*.md")),
    *(
        path
        for folder in ("docs", "examples", "benchmarks")
        for path in sorted((CHECKOUT / folder).rglob("*.md"))
    ),
]
TOO_LONG = {"README.md": 12_500, "ARCHITECTURE.md": 42_000}
"""Bytes: a newcomer's five minutes, and twenty minutes of a stranger."""


@pytest.mark.parametrize(("file", "name"), list(BLOCKS))
def test_generated_block_is_up_to_date(file: str, name: str) -> None:
    text = (CHECKOUT / file).read_text()
    assert with_block(text, name, BLOCKS[file, name]()) == text, "run `make docs`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_local_links_lead_somewhere(path: Path) -> None:
    assert not list(broken(path, CHECKOUT))


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


def test_every_webhook_is_in_the_reference() -> None:
    text = (CHECKOUT / "docs/reference/webhooks.md").read_text()
    assert [kind for kind in EVENT_TYPES if f"`{kind}`" not in text] == []


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
