"""Finds links in Markdown that lead nowhere: a missing file, or a heading that the page does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
_HTML = re.compile(r"\b(?:src|srcset|href)=\"([^\"]+)\"")


def without_fences(text: str) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub, and the site, give the headings of a page."""
    found: set[str] = set()
    for heading in _HEADING.findall(without_fences(text)):
        slug = _slug(heading)
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def _slug(heading: str) -> str:
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")


def links(text: str) -> Iterator[str]:
    """Targets of links and pictures, those inside of code left out."""
    prose = _CODE.sub("", without_fences(text))
    yield from _LINK.findall(prose)
    yield from _HTML.findall(prose)


def broken(path: Path, root: Path) -> Iterator[str]:
    """Relative links of the page ``path`` that lead to no file, to no heading, or out of ``root``."""
    text = path.read_text()
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.is_relative_to(root) or not target.exists():
            yield f"{link}: no such file"
        elif anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text())):
            yield f"{link}: no such heading"
