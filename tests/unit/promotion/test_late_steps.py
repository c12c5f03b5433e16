"""The time limit of a step when the process that takes it is late itself."""

from __future__ import annotations

import asyncio

import pytest

from promotion.conversation import StepFailedError
from promotion.executor import LATE_TRIPS, Exchange, Executor
from promotion.step_types import Rewrite

LIMIT_S = 0.02
LATE_S = 0.5


async def never(_node: str) -> Exchange:
    await asyncio.Event().wait()
    raise AssertionError("nobody answers")


async def reason(late_s: float) -> str:
    with pytest.raises(StepFailedError) as failed:
        await Executor(never, None, LIMIT_S, lambda: late_s).run(Rewrite("a:1"), 1, lambda: True)
    return str(failed.value)


async def test_a_step_may_take_longer_by_the_lateness_of_whoever_takes_it() -> None:
    assert f"no answer within {LIMIT_S:g} s" in await reason(0.0)
    assert f"no answer within {LIMIT_S + LATE_TRIPS * LATE_S:g} s" in await reason(LATE_S)
