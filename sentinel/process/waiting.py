"""How many clients may wait for something at once."""

from __future__ import annotations

MAX_WAITING = 10_000


class TooManyWaitingError(Exception):
    """As many clients as this sentinel has memory for are waiting already."""


class Limit:
    """How many may be inside at once."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self.most = most
        self.inside = 0

    def __enter__(self) -> None:
        if self.inside >= self.most:
            raise TooManyWaitingError(f"{self.inside} clients are waiting already")
        self.inside += 1

    def __exit__(self, *_: object) -> None:
        self.inside -= 1
