"""Whoever names a node writes its address as it likes; what cannot become primary is refused in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentinel.operations.candidates import node_name, why_not
from tests.unit.sentinel.http_cases import A, B, running


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (B, B),
        ("[::1]:6379", "[::1]:6379"),
        ("Redis-B:6379", "redis-b:6379"),
        ("not an address", "not an address"),
    ],
)
async def test_a_node_is_meant_however_its_address_is_written(tmp_path: Path, asked: str, name: str) -> None:
    async with running(tmp_path) as world:
        assert node_name(world.driver.view, asked) == name


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (B, None),
        (A, f"{A}: is the primary already."),
        ("10.0.0.9:6379", "'10.0.0.9:6379' is no node of this group."),
    ],
)
async def test_why_a_node_cannot_be_the_next_primary(tmp_path: Path, candidate: str, why: str | None) -> None:
    async with running(tmp_path) as world:
        assert why_not(world.driver.view, candidate, A) == why
