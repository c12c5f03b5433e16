"""The dashboard in a real Chromium, before answers made for it: many groups, hostile texts, its readers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from sentinel.status.answers import FailoverAnswer, GroupAnswer, OpinionAnswer
from tests.integration.browser import DESKTOP, PHONE, chromium, watched
from tests.integration.cluster import Cluster
from tests.integration.dashboard_answers import SINCE, Stub, candidates, group, history, node, refusal
from tests.integration.page_checks import low_contrasts, nameless, skipped_headings, too_wide
from tests.waiting import wait_for

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
MANY = 200
LONG = "x" * 64
"""No name is longer; this one has no place where it could be broken."""
ACCEPTED = {"operation": "op-1", "group": "shop"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def origin(browser: Browser) -> Iterator[str]:
    """A real sentinel serves the page; what the page asks it is answered by each test."""
    with Cluster(replicas=0, sentinels=1, start=False) as cluster:
        cluster.start()
        sentinel = cluster.sentinels[0]
        wait_for(lambda: sentinel.get("/healthz")[0] == 200, what="the sentinel to answer")
        yield f"http://127.0.0.1:{sentinel.port}"


def troubled(name: str) -> GroupAnswer:
    """One of everything that can be amiss."""
    first = f"{name}-a:6379"
    return group(
        name,
        [
            node(first, "primary", state="down"),
            node(f"{name}-b:6379", follows=first, link_up=False, lag_bytes=None, zone="rack-2"),
            node(f"{name}-c:6379", follows=first, syncing=True, link_up=False),
            node(f"{name}-d:6379", follows=f"{name}-c:6379", lag_bytes=45_678_901),
            node(f"{name}-e:6379", state="misconfigured", detail="WRONGPASS"),
            node(f"{name}-f:6379", "unknown", state="unknown", silence_ms=None, offset_bytes=None),
        ],
        failover=FailoverAnswer(phase="observing", target=None, cause="refused", leader="s2", operation=None),
        leader="s2",
    )


def many() -> list[GroupAnswer]:
    groups = [group(f"shop-{number}") for number in range(1, MANY + 1)]
    groups[149] = troubled("shop-150")
    groups[99] = group("shop-100", topology=None, ambiguous="two primaries have replicas")
    primary, *replicas = groups[6].nodes
    groups[6] = group("shop-7", [primary, *(node(each.node, state="down") for each in replicas)])
    return groups


def in_path(name: str) -> str:
    """As the page writes it in an address."""
    return quote(name, safe="!'()*")


def stories(stub: Stub, name: str) -> None:
    """A pause, a schedule and findings, for the looks of it."""
    stub.more[name] = {
        "paused": {"since": SINCE, "by": "s3", "reason": "moving racks"},
        "scheduled": {"operation": "op-9", "at": "2099-12-01T02:00:00Z", "to": None, "requested_at": SINCE},
    }
    findings = [
        {
            "node": f"{name}-b:6379",
            "severity": "error",
            "code": "acl",
            "problem": "may not",
            "advice": "allow",
        },
        {"node": None, "severity": "warning", "code": "clock", "problem": "apart", "advice": "run NTP"},
    ]
    path = f"GET /v1/groups/{name}/preflight"
    stub.extra[path] = {"group": name, "checked_at": SINCE, "problems": findings}


def test_two_hundred_groups_stay_usable(browser: Browser, origin: str) -> None:
    with watched(browser, origin) as seen:
        page = seen.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(origin)))
        stub = Stub(page, many())
        page.goto(origin)
        rows, names = page.locator(".row"), page.locator(".row-name")
        expect(rows).to_have_count(MANY)
        assert names.all_text_contents()[:5] == ["shop-100", "shop-150", "shop-7", "shop-1", "shop-2"]
        expect(page.locator("#counts")).to_have_text(f"{MANY} groups, 3 with problems")
        expect(page.locator(".tallies")).to_contain_text("197healthy")
        assert not [path for path in asked if "/v1/groups/" in path]

        page.get_by_label("Filter groups").fill("shop-19")
        assert names.all_text_contents() == ["shop-19", *(f"shop-{number}" for number in range(190, 200))]
        page.get_by_label("Filter groups").fill("DOWN")
        assert names.all_text_contents() == ["shop-150", "shop-7"]
        page.get_by_label("Filter groups").fill("shop-33-c:6379")
        assert names.all_text_contents() == ["shop-33"]
        page.get_by_label("Filter groups").fill("no such thing")
        expect(page.get_by_text("No group matches.")).to_be_visible()
        page.get_by_label("Filter groups").fill("")
        page.get_by_role("button", name="Problems only").click()
        expect(rows).to_have_count(3)
        page.get_by_role("button", name="Problems only").click()

        page.locator(".row", has_text="shop-42").click()
        expect(page.get_by_role("heading", name="shop-42", level=2)).to_be_visible()
        expect(page.locator(".candidates, .answer").first).to_contain_text("shop-42-b:6379")
        parts = {path.split("/")[3] for path in asked if re.match("/v1/groups/.+/", path)}
        assert parts == {"shop-42"}

        page.evaluate("document.querySelectorAll('.group-list > li').forEach((row) => (row.known = true))")
        stub.groups["shop-120"] = group("shop-120", topology=None, ambiguous="nobody is primary")
        # As when the reader comes back to the tab: everything is asked for at once.
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(names.nth(1)).to_have_text("shop-120")
        kept = "[...document.querySelectorAll('.group-list > li')].filter((row) => row.known).length"
        assert page.evaluate(kept) == MANY


def test_a_rule_that_refuses_everybody_is_told_above_the_replicas(browser: Browser, origin: str) -> None:
    shop = group("shop")
    refused = candidates(shop).model_copy(update={"chosen": None, "refusal": "durability: too few can vouch"})
    with watched(browser, origin) as seen:
        Stub(seen.page, [shop], {"GET /v1/groups/shop/candidates": refused.model_dump()})
        seen.page.goto(f"{origin}/#g/shop")
        answer = seen.page.locator(".answer")
        expect(answer).to_have_text(re.compile("It would promote nobody.*durability: too few can vouch"))
        expect(seen.page.locator(".note")).to_have_count(0)


def test_a_primary_down_with_nobody_to_promote_calls_for_people(browser: Browser, origin: str) -> None:
    a, b, c = node("a:1", "primary", state="down"), node("b:1", link_up=False), node("c:1", link_up=False)
    shop = group("shop", [a, b, c])
    refused = candidates(shop).model_copy(update={"chosen": None, "refusal": "durability: too few can vouch"})
    with watched(browser, origin) as seen:
        stub = Stub(seen.page, [shop], {"GET /v1/groups/shop/candidates": refused.model_dump()})
        seen.page.goto(f"{origin}/#g/shop")
        expect(seen.page.locator(".note")).to_have_text(
            "The primary is down and nobody is promoted. durability: too few can vouch."
        )
        expect(seen.page.locator(".badge")).to_have_text("Primary is down")
        stub.extra = {"GET /v1/groups/shop/candidates": candidates(shop).model_dump()}
        seen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(seen.page.locator(".note")).to_have_count(0)


def test_a_sentinel_that_could_promote_nobody_is_named_with_the_reason(browser: Browser, origin: str) -> None:
    shop = group("shop", stands_back={"s2": "shop-b:6379: WRONGPASS"})
    with watched(browser, origin) as seen:
        stub = Stub(seen.page, [shop])
        seen.page.goto(f"{origin}/#g/shop")
        note = seen.page.locator(".note")
        expect(note).to_have_text(
            "A sentinel stands last. s2 could promote nobody, and another could: shop-b:6379: WRONGPASS."
        )
        stub.groups["shop"] = group("shop")
        seen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(note).to_have_count(0)


def test_no_text_turns_the_text_around_it(browser: Browser, origin: str) -> None:
    """A right-to-left override in a reason or a zone would mirror the rest of its line."""
    shop = group("shop", [node("a:1", "primary"), node("b:1", zone="z\u202e1", follows="a:1")])
    with watched(browser, origin) as seen:
        stub = Stub(seen.page, [shop])
        stub.more["shop"] = {"paused": {"since": SINCE, "by": "s1", "reason": "\u2067evil\u200b\x85"}}
        seen.page.goto(f"{origin}/#g/shop")
        expect(seen.page.locator(".note q")).to_have_text("\ufffdevil\ufffd\ufffd")
        expect(seen.page.get_by_text("z\ufffd1", exact=True).first).to_be_visible()


def test_no_text_becomes_markup(browser: Browser, origin: str) -> None:
    """Whatever field it comes in: also those that no configuration or Redis lets through today."""
    opinions = [OpinionAnswer(sentinel=EVIL, down=True, grade=EVIL)]
    odd: dict[str, Any] = {
        "zone": EVIL,
        "detail": EVIL,
        "version": EVIL,
        "opinions": opinions,
        "address": EVIL,
    }
    nodes = [node(f"{EVIL}:1", "primary", **odd), node(f"{EVIL}:2", follows=f"{EVIL}:1", **odd)]
    nodes.append(node(f"{EVIL}:3", state="down", **odd))
    failover = FailoverAnswer(phase=EVIL, target=EVIL, cause=EVIL, leader=EVIL, operation=None)
    evil = group(EVIL, nodes, leader=EVIL, failover=failover, ambiguous=EVIL, stands_back={EVIL: EVIL})
    path = "/v1/groups/" + in_path(EVIL)
    event = {
        "id": "1",
        "type": "failover.aborted",
        "timestamp": SINCE,
        "data": {"group": EVIL, "reason": EVIL},
    }
    stream = f"retry: 3600000\nid: s.1\nevent: failover.aborted\ndata: {json.dumps(event)}\n\n"
    finding = {"node": EVIL, "severity": EVIL, "code": EVIL, "problem": EVIL, "advice": EVIL}
    extra: dict[str, Any] = {
        f"GET {path}/candidates": candidates(evil, EVIL).model_dump(),
        f"GET {path}/history": history(evil, EVIL).model_dump(),
        f"GET {path}/preflight": {"group": EVIL, "checked_at": SINCE, "problems": [finding]},
        f"POST {path}/failover": refusal(412, EVIL, candidates(evil, EVIL)),
    }
    with watched(browser, origin, allowed=(path,)) as seen:
        page = seen.page
        stub = Stub(page, [evil, group("other")], extra, stream)
        stub.more[EVIL] = {
            "paused": {"since": SINCE, "by": EVIL, "reason": EVIL},
            "scheduled": {"operation": EVIL, "at": EVIL, "to": EVIL, "requested_at": EVIL},
        }
        page.goto(f"{origin}/#g/{in_path(EVIL)}")
        expect(page.get_by_role("heading", level=2, name=EVIL)).to_be_visible()
        for part in (".events", ".findings", ".changes", ".notes", ".row"):
            expect(page.locator(part).first).to_contain_text(EVIL)
        page.get_by_role("button", name="Fail over…").click()
        page.get_by_role("dialog").get_by_role("button", name="Fail over").click()
        expect(page.locator(".outcome")).to_contain_text(EVIL)
        page.get_by_role("button", name="Switch over…").click()
        expect(page.get_by_role("dialog")).to_contain_text(EVIL)
        made = "document.querySelectorAll('main :is(img, script), nav img, dialog img, .outcome img').length"
        assert page.evaluate(made) == 0
        assert page.evaluate("typeof window.hacked") == "undefined"


def test_markup_made_of_text_is_refused_by_the_browser(browser: Browser, origin: str) -> None:
    """The headers hold even where a script would forget itself."""
    with watched(browser, origin) as seen:
        page = seen.page
        Stub(page, [group("shop")])
        page.goto(origin)
        expect(page.get_by_role("heading", name="shop", level=2)).to_be_visible()
        attempt = "() => { try { document.body.innerHTML = '<b>x</b>' } catch (e) { return e.name } }"
        assert page.evaluate(attempt) == "TypeError"
        assert "TrustedHTML" in seen.complaints.pop()


def test_what_operators_ask_for_is_confirmed_and_sent(browser: Browser, origin: str) -> None:
    done = {
        "operation": "op-1",
        "group": "shop",
        "kind": "pause",
        "candidate": None,
        "state": "completed",
        "reason": None,
        "term": None,
        "new_primary": None,
        "requested_at": SINCE,
        "finished_at": SINCE,
    }
    path = "/v1/groups/shop"
    asked = (
        f"POST {path}/pause",
        f"POST {path}/resume",
        f"POST {path}/switchover",
        f"DELETE {path}/switchover",
    )
    extra: dict[str, Any] = dict.fromkeys(asked, ACCEPTED)
    with watched(browser, origin, timezone_id="Europe/Vienna") as seen:
        page = seen.page
        stub = Stub(page, [group("shop")], extra | {"GET /v1/operations/op-1": done})
        page.goto(origin)
        dialog = page.get_by_role("dialog")

        page.get_by_role("button", name="Pause…").click()
        dialog.get_by_label("Reason").fill("  moving racks ")
        dialog.get_by_role("button", name="Pause").click()
        expect(page.locator(".outcome")).to_contain_text("Pause of shop: done")
        page.get_by_role("button", name="Switch over…").click()
        dialog.get_by_label("When").fill("2099-07-01T12:00:00")
        dialog.get_by_role("button", name="Switch over").click()
        expect(dialog).to_have_count(0)

        stories(stub, "shop")
        expect(page.locator(".notes")).to_contain_text("moving racks")
        expect(page.locator(".notes")).to_contain_text("Switchover scheduled.")
        expect(page.locator(".badge")).to_have_text("Paused")
        page.get_by_role("button", name="Cancel schedule…").click()
        dialog.get_by_role("button", name="Cancel the switchover").click()
        page.get_by_role("button", name="Resume…").click()
        dialog.get_by_role("button", name="Resume").click()
        expect(page.locator(".outcome").last).to_contain_text("Resume of shop: done")
        assert stub.sent == [
            ("POST", f"{path}/pause", {"reason": "moving racks"}),
            ("POST", f"{path}/switchover", {"at": "2099-07-01T10:00:00.000Z"}),
            ("DELETE", f"{path}/switchover", None),
            ("POST", f"{path}/resume", None),
        ]


def test_everything_is_reached_and_used_by_keyboard(browser: Browser, origin: str) -> None:
    with watched(browser, origin) as seen:
        page = seen.page
        Stub(page, [group("shop"), group("cart")])
        page.goto(f"{origin}/#g/shop")
        expect(page.get_by_role("heading", name="shop", level=2)).to_be_visible()
        expect(page.locator(".legend")).to_be_visible()
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
                .filter((each) => each.checkVisibility()).map((each, at) => (each.number = at))"""
        )
        reached = set()
        page.evaluate("document.activeElement.blur()")
        for _ in range(len(wanted) + 1):
            page.keyboard.press("Tab")
            number, outline = page.evaluate(
                "[document.activeElement.number, getComputedStyle(document.activeElement).outlineStyle]"
            )
            assert number is None or outline == "solid", f"no visible focus on {number}"
            reached.add(number)
        assert set(wanted) <= reached

        pause = page.get_by_role("button", name="Pause…")
        pause.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(pause).to_be_focused()
        page.locator(".row", has_text="cart").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="cart", level=2)).to_be_visible()
        expect(page.locator("main")).to_be_focused()
        page.locator("#skip").focus()
        expect(page.locator("#skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_what_is_renewed_leaves_the_reader_where_they_were(browser: Browser, origin: str) -> None:
    with watched(browser, origin) as seen:
        page = seen.page
        shop = group("shop")
        stub = Stub(page, [shop])
        page.goto(origin)
        unfolded = page.locator(".change", has_text="term 3").locator("summary")
        unfolded.click()
        expect(unfolded).to_be_focused()
        older = history(shop).changes[0]
        newer = older.model_copy(update={"term": 4, "new": "shop-b:6379"})
        answer = {"group": "shop", "changes": [newer.model_dump(), older.model_dump()]}
        stub.extra["GET /v1/groups/shop/history"] = answer
        primary, *replicas = shop.nodes
        late = [each.model_copy(update={"lag_bytes": 5000}) for each in replicas]
        stub.groups["shop"] = shop.model_copy(update={"term": 4, "nodes": [primary, *late]})
        expect(page.locator(".wire-label").first).to_have_text("5.0 kB behind")
        expect(page.locator(".change")).to_have_count(2)
        expect(page.get_by_text("work done at 90 ms")).to_have_count(2)
        assert page.locator(".change details[open]").count() == 1
        expect(page.locator(".change").last.locator("summary")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_readable_by_everybody(
    browser: Browser, origin: str, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> None:
    with watched(browser, origin, size=size, scheme=scheme) as seen:
        page = seen.page
        stub = Stub(page, [troubled("shop"), troubled(LONG)])
        page.goto(origin)
        expect(page.locator(".row")).to_have_count(2)
        judge(page)
        stories(stub, "shop")
        page.goto(f"{origin}/#g/shop")
        expect(page.locator(".findings")).to_contain_text("run NTP")
        expect(page.locator(".notes")).to_contain_text("moving racks")
        judge(page)
        page.goto(f"{origin}/#g/{LONG}")
        expect(page.locator(".answer").first).to_contain_text(LONG)
        judge(page)
        page.get_by_role("button", name="Switch over…").click()
        assert too_wide(page) == []
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
        assert (brightness > 200) if scheme == "light" else (brightness < 50)


def judge(page: Page) -> None:
    assert low_contrasts(page) == []
    assert nameless(page) == []
    assert skipped_headings(page) == []
    assert too_wide(page) == []
    for landmark in ("header.masthead", "main"):
        expect(page.locator(landmark)).to_have_count(1)
