"""The house rules that no linter knows, as functions from a module's text to what is wrong with it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_LINES = 370

NOT_PURE = frozenset(
    [
        "asyncio",
        "concurrent",
        "contextvars",
        "datetime",
        "glob",
        "http",
        "io",
        "locale",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "queue",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
    ]
)
"""Parts of the standard library with a clock, a socket, a file, a thread or a log in them."""

NOT_PURE_CALLS = frozenset(["open", "print", "input", "exec", "eval", "hash", "breakpoint", "__import__"])
"""``hash`` of a text differs from one process to the next."""

NAMELESS = frozenset(["util", "utils", "helper", "helpers", "misc", "common", "stuff", "tools"])

UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


@dataclass(frozen=True)
class Module:
    """``path`` is relative to the checkout, with slashes."""

    path: str
    text: str
    tree: ast.Module = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", ast.parse(self.text, self.path))

    @property
    def package(self) -> str:
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".py")


Rule: TypeAlias = Callable[[Module], Iterator[str]]


def is_short(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > MAX_LINES:
        yield f"{lines} lines, more than {MAX_LINES}: it holds more than one idea"


def has_docstring(module: Module) -> Iterator[str]:
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield "no module docstring"


def has_a_telling_name(module: Module) -> Iterator[str]:
    if NAMELESS & set(module.name.split("_")):
        yield f"'{module.name}' does not say what is in it"


def is_finished(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), 1):
        if UNFINISHED.search(line):
            yield f"line {number}: unfinished work"


def prints_nothing(module: Module) -> Iterator[str]:
    for call in _calls(module):
        if _dotted(call.func) in ("print", "pprint.pprint", "rich.print"):
            yield f"line {call.lineno}: print"


def imports_are_pure(*friends: str) -> Rule:
    """The standard library without its clocks, sockets, files, threads and logs; and ``friends``."""

    def rule(module: Module) -> Iterator[str]:
        for line, imported in _imports(module):
            top = imported.partition(".")[0]
            if top in friends:
                continue
            if top not in sys.stdlib_module_names:
                yield f"line {line}: imports {imported}, which is not in the standard library"
            elif top in NOT_PURE:
                yield f"line {line}: imports {imported}"

    return rule


def reads_no_core(module: Module) -> Iterator[str]:
    """Readers are shown a picture of a group, and what stands behind it is not reached through to."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "coordinator":
            yield f"line {node.lineno}: reads the core, and not the picture of the group"


def asks_the_catalogue(module: Module) -> Iterator[str]:
    """Which groups there are is asked of the catalogue, wherever that has them from."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or node.attr != "groups":
            continue
        if _dotted(node.value).rpartition(".")[2].lstrip("_") == "settings":
            yield f"line {node.lineno}: reads the groups of the configuration file"


def calls_are_pure(module: Module) -> Iterator[str]:
    for call in _calls(module):
        if _dotted(call.func) in NOT_PURE_CALLS:
            yield f"line {call.lineno}: calls {_dotted(call.func)}"


def randomness_is_handed_in(module: Module) -> Iterator[str]:
    """``random.Random`` may be named as a type. Making one, or using the module's own, may not be."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            yield f"line {node.lineno}: import random as a whole, so that its uses can be seen"
        elif isinstance(node, ast.Import) and any(n.name == "random" and n.asname for n in node.names):
            yield f"line {node.lineno}: import random under its own name"
        elif isinstance(node, ast.Attribute) and _dotted(node.value) == "random" and node.attr != "Random":
            yield f"line {node.lineno}: random.{node.attr} is shared by the whole process"
        elif isinstance(node, ast.Call) and _dotted(node.func) == "random.Random":
            yield f"line {node.lineno}: makes a random.Random instead of taking one"


def sleeps_only_between_looks(module: Module) -> Iterator[str]:
    """A test waits for a condition. A sleep outside a loop only hopes; ``sleep(0)`` yields, and is fine."""
    looped = {
        id(inner)
        for loop in ast.walk(module.tree)
        if isinstance(loop, ast.While | ast.For | ast.AsyncFor)
        for inner in ast.walk(loop)
    }
    for call in _calls(module):
        if _dotted(call.func) not in ("time.sleep", "asyncio.sleep", "sleep") or id(call) in looped:
            continue
        if not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0):
            yield f"line {call.lineno}: sleeps; wait for a condition instead (tests/waiting.py)"


def goes_by_one_clock(module: Module) -> Iterator[str]:
    """Ages are of ``sentinel.clock``: two clocks differ by every suspend of the machine."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute):
            continue
        of_loop = node.attr == "time" and "loop" in ast.unparse(node.value)
        if of_loop or _dotted(node) == "time.monotonic":
            yield f"line {node.lineno}: {ast.unparse(node)}; use sentinel.clock"


def _calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def _imports(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _dotted(node: ast.expr) -> str:
    """``a.b`` for the expression a.b; empty for anything that is not names and dots."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        prefix = _dotted(node.value)
        return f"{prefix}.{node.attr}" if prefix else ""
    return ""
