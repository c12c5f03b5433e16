"""Words pydantic's errors in plain English, with the faulty value unless it may be a secret."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.errors import InvalidValueError, Loc
from config.fields import NAME_RULE, did_you_mean
from config.yaml_source import Yaml

MAX_QUOTED_CHARS = 60
_SECRET_KEYS = frozenset({"secret", "password", "resp_password", "token", "url"})


def deepest_existing(tree: Yaml, loc: Loc) -> Loc:
    """The longest part of ``loc`` that is in ``tree``: pydantic also names parts that a short form omits."""
    for depth, part in enumerate(loc):
        if isinstance(tree, dict):
            inside = part in tree
        else:
            inside = isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        if not inside:
            return loc[:depth]
        tree = value_at(tree, (part,))
    return loc


def value_at(tree: Yaml, loc: Loc) -> Yaml:
    """The value at ``loc``, which must exist."""
    for part in loc:
        tree = tree[part]  # type: ignore[index]
    return tree


def quote(value: Yaml, loc: Loc) -> str:
    """The value, short and on one line; ``the value`` if it may be or contain a secret."""
    if any(part in _SECRET_KEYS for part in loc) or isinstance(value, (dict, list)):
        return "the value"
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    if "@" in text:
        text = "***@" + text.rpartition("@")[2]
    if len(text) > MAX_QUOTED_CHARS:
        text = text[:MAX_QUOTED_CHARS] + "..."
    return repr(text) if isinstance(value, str) else text


def describe(error: ErrorDetails, source: Yaml, loc: Loc, model: type[BaseModel]) -> tuple[Loc, str]:
    """The location (relative to the section ``source``) and the message of an error.

    ``loc`` is the section's location, which decides what is secret. ``source`` is the text before ``${...}``
    was expanded: the environment is not shown.
    """
    where: Loc = tuple(part for part in error["loc"] if part != "[key]")
    kind = error["type"]
    if kind == "missing":
        parent = deepest_existing(source, where[:-1])
        return (*parent, where[-1]), "is required" + _or_file(model, where)
    where = deepest_existing(source, where)
    if kind == "extra_forbidden":
        return where, "is not a known setting" + did_you_mean(str(where[-1]), known_keys(model, where[:-1]))
    value = value_at(source, where)
    if value is None:
        return where, "has no value"
    return where, _message(error, value, quote(value, (*loc, *where)), "[key]" in error["loc"])


def _message(error: ErrorDetails, value: Yaml, quoted: str, is_key: bool) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if is_key:
        return f"is not a valid name ({NAME_RULE})"
    if kind == "value_error":
        cause = context["error"]
        return f"{quoted} {cause.why}" if isinstance(cause, InvalidValueError) else str(cause)
    if kind.startswith("int_") or kind == "finite_number":
        return f"{quoted} is not a whole number" + (
            " of a sensible size" if kind == "int_parsing_size" else ""
        )
    if kind.startswith("bool_"):
        return f"{quoted} is neither true nor false"
    if kind == "literal_error":
        known = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"{quoted} is not one of {', '.join(known)}" + did_you_mean(str(value), known)
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return "must be a mapping (key: value)"
    if kind in ("tuple_type", "list_type"):
        return "must be a list"
    if kind == "string_type":
        return "must be a text" + ("" if isinstance(value, (dict, list)) else ": put it in quotes")
    if kind == "string_unicode":
        return "is not valid text"
    if kind == "string_pattern_mismatch":
        return f"{quoted} is not a valid name ({NAME_RULE})"
    return _limit(kind, context, quoted)


def _limit(kind: str, context: dict[str, object], quoted: str) -> str:
    if kind == "greater_than_equal":
        return f"{quoted} is too small: at least {context['ge']}"
    if kind == "less_than_equal":
        return f"{quoted} is too large: at most {context['le']}"
    if kind in ("string_too_short", "too_short"):
        return "is empty"
    if kind == "string_too_long":
        return f"is too long: at most {context['max_length']} characters"
    if kind == "too_long":
        return f"has too many entries: at most {context['max_length']}"
    return f"{quoted} is not valid"


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The settings that ``model`` has at ``loc``."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = nested_model(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def nested_model(annotation: object) -> type[BaseModel] | None:
    """The model inside of an annotation such as ``tuple[NodeSettings, ...]`` or ``TlsSettings | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (nested_model(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _or_file(model: type[BaseModel], where: Loc) -> str:
    other = f"{where[-1]}_file"
    return f" (or {other})" if other in known_keys(model, where[:-1]) else ""
