"""A group's picture is drawn at most once per change, shows what is, and is never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.messages import Append, Entry
from sentinel.coordination.contested import Contested
from sentinel.process import clock
from tests.unit.sentinel.http_cases import GROUP, TERM_7, A, B, C, eventually, running

THREE = frozenset({"s1", "s2", "s3"})
TERM_8 = replace(TERM_7, primary=B, term=8, previous=A)
ALIVE = Evidence(EvidenceKind.ALIVE, "+PONG")


async def test_whoever_asks_again_gets_the_same_picture_until_something_is_heard(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(B, ALIVE))
        before = world.driver.view
        assert world.driver.view is before
        world.driver.feed(Observed(C, ALIVE))
        assert world.driver.view is not before


async def test_a_reply_from_which_nothing_follows_is_seen_as_well(tmp_path: Path) -> None:
    """It takes no step, and the picture is not drawn anew for it."""
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(B, ALIVE))
        before = world.driver.view
        await eventually(lambda: clock.monotonic() > before.nodes[B].valid_at, "a later moment")
        world.driver.feed(Observed(B, ALIVE))
        after = world.driver.view
        assert after.nodes[B].valid_at > before.nodes[B].valid_at
        assert after.nodes[A] is before.nodes[A]
        assert world.driver.view is after


async def test_what_another_group_finds_out_is_seen_at_once(tmp_path: Path) -> None:
    """Each learns from both that they have one server, and neither touches it."""
    shared = Contested()
    async with running(tmp_path, groups=("one", "other"), contested=shared) as world:
        one, other = world.drivers["one"], world.drivers["other"]
        world.redis["one"].look()
        assert not one.view.nodes[B].contested
        world.redis["other"].look()
        assert "group other" in one.view.nodes[B].contested and one.view.nodes[B].hands_off
        assert "group one" in other.view.nodes[B].contested


async def test_it_cannot_be_changed_and_stays_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        before = world.driver.view
        with pytest.raises(FrozenInstanceError):
            before.term = 8  # type: ignore[misc]
        with pytest.raises(TypeError):
            before.nodes[B] = before.nodes[C]  # type: ignore[index]
        world.driver.feed(Observed(B, Evidence(EvidenceKind.REFUSED)))
        assert before.nodes[B].state == "up" and not before.nodes[B].called_down
        assert world.driver.view.nodes[B].state == "down" and "s1" in world.driver.view.nodes[B].called_down


async def test_what_is_published_is_told_apart_from_what_is_committed(tmp_path: Path) -> None:
    """The commit is known before it is on disk here; until then clients are not told."""
    async with running(tmp_path, members=THREE) as world:
        world.driver.received("s2", Append(8, 1, Entry(8, 1, TERM_8), (8, 1)))
        view = world.driver.view
        assert (view.committed, view.published) == (TERM_8, TERM_7)
        assert view.nodes[B].is_primary and view.primary_address == ("10.0.0.1", 6379)
        assert world.driver.published_term == 7
        seen = []
        world.driver.on_change(lambda: seen.append(world.driver.view.published))
        await eventually(lambda: world.driver.published_term == 8, "on disk")
        assert seen[-1] == TERM_8


async def test_who_leads_shows_until_its_lease_is_over(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.driver.received("s2", Append(8, 1, None, (7, 1)))
        view = world.driver.view
        assert (view.leader, view.leads, view.term) == ("s2", False, 8)
        await eventually(lambda: world.driver.view.leader is None, "it is not heard any more")


async def test_a_silence_grows_while_the_picture_stays(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE) as world:
        world.redis[GROUP].look()
        assert world.driver.view.nodes[A].silence_s(clock.monotonic()) == float("inf"), "it has not answered"
        world.driver.feed(Observed(A, ALIVE))
        node, now = world.driver.view.nodes[A], clock.monotonic()
        assert node.silence_s(now + 5.0) == pytest.approx(node.silence_s(now) + 5.0)
