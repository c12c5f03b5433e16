"""Derives from a group's settings what a preflight has to check. Pure."""

from __future__ import annotations

from config import GroupSettings
from sentinel.preflight.facts import Requirements


def requirements(group: GroupSettings) -> Requirements:
    return Requirements(
        username=group.username or "default",
        fence_key=group.fence_key,
        write_safety=group.write_safety is not None,
        self_fence=group.self_fence,
        promote_discovered=group.discover_replicas == "promote",
        durability=group.durability is not None,
        down_after_s=group.down_after,
    )
