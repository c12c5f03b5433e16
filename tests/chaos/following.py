"""A client's one connection to who is primary, as client libraries keep it: looked up, checked, made anew."""

from __future__ import annotations

import time

from tests.chaos.locator import Locator
from tests.chaos.systems import REDIS_PORT
from tests.chaos.wire import ReplyError, Wire

TIMEOUT_S = 1.0


class Following:
    """``node`` is where the connection leads, or last led."""

    def __init__(self, locator: Locator) -> None:
        self.node = ""
        self._locator = locator
        self._wire: Wire | None = None
        self._failed_s = 0.0

    def wire(self) -> Wire | None:
        """The connection to who is primary, which is checked; None while that is not known.

        Raises OSError and ReplyError; ``drop`` is then to be called.
        """
        named = self._locator.named()
        if self._wire is not None and named == self.node:
            return self._wire
        if self._wire is not None:
            self.drop()
        node = self._locator.found_since(self._failed_s)
        if node is None:
            return None
        wire = self._wire = Wire(f"{node}:{REDIS_PORT}", TIMEOUT_S)
        self.node = node
        if wire.ask("ROLE")[0] != "master":
            raise ReplyError(f"{node} is not a primary")
        return wire

    def drop(self) -> None:
        self._failed_s = time.monotonic()
        if self._wire is not None:
            self._wire.close()
            self._wire = None
