"""All kinds of input, by name."""

from __future__ import annotations

import importlib

from tests.fuzz.kind import Kind

_NAMES = ("yaml", "http", "peer", "resp", "redis", "info", "webhook", "state")


def kind(name: str) -> Kind:
    """Each alone imports what it needs."""
    found: Kind = getattr(importlib.import_module(f"tests.fuzz.kind_{name}"), name.upper())
    return found


KINDS = dict.fromkeys(_NAMES, kind)
