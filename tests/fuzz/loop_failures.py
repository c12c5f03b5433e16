"""What fails on an event loop where nobody waits for it: it breaks a rule too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.fuzz.kind import BrokenRuleError, Check


class Failed:
    def __init__(self) -> None:
        self._contexts: list[dict[str, Any]] = []

    def note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._contexts.append(context)

    def told(self, check: Check) -> Check:
        def with_failures(data: bytes) -> str:
            self._contexts.clear()
            came = check(data)
            if self._contexts:
                context = self._contexts[0]
                raise BrokenRuleError(f"on the event loop: {context['message']}") from context.get(
                    "exception"
                )
            return came

        return with_failures


@contextmanager
def errors_of(runner: asyncio.Runner) -> Iterator[Failed]:
    failed = Failed()
    runner.get_loop().set_exception_handler(failed.note)
    yield failed
