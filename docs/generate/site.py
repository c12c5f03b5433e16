"""Lays out what the site is made of, for ``make docs-site``: the documents, and every file that they link to.

    python -m docs.generate.site DIRECTORY

The files keep their places, so that links which work in the checkout work in the site. A link to a folder
leads to its README; a folder without one gets a page that lists its files.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.generate.links import links

CHECKOUT = Path(__file__).parents[2]
FIRST = "README.md"
INDEX = "README.md"


def pages(root: Path) -> dict[Path, str]:
    """Everything that can be reached from the README by links: relative paths, with the text of each page."""
    found: dict[Path, str] = {}
    waiting = [root / FIRST]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(root)
        if name in found:
            continue
        found[name] = text = path.read_text() if path.suffix == ".md" else ""
        for target, _ in _linked(path, text, root):
            if target.is_dir() and not (target / INDEX).exists():
                found[target.relative_to(root) / INDEX] = listing(target)
                waiting += [each for each in target.iterdir() if each.is_file()]
            else:
                waiting.append(target / INDEX if target.is_dir() else target)
    return found


def listing(folder: Path) -> str:
    """A page for a folder that has none."""
    files = sorted(each.name for each in folder.iterdir() if each.is_file())
    return "\n".join([f"# {folder.name}", "", *(f"* [{name}]({name})" for name in files), ""])


def with_folders_named(path: Path, text: str, root: Path) -> str:
    """The page with its links to folders leading to the folders' pages."""
    for target, link in _linked(path, text, root):
        if target.is_dir():
            text = text.replace(f"]({link})", f"]({link.rstrip('/')}/{INDEX})")
    return text


def _linked(path: Path, text: str, root: Path) -> Iterator[tuple[Path, str]]:
    for link in links(text):
        file = link.partition("#")[0]
        if file and "://" not in link and not link.startswith("mailto:"):
            target = (path.parent / file).resolve()
            if target.exists() and target.is_relative_to(root):
                yield target, link


def main(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    for name, text in pages(CHECKOUT).items():
        copy = directory / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if name.suffix == ".md":
            copy.write_text(with_folders_named(CHECKOUT / name, text, CHECKOUT))
        else:
            shutil.copyfile(CHECKOUT / name, copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
