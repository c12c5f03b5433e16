"""The documents say what the code says, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs_blocks import BLOCKS, CHECKOUT, with_block

DOCUMENTS = [
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/safety.md"),
    *sorted(path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "examples").rglob("README.md")),
]


@pytest.mark.parametrize(("file", "name"), list(BLOCKS))
def test_generated_block_is_up_to_date(file: str, name: str) -> None:
    text = (CHECKOUT / file).read_text()
    assert with_block(text, name, BLOCKS[file, name]()) == text, "run `make docs`"


@pytest.mark.parametrize("file", DOCUMENTS)
def test_local_links_exist(file: str) -> None:
    text = (CHECKOUT / file).read_text()
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert ((CHECKOUT / file).parent / target).exists(), f"{file} links to {target}"


def test_missing_markers_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no <!-- settings --> block"):
        with_block("nothing here", "settings", "x")
