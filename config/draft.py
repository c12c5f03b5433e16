"""A draft of the settings: the valid sections, some of them without their invalid parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import Loc
from config.model import ApiSettings, ClusterSettings, SentinelSettings
from config.model_group import GroupDefaults, GroupSettings
from config.model_webhook import WebhookSettings


@dataclass(frozen=True, slots=True)
class Draft:
    """A section is None, or missing, if nothing valid is left. ``cross_checks`` and ``advice`` judge it."""

    sentinel: SentinelSettings | None
    cluster: ClusterSettings | None
    defaults: GroupDefaults | None
    groups: Mapping[str, GroupSettings]
    webhooks: tuple[WebhookSettings, ...]
    api: ApiSettings | None


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or warning about several settings together."""

    loc: Loc
    message: str
    involves: tuple[Loc, ...] = ()
    """The other settings that it depends on: if one is broken, the finding may be false and is not shown."""
