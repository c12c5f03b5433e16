"""What a coordinator does for its leader's side."""

from __future__ import annotations

from typing import Protocol

from quorum.inputs import Input
from sentinel.coordination.inputs import GroupEffect
from sentinel.coordination.moment import Moment
from sentinel.notices.notice import NoticeEvent


class Core(Protocol):
    """What the coordinator does for its leader's side."""

    def feed(self, given: Input, at: Moment) -> None:
        """Step the agreement core; what it emits is handled before or after this returns, in order."""

    def put(self, effect: GroupEffect) -> None: ...

    def tell(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None: ...

    def settle(self, at: Moment) -> None:
        """Draw the conclusions from what changed."""
