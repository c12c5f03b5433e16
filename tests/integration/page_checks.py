"""What holds for a whole page: contrast of texts, names of controls, order of headings, no overflow."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

LEAST_CONTRAST = 4.5
LEAST_CONTRAST_LARGE = 3.0

_CONTROL = re.compile(
    r"- (button|link|textbox|searchbox|combobox|checkbox|img|region|table|navigation)\b(?! \")"
)

_CONTRASTS = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const frame = at.localName === "g" ? at.querySelector(":scope > rect") : null;
      const colour = rgba(frame ? getComputedStyle(frame).fill : getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility()) continue;
    if (element.closest(".hidden, option, title, noscript")) continue;
    const style = getComputedStyle(element);
    const inPicture = element instanceof SVGElement;
    const [a, b] = [rgba(inPicture ? style.fill : style.color), behind(element)].map(luminance);
    const size = parseFloat(style.fontSize);
    found.push({
      text: text.data.trim().slice(0, 40),
      ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
      large: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
    });
  }
  return found;
}"""

_TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((each) => {
    if (!each.checkVisibility() || each.closest(".scroller table, .hidden, .skip")) return false;
    const box = each.getBoundingClientRect();
    return box.width > 0 && (box.right > room + 1 || box.left < -1);
  });
  const page = document.documentElement.scrollWidth > room ? ["the page"] : [];
  return [...page, ...out.map((each) => `${each.localName}.${each.getAttribute("class")}`)];
}"""


def low_contrasts(page: Page) -> list[dict[str, Any]]:
    """The texts that are hard to read on what they stand on (WCAG 2, AA)."""
    found: list[dict[str, Any]] = page.evaluate(_CONTRASTS)
    assert len(found) > 10, "there is no text to judge"
    return [
        each for each in found if each["ratio"] < (LEAST_CONTRAST_LARGE if each["large"] else LEAST_CONTRAST)
    ]


def nameless(page: Page) -> list[str]:
    """Controls, pictures and landmarks that a screen reader has no name for."""
    lines = page.locator("body").aria_snapshot().splitlines()
    assert any("button" in line for line in lines), "there is no control to judge"
    return [line for line in lines if _CONTROL.search(line)]


def skipped_headings(page: Page) -> list[str]:
    """Headings that are more than one level below the one before."""
    headings: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].filter((h) => h.checkVisibility())
            .map((h) => `${h.localName} ${h.textContent}`)"""
    )
    levels = [0, *(int(heading[1]) for heading in headings)]
    return [
        heading
        for heading, before, level in zip(headings, levels, levels[1:], strict=False)
        if level > before + 1
    ]


def too_wide(page: Page) -> list[str]:
    """What sticks out of the viewport, but for tables that scroll within themselves."""
    found: list[str] = page.evaluate(_TOO_WIDE)
    return found
