"""``--wait`` ends when the replicas follow the new primary, so that ``status`` finds a group that is well."""

from __future__ import annotations

from typing import Any

import pytest

from sentinel.cli.following import await_replicas
from sentinel.terminal.client import Reply, Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from tests.unit.sentinel.cli.test_cli import A, B, FakeSentinel, changed_over, fake, make_fake, node

__all__ = ["fake", "make_fake"]

DONE = {
    "operation": "op-1",
    "group": "g",
    "kind": "switchover",
    "candidate": None,
    "state": "completed",
    "reason": None,
    "term": 8,
    "new_primary": B,
    "requested_at": "2026-01-31T12:00:00.123Z",
    "finished_at": None,
}
LATER = changed_over()


class Waiting:
    """Plays the group's answers, one for each look; the time passes only while it sleeps."""

    def __init__(self, fake: FakeSentinel, *answers: dict[str, Any]) -> None:
        self._fake = fake
        self._answers = list(answers)
        self._next()
        self.said: list[str] = []
        self.now = 100.0

    def _next(self) -> None:
        if self._answers:
            self._fake.answers["/v1/groups/g"] = (200, self._answers.pop(0))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._next()

    def until_followed(self, **changes: object) -> int:
        """Returns how often it looked."""
        done = Reply(self._fake.url, {**DONE, **changes})
        sentinels = Sentinels((self._fake.url,))
        await_replicas(sentinels, done, 10.0, self.said.append, lambda: self.now, self.sleep)
        return len(self._fake.asked)


@pytest.mark.parametrize(
    "early",
    [
        changed_over(term=7),
        {**LATER, "topology": None},
        changed_over(link_up=False),
        changed_over(syncing=True),
        changed_over(follows="127.0.0.1:1"),
        {**LATER, "nodes": [node(B, "replica"), node(A, "replica", follows=B)]},
        {**LATER, "nodes": [node(B, "primary"), node(A, "primary")]},
    ],
)
def test_it_waits_while_a_replica_that_is_reached_does_not_follow(
    fake: FakeSentinel, early: dict[str, Any]
) -> None:
    waiting = Waiting(fake, early, early, LATER)
    assert waiting.until_followed() == 3
    [told] = waiting.said
    assert told.startswith(f"waiting until {B} is ")


@pytest.mark.parametrize(
    "last",
    [
        LATER,
        changed_over(state="down", follows=None, link_up=None),
        changed_over(state="not_watched", follows=None, link_up=None),
        changed_over(hands_off="it is empty", follows=None),
        {**LATER, "topology": {**LATER["topology"], "primary": A, "term": 9}},
    ],
)
def test_it_waits_for_none_that_cannot_follow(fake: FakeSentinel, last: dict[str, Any]) -> None:
    waiting = Waiting(fake, last)
    assert waiting.until_followed() == 1
    assert waiting.said == []


def test_it_does_not_wait_for_what_makes_no_primary(fake: FakeSentinel) -> None:
    waiting = Waiting(fake)
    assert waiting.until_followed(new_primary=None, kind="pause") == 0
    assert waiting.until_followed(state="scheduled") == 0


def test_it_ends_with_an_error_that_names_the_node(fake: FakeSentinel) -> None:
    waiting = Waiting(fake, changed_over(link_up=False))
    with pytest.raises(
        CliError, match=f"{B} is primary, but after 10 s more it is not followed by {A}"
    ) as caught:
        waiting.until_followed()
    assert caught.value.code == ExitCode.REFUSED
    assert caught.value.body["new_primary"] == B


def test_in_a_pause_it_says_when_they_will_follow(fake: FakeSentinel) -> None:
    paused = {"since": "2026-01-31T12:00:00.123Z", "by": "s2", "reason": None}
    waiting = Waiting(fake, {**changed_over(follows=None), "paused": paused})
    assert waiting.until_followed() == 1
    assert waiting.said == [f"g is paused: {A} will follow once it is resumed"]
