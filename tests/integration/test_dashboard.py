"""The dashboard in a real Chromium, before a real cluster: what people see, and what their clicks do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.integration.browser import chromium, watched
from tests.integration.cluster import GROUP, Cluster
from tests.redis_server import RedisServer
from tests.waiting import stays

TOKEN = "dashboard-token"
HOSTILE_ZONE = "<img src=x onerror=\"document.title='hacked'\">"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = (1360, 1220)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(browser: Browser) -> Iterator[Cluster]:
    """Two groups; the second is in a zone that is anything but one."""
    with RedisServer() as first, RedisServer() as second:
        second.replicate(first)
        sessions = {"nodes": [{"address": each.name, "zone": HOSTILE_ZONE} for each in (first, second)]}
        with Cluster(groups={"sessions": sessions}, extra={"api": {"token": TOKEN}}) as made:
            yield made


@pytest.fixture
def origin(cluster: Cluster) -> str:
    cluster.wait_watching()
    return f"http://127.0.0.1:{cluster.sentinels[0].port}"


def open_group(page: Page, origin: str, group: str = GROUP) -> None:
    page.goto(f"{origin}/#g/{group}")
    expect(page.get_by_role("heading", name=group, level=2)).to_be_visible()
    expect(page.locator("#link")).to_have_text("Live")


def fact(page: Page, name: str) -> Locator:
    return page.locator(".facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def save(page: Page, name: str) -> None:
    """For the README, where that is asked for (`make screenshots`)."""
    if os.environ.get("VEDETTE_SCREENSHOTS"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGES / name)


def test_a_failover_is_seen_without_reloading(browser: Browser, cluster: Cluster, origin: str) -> None:
    with (
        watched(browser, origin, size=SIZE) as seen,
        watched(browser, origin, size=SIZE, scheme="dark") as dark,
    ):
        page = seen.page
        for each in (page, dark.page):
            open_group(each, origin)
            each.evaluate("window.sameDocument = true")
        old = cluster.node(cluster.wait_agreed())
        expect(page.locator(".badge")).to_have_text("Healthy")
        expect(fact(page, "Primary")).to_have_text(old.name)
        old.kill()
        new = cluster.wait_failover(old.name)
        for each in (page, dark.page):
            expect(fact(each, "Primary")).to_have_text(new.name)
            expect(each.locator(".badge")).to_have_text("1 replica down")
            expect(each.locator(".change").first.locator(".legend")).to_contain_text("promotion")
            expect(each.locator(".events")).to_contain_text(f"{new.name} is primary in term")
            expect(each.locator("svg.picture")).to_have_accessible_description(
                re.compile(rf"Primary {new.name}: up\.")
            )
        expect(page.locator("#announcer")).to_have_text(
            f"{GROUP}: {new.name} is the primary now, {old.name} no longer is."
        )
        expect(page.locator(".row", has_text=GROUP)).to_contain_text("1 replica down")
        save(page, "dashboard.png")
        save(dark.page, "dashboard-dark.png")
        old.restart()
        expect(page.locator(".badge")).to_have_text("Healthy")
        expect(page.locator("svg.picture")).to_have_accessible_description(
            re.compile(rf"{old.name}: up, follows {new.name}")
        )
        assert page.evaluate("window.sameDocument") is True


def test_a_switchover_takes_a_confirmation_and_the_token(
    browser: Browser, cluster: Cluster, origin: str
) -> None:
    path = f"/v1/groups/{GROUP}/switchover"
    with watched(browser, origin, allowed=(path,)) as seen:
        page = seen.page
        open_group(page, origin)
        old = cluster.wait_agreed()
        wanted = next(node.name for node in cluster.nodes if node.name != old)
        button, dialog = page.get_by_role("button", name="Switch over…"), page.get_by_role("dialog")
        button.click()
        dialog.get_by_role("button", name="Leave it").click()
        expect(dialog).to_have_count(0)
        button.click()
        dialog.get_by_label("Hand over to").select_option(wanted)
        dialog.get_by_role("button", name="Switch over").click()
        expect(dialog).to_contain_text("wants its API token")
        dialog.get_by_label("Token").fill("not the token")
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog).to_contain_text("That token was wrong")
        assert cluster.wait_agreed() == old
        dialog.get_by_label("Token").fill(TOKEN)
        dialog.get_by_role("button", name="Use it").click()
        expect(page.locator(".outcome")).to_contain_text(
            f"Switchover of {GROUP}: {wanted} is primary in term"
        )
        expect(fact(page, "Primary")).to_have_text(wanted)
        assert cluster.wait_agreed() == wanted
        assert page.evaluate("Object.values(sessionStorage)") == [TOKEN]
        assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        page.get_by_role("button", name=re.compile("^Dismiss")).click()
        expect(page.locator(".outcome")).to_have_count(0)


def test_a_failover_that_cannot_be_is_refused_with_the_reasons(
    browser: Browser, cluster: Cluster, origin: str
) -> None:
    path = f"/v1/groups/{GROUP}/failover"
    with watched(browser, origin, allowed=(path,)) as seen:
        page = seen.page
        open_group(page, origin)
        page.evaluate("token => sessionStorage.setItem('vedette-token', token)", TOKEN)
        primary = cluster.wait_agreed()
        gone = next(node for node in cluster.nodes if node.name != primary)
        gone.kill()
        expect(page.locator(".panel", has_text="If it had to fail over now")).to_contain_text("down")
        page.get_by_role("button", name="Fail over…").click()
        page.get_by_label("Promote").select_option(gone.name)
        page.get_by_role("dialog").get_by_role("button", name="Fail over").click()
        outcome = page.locator(".outcome")
        expect(outcome).to_contain_text(f"Failover of {GROUP} was refused")
        why = outcome.get_by_role("row").filter(has=page.get_by_role("rowheader", name=gone.name))
        expect(why).to_contain_text("down")
        assert cluster.wait_agreed() == primary
        gone.restart()
        expect(page.locator(".badge")).to_have_text("Healthy")


def test_a_sentinel_without_a_majority_says_so(browser: Browser, cluster: Cluster, origin: str) -> None:
    with watched(browser, origin) as seen:
        page = seen.page
        open_group(page, origin)
        others = cluster.sentinels[1:]
        try:
            for each in others:
                each.pause()
            expect(page.get_by_role("alert")).to_contain_text(
                "No majority. s1 is in touch with 1 of 3 sentinels"
            )
            expect(page.locator(".peers")).to_contain_text("s2 out of touch")
        finally:
            for each in others:
                each.resume()
        expect(page.get_by_role("alert")).to_have_text("")
        expect(page.locator(".sentinels")).to_contain_text("In touch with 3 of 3 sentinels")


def test_it_finds_a_sentinel_again_that_was_restarted(
    browser: Browser, cluster: Cluster, origin: str
) -> None:
    sentinel = cluster.sentinels[0]
    with watched(browser, origin, allowed=("/v1/",)) as seen:
        page = seen.page
        open_group(page, origin)
        sentinel.kill()
        silent = "This sentinel does not answer"
        expect(page.locator("#link")).to_have_text(silent)
        stays(lambda: page.locator("#link").inner_text() == silent, 1.0, "told for as long as it is so")
        expect(page.get_by_role("alert")).to_contain_text("Out of date.")
        sentinel.start()
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.get_by_role("alert")).to_have_text("")


def test_what_the_configuration_says_is_shown_as_text(browser: Browser, origin: str) -> None:
    with watched(browser, origin) as seen:
        page = seen.page
        open_group(page, origin, "sessions")
        expect(page.get_by_role("table", name="Nodes", exact=True)).to_contain_text(HOSTILE_ZONE)
        assert page.locator("main img").count() == 0
        assert "hacked" not in page.title()
