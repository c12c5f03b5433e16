"""The JSON Schema of the configuration file, for completion and checks in editors.

``python -m config.schema`` prints it, and with ``--write`` refreshes ``vedette.schema.json`` beside
this module. A schema cannot express every rule; ``config.load`` decides.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from config.duration import format_duration
from config.model import Settings

FILE = Path(__file__).with_name("vedette.schema.json")

_EXPANDED = {"type": "string", "pattern": r"\$\{"}
"""Any value may be a reference to the environment, which an editor cannot check."""


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    schema: dict[str, Any] = _as_written(_plain(Settings.model_json_schema(mode="validation")))
    webhook = schema["$defs"]["WebhookSettings"]
    webhook["not"] = {"required": ["secret", "secret_file"]}
    without = {"properties": {"format": {"enum": ["slack", "alertmanager", "teams"]}}, "required": ["format"]}
    webhook["anyOf"] = [{"required": ["secret"]}, {"required": ["secret_file"]}, without]
    for section in schema["properties"].values():
        section.pop("default", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vedette configuration",
        **schema,
    }


def _as_written(schema: Any) -> Any:
    """The schema of the text in the file: narrow values may be ``${NAME}``; default durations are texts."""
    if isinstance(schema, list):
        return [_as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    about: dict[str, Any] = {key: schema[key] for key in ("default", "description") if key in schema}
    if isinstance(about.get("default"), float):
        about["default"] = format_duration(about["default"])
    kinds = schema.get("anyOf") or [{key: value for key, value in schema.items() if key not in about}]
    if any(_is_narrow(kind) for kind in kinds):
        kept = [kind if _is_narrow(kind) else _as_written(kind) for kind in kinds]
        return {"anyOf": [*kept, _EXPANDED], **about}
    if len(kinds) == 1:
        schema = {**kinds[0], **about}
    if "patternProperties" in schema:
        schema = {**schema, "additionalProperties": False}
    return {key: _as_written(value) for key, value in schema.items()}


def _is_narrow(kind: dict[str, Any]) -> bool:
    return kind.get("type") in ("integer", "boolean") or "enum" in kind or "pattern" in kind


def _plain(schema: Any) -> Any:
    """The schema without titles, which repeat the keys, and without ``null``, which nobody needs to write."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    return {key: _plain(value) for key, value in schema.items() if not _is_noise(key, value)}


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def main(arguments: list[str]) -> None:
    text = json.dumps(json_schema(), indent=2) + "\n"
    if arguments == ["--write"]:
        FILE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
