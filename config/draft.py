"""What could be read so far: the sections that are valid, alone or after taking out what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import Loc
from config.model import ApiSettings, ClusterSettings, SentinelSettings
from config.model_group import GroupDefaults, GroupSettings
from config.model_webhook import WebhookSettings


@dataclass(frozen=True, slots=True)
class Draft:
    """None, or left out, where nothing valid remained. Judged by ``cross_checks`` and ``advice``."""

    sentinel: SentinelSettings | None
    cluster: ClusterSettings | None
    defaults: GroupDefaults | None
    groups: Mapping[str, GroupSettings]
    webhooks: tuple[WebhookSettings, ...]
    api: ApiSettings | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that several settings together make wrong, or unwise."""

    loc: Loc
    message: str
    involves: tuple[Loc, ...] = ()
    """What it also depends on: if any of this is broken, the finding may be false and is not shown."""
