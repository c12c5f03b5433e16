"""Types of setting values: how each is parsed, printed, and described to editors.

A setting's attribute has the setting's name. Its type gives the unit: ``Seconds`` is a float in seconds,
whatever unit the file used.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

from config import address, duration
from config.address import Address
from config.errors import InvalidValueError

NAME_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
NAME_RULE = "1 to 64 letters, digits, '.', '_' or '-'"


class StrictModel(BaseModel):
    """Frozen; an unknown key is an error; nothing it raises repeats a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" (did you mean 'down_after'?)"``, or nothing if no known word is near."""
    return hint(word.lower().replace("-", "_"), known)


def hint(name: str, known: Iterable[str]) -> str:
    """The same for names that, unlike settings, may have capitals and dashes."""
    near = nearest(name, known)
    return f" (did you mean '{near}'?)" if near is not None else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was probably meant to be; None if none is near."""
    near = difflib.get_close_matches(name[:80], list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def is_name(text: str) -> bool:
    """Whether ``text`` may name a sentinel or a group."""
    return re.fullmatch(NAME_PATTERN[1:-1], text) is not None


def _connectable(value: object) -> Address:
    found = Address.parse(value)
    if found.is_unspecified:
        raise InvalidValueError(value, "can be listened on, but not connected to: name one host")
    return found


def _http_url(value: str) -> str:
    """Checks the URL. No message repeats it: it may hold a password, or be a secret as a whole."""
    if not value.isascii() or any(char.isspace() or not char.isprintable() for char in value):
        raise ValueError("has a character that is not allowed in a URL")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a valid URL") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("must begin with http:// or https://")
    if not host or port == 0:
        raise ValueError("has no valid host and port")
    return value


def _page(value: str) -> str:
    if "@" in urlsplit(value).netloc:
        raise ValueError("has a user or password in it, and everybody is told it")
    return value


def _base_page(value: str) -> str:
    if urlsplit(value).query or urlsplit(value).fragment:
        raise ValueError("has a query or a fragment: give the address of the dashboard alone")
    return value.rstrip("/")


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise InvalidValueError(value, "is not a whole number")
    return value


def _path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise InvalidValueError(value, "is not a path")
    if not value:
        raise ValueError("is empty")
    if "\0" in value:
        raise ValueError("is not a valid path")
    return Path(value)


_SHOW_DURATION = PlainSerializer(duration.format_duration, return_type=str, when_used="json")
_DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": duration.PATTERN, "examples": ["250ms", "1s", "5m"]}
)
_ADDRESS_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": address.PATTERN, "examples": ["127.0.0.1:6379"]}
)
_SHOW_TEXT = PlainSerializer(str, return_type=str)

Seconds: TypeAlias = Annotated[
    float, PlainValidator(duration.parse_positive_duration), _SHOW_DURATION, _DURATION_SCHEMA
]
"""More than zero."""
SecondsOrZero: TypeAlias = Annotated[
    float, PlainValidator(duration.parse_duration), _SHOW_DURATION, _DURATION_SCHEMA
]
BindAddress: TypeAlias = Annotated[Address, PlainValidator(Address.parse), _SHOW_TEXT, _ADDRESS_SCHEMA]
"""May be every interface (``0.0.0.0``)."""
ConnectAddress: TypeAlias = Annotated[Address, PlainValidator(_connectable), _SHOW_TEXT, _ADDRESS_SCHEMA]
HostName: TypeAlias = Annotated[
    str, PlainValidator(address.parse_host_name), WithJsonSchema({"type": "string", "minLength": 1})
]
Name: TypeAlias = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
HttpUrl: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_http_url)
]
PageUrl: TypeAlias = Annotated[HttpUrl, AfterValidator(_page)]
"""A page for people: it is shown, so it holds no secret."""
BasePageUrl: TypeAlias = Annotated[PageUrl, AfterValidator(_base_page)]
"""Without the slash at its end."""
Secret: TypeAlias = Annotated[SecretStr, Field(min_length=1, max_length=65_536)]
FilePath: TypeAlias = Annotated[
    Path, PlainValidator(_path), _SHOW_TEXT, WithJsonSchema({"type": "string", "minLength": 1})
]
"""Absolute once loaded: relative paths in the file start at its directory."""
Number: TypeAlias = Annotated[int, BeforeValidator(_number)]
