"""A sentinel is not ready while there is little room left for its state, and reports how little."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sentinel.process import disk
from sentinel.process.disk import MIN_FREE_BYTES, MIN_FREE_FILES, Disk, Room, room, why_not


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Room(MIN_FREE_BYTES, MIN_FREE_FILES), None),
        (Room(MIN_FREE_BYTES, None), None),
        (Room(MIN_FREE_BYTES - 1, None), "nearly full: 32 MiB free, 32 MiB needed"),
        (Room(5 << 20, 9), "nearly full: 5 MiB free, 32 MiB needed"),
        (Room(MIN_FREE_BYTES, MIN_FREE_FILES - 1), "room for 15 more files only, 16 are needed (inodes)"),
    ],
)
def test_how_much_is_left_and_needed_is_said(found: Room, words: str | None) -> None:
    said = why_not(found)
    assert said is None if words is None else said is not None and words in said


async def test_a_real_one_is_looked_at(tmp_path: Path) -> None:
    assert room(tmp_path).free_bytes > 0
    assert "cannot be checked: No such file" in str(await Disk(tmp_path / "gone").trouble())


async def test_one_that_hangs_is_said_and_holds_up_one_thread_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "ANSWER_S", 0.01)
    looks: list[Path] = []
    go_on = threading.Event()

    def look(directory: Path) -> Room:
        looks.append(directory)
        go_on.wait(10)
        return Room(MIN_FREE_BYTES, None)

    looked = Disk(tmp_path, look)
    try:
        for _ in range(3):
            assert "does not answer" in str(await looked.trouble())
        assert looks == [tmp_path]
    finally:
        go_on.set()
