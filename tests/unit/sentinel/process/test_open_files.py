"""A lack of files is reported in time, and errors that come in crowds do not fill the log."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
from collections.abc import Iterator

import pytest

from sentinel.process import open_files
from sentinel.process.client_room import Files
from sentinel.process.loop_errors import LoopErrors
from sentinel.process.open_files import LEAST_LEFT, FilesLeft, raise_limit


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised_to_the_hard_one(limits: tuple[int, int]) -> None:
    hard = limits[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    assert raise_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256


def test_what_is_left_is_told_once_and_once_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken = [10]
    monkeypatch.setattr(open_files, "open_files", lambda: taken[0])
    left = FilesLeft(Files(100, 0))
    with caplog.at_level(logging.INFO):
        for taken[0] in (10, 100 - LEAST_LEFT, 99, 100, 10, 10):
            left.look()
            assert (left.trouble is not None) is (taken[0] in (99, 100))
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "99 of 100 are open" in caplog.records[0].getMessage()


async def test_a_thousand_errors_of_one_kind_are_one_line_and_others_keep_their_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop, handler = asyncio.get_running_loop(), LoopErrors()
    for _ in range(1000):
        error = OSError(errno.EMFILE, "Too many open files")
        handler(loop, {"message": "socket.accept() out of system resource", "exception": error})
    handler(loop, {"message": "a callback failed", "exception": ZeroDivisionError("x")})
    accepts, other = caplog.records
    assert "out of system resource: [Errno 24]" in accepts.getMessage() and accepts.exc_info is None
    assert other.exc_info
