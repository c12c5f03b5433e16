"""The outbox forgets no event, keeps each once, and stays within its limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sentinel.state.store import Store
from sentinel.webhooks import outbox as outbox_module
from sentinel.webhooks.event import Endpoint, WebhookEvent
from sentinel.webhooks.outbox import SETTLED_LIFE_S, STANDBY_LIFE_S, Outbox

ALL = Endpoint("http://all.example/x", b"k", None, 1.0)
SOME = Endpoint("http://some.example/", b"k", frozenset({"wanted"}), 1.0)
NOW = 1_700_000_000.0


def event(name: str, kind: str = "other") -> WebhookEvent:
    return WebhookEvent(name, kind, "g", 1, {})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path, "s1")
    yield opened
    await opened.close()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store.thread, [ALL, SOME], wall=lambda: NOW)


async def due(outbox: Outbox, endpoint: Endpoint = ALL, now: float = NOW) -> str | None:
    item = await outbox.next_due(endpoint, now)
    return None if item is None else item.event_id


async def test_events_wait_for_the_endpoints_that_want_them_once_in_order(outbox: Outbox) -> None:
    for name, kind in (("a", "other"), ("b", "wanted"), ("a", "other")):
        await outbox.add(event(name, kind), owner=True)
    assert (await due(outbox), await due(outbox, SOME)) == ("a", "b")
    first = await outbox.next_due(ALL, NOW)
    assert first is not None
    assert await outbox.delivered(first)
    assert not await outbox.delivered(first)
    assert await due(outbox) == "b"
    for_all, for_some = await outbox.next_due(ALL, NOW), await outbox.next_due(SOME, NOW)
    assert for_all is not None and for_some is not None
    assert not await outbox.delivered(for_all)
    await outbox.add(event("b", "wanted"), owner=True)
    assert await due(outbox) is None
    assert await outbox.delivered(for_some)
    await outbox.add(event("a"), owner=True)
    assert (await due(outbox), await due(outbox, SOME)) == (None, None)


async def test_a_standby_copy_waits_until_it_is_claimed_or_settled(outbox: Outbox) -> None:
    woken = 0

    def on_pending() -> None:
        nonlocal woken
        woken += 1

    outbox.watch(on_pending)
    for name in ("a", "b", "c", "d"):
        await outbox.add(event(name), owner=False)
    assert await due(outbox) is None
    assert woken == 0
    await outbox.mark_delivered(["a", "never seen"])
    assert await outbox.standby_ids() == {"b", "c", "d"}
    await outbox.claim(["a", "b", "unknown"])
    assert (await due(outbox), woken) == ("b", 1)
    await outbox.mark_delivered(["b"])
    assert await due(outbox) is None
    await outbox.add(event("c"), owner=True)
    assert (await due(outbox), woken) == ("c", 2)
    assert await outbox.standby_ids() == {"d"}


async def test_a_note_that_comes_before_its_event_is_remembered_for_a_while(outbox: Outbox) -> None:
    await outbox.mark_delivered(["a"])
    await outbox.add(event("a"), owner=False)
    assert await outbox.standby_ids() == frozenset()
    await outbox.sweep(NOW + SETTLED_LIFE_S + 1)
    await outbox.add(event("a"), owner=False)
    assert await outbox.standby_ids() == {"a"}


async def test_a_failing_event_lets_newer_ones_pass_and_comes_back_when_due(outbox: Outbox) -> None:
    await outbox.add(event("a"), owner=True)
    await outbox.add(event("b"), owner=True)
    failing = await outbox.next_due(ALL, NOW)
    assert failing is not None
    await outbox.retry_at(failing, NOW + 10, "refused")
    assert await due(outbox) == "b"
    assert await due(outbox, now=NOW + 11) == "b"  # New ones still go first.
    other = await outbox.next_due(ALL, NOW)
    assert other is not None
    await outbox.delivered(other)
    assert (await due(outbox), await due(outbox, now=NOW + 10)) == (None, "a")
    assert await due(outbox, now=NOW - 100_000) == "a"  # The clock was set back.


async def test_dead_letters_are_listed_and_can_be_tried_again(outbox: Outbox) -> None:
    await outbox.add(event("a"), owner=True)
    item = await outbox.next_due(ALL, NOW)
    assert item is not None
    assert await outbox.bury(item, "answered 410")
    (letter,) = await outbox.dead_letters()
    assert (letter.event_id, letter.type, letter.endpoint) == ("a", "other", "http://all.example")
    assert (letter.attempts, letter.problem, letter.created_s) == (1, "answered 410", NOW)
    assert not await outbox.retry(letter.id + 1)
    assert await outbox.retry(letter.id)
    again = await outbox.next_due(ALL, NOW)
    assert again is not None and again.attempts == 0
    assert await outbox.dead_letters() == []


async def test_the_sweep_drops_old_copies_and_buries_what_has_no_endpoint(
    store: Store, outbox: Outbox
) -> None:
    await outbox.add(event("old"), owner=False)
    await outbox.add(event("mine"), owner=True)
    await outbox.sweep(NOW + STANDBY_LIFE_S - 1)
    assert await outbox.standby_ids() == {"old"}
    await outbox.sweep(NOW + STANDBY_LIFE_S + 1)
    assert await outbox.standby_ids() == frozenset()
    reduced = Outbox(store.thread, [SOME], wall=lambda: NOW)
    await reduced.sweep(NOW)
    (letter,) = await reduced.dead_letters()
    assert (letter.event_id, letter.endpoint) == ("mine", "(not configured any more)")
    assert not await reduced.retry(letter.id)


async def test_everything_is_bounded(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in (("MAX_PENDING", 5), ("MAX_STANDBY", 4), ("MAX_DEAD", 3), ("MAX_SETTLED", 6)):
        monkeypatch.setattr(outbox_module, name, limit)
    for number in range(20):
        await outbox.add(event(f"p{number:02}"), owner=True)
        await outbox.add(event(f"s{number:02}"), owner=False)
    assert await due(outbox) == "p15"
    assert await outbox.standby_ids() == {"s16", "s17", "s18", "s19"}
    assert [letter.event_id for letter in await outbox.dead_letters()] == ["p14", "p13", "p12"]
    assert {letter.problem for letter in await outbox.dead_letters(1)} == {"more than 5 were waiting"}


def test_two_endpoints_with_one_url_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="same url"):
        Outbox(store.thread, [ALL, ALL])
