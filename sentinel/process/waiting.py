"""Limits how many clients may wait for something at once."""

from __future__ import annotations

MAX_WAITING = 10_000


class TooManyWaitingError(Exception):
    """The limit of waiting clients is reached, so that they do not exhaust this sentinel's memory."""


class Limit:
    """Counts the clients inside a ``with`` block. Entering raises TooManyWaitingError beyond ``most``."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self.most = most
        self.inside = 0

    def __enter__(self) -> None:
        if self.inside >= self.most:
            raise TooManyWaitingError(f"{self.inside} clients are waiting already")
        self.inside += 1

    def __exit__(self, *_: object) -> None:
        self.inside -= 1
