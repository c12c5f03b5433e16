"""Decides whether this sentinel may answer for a group: it is in touch with a majority, and a majority has
confirmed its knowledge lately.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from sentinel.group.driver import GroupDriver
from sentinel.peers.in_touch import InTouch
from sentinel.status.confirmed import Confirmed


class Authority:
    """``confirmed`` None: to be in touch with a majority suffices."""

    def __init__(self, in_touch: InTouch, confirmed: Confirmed | None = None) -> None:
        self.in_touch = in_touch
        self._confirmed = confirmed

    async def settle(self, drivers: Iterable[GroupDriver]) -> None:
        """Wait for a majority's word on the groups, where it is missing and may be had in a moment."""
        if self._confirmed is not None:
            await self._confirmed.wait(drivers)

    def is_current(self, driver: GroupDriver) -> bool:
        """Whether what is agreed on in the group may be told as it is known here."""
        return self.in_touch.elects() if self._confirmed is None else self._confirmed.is_current(driver)

    def age_s(self, driver: GroupDriver) -> float | None:
        """How long ago it was confirmed; None if it was not."""
        age_s = self._confirmed.age_s(driver) if self._confirmed is not None else math.inf
        return age_s if math.isfinite(age_s) else None
