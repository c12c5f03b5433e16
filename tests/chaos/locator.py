"""Where a client finds the primary: it asks the sentinels that it can reach, as client libraries do.

It stays with the sentinel that answered last, and asks again every half second, as if it were told of
changes. An answer of a lower term than one before is not believed, where a system has terms. While no
sentinel answers, a connection that works goes on being used, but no new one is opened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tests.chaos.system_stock import primary_address
from tests.chaos.system_vedette import primary_and_term

TIMEOUT_S = 0.5
REFRESH_S = 0.5
RETRY_S = 0.05


class Locator:
    """``kind`` as in ``Variant``; ``sentinels`` are the hosts' addresses, in the order of asking."""

    def __init__(self, kind: str, sentinels: Sequence[str]) -> None:
        self._kind = kind
        self._sentinels = list(sentinels)
        self._term = 0
        self._node: str | None = None
        self._asked_s = 0.0
        self._wanted = threading.Event()

    def named(self) -> str | None:
        """The address that the last believed answer named."""
        return self._node

    def found_since(self, moment_s: float) -> str | None:
        """The same, if it was asked for after ``moment_s``; else None, and it is asked for soon."""
        if self._asked_s > moment_s:
            return self._node
        self._wanted.set()
        return None

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            asked = time.monotonic()
            node = self._ask()
            if node is not None:
                self._node, self._asked_s = node, asked
            self._wanted.clear()
            if node is not None:
                self._wanted.wait(REFRESH_S)
            stop.wait(RETRY_S)

    def _ask(self) -> str | None:
        """The first believed answer; whoever gave it is asked first from now on."""
        for sentinel in list(self._sentinels):
            node = self._believed(sentinel)
            if node is not None:
                self._sentinels.remove(sentinel)
                self._sentinels.insert(0, sentinel)
                return node
        return None

    def _believed(self, sentinel: str) -> str | None:
        if self._kind != "vedette":
            return primary_address(sentinel, TIMEOUT_S)
        answer = primary_and_term(sentinel, TIMEOUT_S)
        if answer is None or answer[1] < self._term:
            return None
        self._term = answer[1]
        return answer[0]
