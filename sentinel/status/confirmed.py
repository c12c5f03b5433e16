"""Decides whether clients may be told the primary that this sentinel knows: a majority confirmed it lately,
and this sentinel is in touch with a majority.

If it is not confirmed, but only time seems to be missing, the client waits for a round of pings. So the first
answers after a stall are a moment late rather than wrong, and a busy sentinel, or busy peers, make no load
balancer drop a primary that is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from quorum.messages import EntryId
from sentinel.group.driver import GroupDriver
from sentinel.peers.in_touch import InTouch
from sentinel.process import clock
from sentinel.status.freshness import Freshness

WAIT_S = 1.0
LOOK_S = 0.2


class Links(Protocol):
    """As ``PeerLinks``."""

    def linked(self) -> frozenset[str]: ...

    def stored_at(self, peer: str, group: str, newest: EntryId) -> float: ...

    def ask(self) -> None: ...


class Confirmed:
    """``freshness`` is told of stalls before anything is asked here: ``driver.check_run`` sees to that."""

    def __init__(self, in_touch: InTouch, links: Links, freshness: Freshness) -> None:
        self._in_touch = in_touch
        self._links = links
        self._freshness = freshness
        self._word = asyncio.Event()

    def on_word(self) -> None:
        """A peer has answered."""
        word, self._word = self._word, asyncio.Event()
        word.set()

    def age_s(self, driver: GroupDriver) -> float:
        """How long ago what is told of the group was confirmed; infinite: not yet, or it is superseded."""
        now, confirmed_at = self._look(driver)
        return now - confirmed_at

    def is_current(self, driver: GroupDriver) -> bool:
        now, confirmed_at = self._look(driver)
        return self._in_touch.elects() and self._freshness.suffices(confirmed_at, now)

    def _look(self, driver: GroupDriver) -> tuple[float, float]:
        """Now, and until when what is told of the group was confirmed."""
        driver.check_run()
        now = clock.monotonic()
        return now, driver.confirmed_at(self._links.stored_at, now)

    async def wait(self, drivers: Iterable[GroupDriver]) -> None:
        """Wait until all groups are current, if that may be soon; at most WAIT_S."""
        missing = [driver for driver in drivers if not self.is_current(driver)]
        until = clock.monotonic() + WAIT_S
        while missing and (left_s := until - clock.monotonic()) > 0 and self._may_be_soon():
            word = self._word
            self._links.ask()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, LOOK_S)):
                    await word.wait()
            missing = [driver for driver in missing if not self.is_current(driver)]

    def _may_be_soon(self) -> bool:
        """Not if the links to a majority are gone: no client should wait for a sentinel that is cut off."""
        stalled = self._freshness.may_recover(clock.monotonic())
        return stalled or self._in_touch.would_elect(self._links.linked())
