"""Tasks that no code awaits: failures are logged, and their ends are waited for."""

from __future__ import annotations

import asyncio

from sentinel.process.background import Background


async def fail() -> None:
    raise ValueError("boom")


async def test_what_a_job_raises_is_told_and_the_others_go_on() -> None:
    told: list[BaseException] = []
    done: list[str] = []
    background = Background(told.append)

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("work")

    background.start(fail())
    background.start(work())
    await background.finish()
    assert [str(error) for error in told] == ["boom"]
    assert done == ["work"]


async def test_a_job_that_is_cancelled_has_ended_and_is_no_error() -> None:
    told: list[BaseException] = []
    ended = asyncio.Event()

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    background = Background(told.append)
    background.start(wait_for_ever())
    await asyncio.sleep(0)
    await background.cancel()
    assert ended.is_set()
    assert not told
