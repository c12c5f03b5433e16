"""Imports redis-py without the parts that a daemon never uses (its clients, clusters, commands), which take
20 MB.

A daemon uses redis-py's connections and errors only. But importing any part of a package first runs the
package's ``__init__``, and those of redis-py import everything. After ``prepare`` they run only when a name
is used that they define; code that needs a client still gets one.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType

PACKAGES = ("redis.asyncio", "redis")
"""In the order in which their ``__init__`` end when redis-py is imported as a whole."""


class _Later(ModuleType):
    """A package whose parts can be imported, and whose own ``__init__`` has not run yet."""

    def __getattr__(self, name: str) -> object:
        if find_spec(f"{self.__name__}.{name}") is not None:
            raise AttributeError(f"{self.__name__}.{name} is not imported yet")
        _load()
        return getattr(self, name)


def prepare() -> None:
    """Call it before any part of redis-py is imported; after that it does nothing."""
    if "redis" in sys.modules:
        return
    for name in reversed(PACKAGES):
        spec = find_spec(name)
        assert spec is not None, name
        module = module_from_spec(spec)
        module.__class__ = _Later
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def _load() -> None:
    packages = [sys.modules[name] for name in PACKAGES]
    for package in packages:
        package.__class__ = ModuleType
    for package in packages:
        assert package.__spec__ is not None
        assert package.__spec__.loader is not None
        package.__spec__.loader.exec_module(package)
