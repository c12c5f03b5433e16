"""A real Chromium, headless, that tells what went wrong in its pages. Debian's, not Playwright's download."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LIMIT_MS = 20_000
DESKTOP = (1360, 900)
PHONE = (360, 740)


def find_chromium() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test where there is none: `.ci/ensure-chromium` installs it where it may."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"no Chromium: none of {', '.join(NAMES)} is in PATH")
    expect.set_options(timeout=LIMIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, and what a page must not do."""

    page: Page
    origin: str
    allowed: tuple[str, ...] = ()
    """Beginnings of paths whose answer may be an error, which the browser reports on its console."""
    complaints: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        path = urlsplit(message.location.get("url", "")).path
        if message.type in ("error", "warning") and not (self.allowed and path.startswith(self.allowed)):
            self.complaints.append(f"{message.type}: {message.text} ({path})")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:")):
            self.complaints.append(f"asked another origin: {request.url}")


@contextmanager
def watched(
    browser: Browser,
    origin: str,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    allowed: tuple[str, ...] = (),
    **options: Any,
) -> Iterator[Watched]:
    """A page in a context of its own. Fails at the end if it complained on its console or asked elsewhere."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        **options,
    )
    try:
        page = context.new_page()
        page.set_default_timeout(LIMIT_MS)
        seen = Watched(page, origin, allowed)
        page.on("console", seen.on_console)
        page.on("pageerror", lambda error: seen.complaints.append(f"exception: {error}"))
        page.on("request", seen.on_request)
        yield seen
        assert seen.complaints == []
    finally:
        context.close()
