"""Images are pinned to what was looked up, all or none, and looked up anew the next time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pin_images import CHECKOUT, DIGEST, FILES, LookupFailedError, images, pin, pinned

OLD, NEW = ("sha256:" + digit * 64 for digit in "ab")


PIN = re.compile("@" + DIGEST.pattern)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((CHECKOUT / name).read_text())
    return tmp_path


def test_every_image_from_elsewhere_is_pinned_and_none_of_ours(checkout: Path) -> None:
    found = pin(checkout, lambda image: OLD)
    assert {image.partition(":")[0] for image in found} == {"python", "redis"}
    for name in FILES:
        text = (checkout / name).read_text()
        assert OLD in text and "local@" not in text and "base@" not in text
        assert PIN.sub("", text) == PIN.sub("", (CHECKOUT / name).read_text())


def test_a_pin_is_renewed() -> None:
    line = f"  image: ${{VEDETTE_REDIS_IMAGE:-redis:8@{OLD}}}\n"
    assert images(line) == ["redis:8"]
    assert pinned(line, {"redis:8": NEW}) == line.replace(OLD, NEW)


def test_without_an_answer_nothing_is_changed(checkout: Path) -> None:
    before = {name: (checkout / name).read_text() for name in FILES}

    def ask(image: str) -> str:
        if image.startswith("redis"):
            raise LookupFailedError(f"{image}: no route to host")
        return NEW

    with pytest.raises(LookupFailedError, match="redis"):
        pin(checkout, ask)
    assert {name: (checkout / name).read_text() for name in FILES} == before
