"""A group's opt-in settings beyond the fence, so that acknowledged writes are not lost."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.errors import InvalidValueError
from config.fields import Number, Seconds, StrictModel

MAX_REPLICAS = 64
MAX_LAG_S = 3600


def _whole_seconds(value: float) -> float:
    if value != int(value) or not 1 <= value <= MAX_LAG_S:
        raise ValueError(f"must be whole seconds, from 1s to {MAX_LAG_S}s, as Redis counts them")
    return value


def as_write_safety(value: object) -> object:
    """``false`` means the same as a missing setting. Raises ``InvalidValueError``."""
    if value is None or isinstance(value, (dict, WriteSafetySettings)):
        return value
    if value is False or (isinstance(value, str) and value.lower() == "false"):
        return None
    raise InvalidValueError(value, "is neither false nor a mapping ({min_replicas: 1, max_lag: 2s})")


def as_durability(value: object) -> object:
    """``wait`` is short for ``{wait: 1}``; ``false`` means none. Raises ``InvalidValueError``."""
    if value is None or isinstance(value, (dict, DurabilitySettings)):
        return value
    if value is False or (isinstance(value, str) and value.lower() == "false"):
        return None
    if value == "wait":
        return DurabilitySettings()
    raise InvalidValueError(value, "is neither false, wait nor a mapping ({wait: 2})")


class WriteSafetySettings(StrictModel):
    """Redis's ``min-replicas-to-write`` and ``min-replicas-max-lag``, kept on whoever is primary."""

    min_replicas: Annotated[Number, Field(ge=1, le=MAX_REPLICAS)] = Field(
        default=1, description="A primary refuses writes unless this many replicas acknowledge."
    )
    max_lag: Annotated[Seconds, AfterValidator(_whole_seconds)] = Field(
        default=2.0, description="A replica that has not acknowledged for longer than this does not count."
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"const": False}, handler.resolve_ref_schema(handler(core))]}


class DurabilitySettings(StrictModel):
    """Which acknowledgements of ``WAIT`` a failover must honour. In the file also ``wait`` or ``false``."""

    wait: Annotated[Number, Field(ge=1, le=MAX_REPLICAS)] = Field(
        default=1,
        description="What clients pass to `WAIT`. One replica less than that may fail with the primary.",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"enum": ["wait", False]}, handler.resolve_ref_schema(handler(core))]}
