"""What the HTTP API takes, field by field. OpenAPI is generated from these models and their docstrings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SwitchoverRequest(BaseModel):
    """May be left out altogether. ``to`` and ``candidate`` mean the same."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    to: str | None = Field(default=None, min_length=1, max_length=300)
    """The node to hand over to, by its name; the best one if left out."""
    candidate: str | None = Field(default=None, min_length=1, max_length=300)
    timeout: str | None = Field(default=None, min_length=2, max_length=32)
    """How long writes may be held up, as ``2s``; it is undone if the node has not caught up by then."""
    at: str | None = Field(default=None, min_length=2, max_length=64)
    """When to do it, ISO 8601 with an offset or Z, within a year; at once if left out."""


class PauseRequest(BaseModel):
    """May be left out altogether."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    reason: str | None = Field(default=None, min_length=1, max_length=200)
    """For people."""


class ResumeRequest(BaseModel):
    """There is nothing to say."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class PreflightRequest(BaseModel):
    """Nothing: may be left out altogether."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class RetryRequest(BaseModel):
    """Nothing: may be left out altogether."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class FailoverRequest(BaseModel):
    """May be left out altogether."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    candidate: str | None = Field(default=None, min_length=1, max_length=300)
    """The node to promote, by its name; the best one if left out."""
