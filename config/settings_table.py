"""Every setting with its default and meaning, as Markdown, from the models' own descriptions.

The tables of docs/reference/settings.md are made here, and a test compares them with the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.duration import format_duration
from config.model import ApiSettings, ClusterSettings, SentinelSettings
from config.model_group import GroupDefaults, GroupSettings, NodeSettings, TlsSettings
from config.model_safety import DurabilitySettings, WriteSafetySettings
from config.model_webhook import EVENT_TYPES, WebhookSettings

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("sentinel", SentinelSettings),
    ("cluster", ClusterSettings),
    ("groups.NAME", GroupSettings),
    ("groups.NAME.nodes[]", NodeSettings),
    ("groups.NAME.tls", TlsSettings),
    ("groups.NAME.write_safety", WriteSafetySettings),
    ("groups.NAME.durability", DurabilitySettings),
    ("webhooks[]", WebhookSettings),
    ("api", ApiSettings),
)


def settings_table() -> str:
    """A heading and a table for each section of the file, ending in a line break."""
    return "\n".join("\n".join(_section(path, model)) + "\n" for path, model in SECTIONS)


def _section(path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"### `{path}`"
    yield ""
    if model is GroupSettings:
        yield "All but `nodes` and `primary` may also stand in `defaults`, for groups without their own."
        yield ""
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name in _order(model):
        field = model.model_fields[name]
        yield f"| `{name}` | {_default(field)} | {field.description} |"


def _order(model: type[BaseModel]) -> list[str]:
    """The settings in the order of declaration, but those of a group alone come first."""
    if model is not GroupSettings:
        return list(model.model_fields)
    own = [name for name in model.model_fields if name not in GroupDefaults.model_fields]
    return own + list(GroupDefaults.model_fields)


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return ""
    if value == EVENT_TYPES:
        return "all"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{format_duration(value)}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_table())
