"""The reference of the command line, made from the commands' own ``--help``."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import typer

from sentinel.cli.app import app
from sentinel.cli.command import ClientOptions

CLIENT_OPTIONS = frozenset(inspect.signature(ClientOptions).parameters)
"""The options of every command that asks sentinels: they are in one table, and the other tables omit them."""


def command_line() -> str:
    """The client options in one table, then a section for each command in the order of ``vedette --help``."""
    commands = dict(_commands(typer.main.get_command(app)))
    asking = next(command for command in commands.values() if _asks(command))
    lines = ["### Options of every command that asks sentinels", ""]
    lines += _table(each for each in asking.params if each.name in CLIENT_OPTIONS)
    for name, command in commands.items():
        lines += ["", f"### `{name}`", "", *_section(name, command)]
    return "\n".join(lines)


def _commands(group: Any, prefix: str = "vedette") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _asks(command: Any) -> bool:
    return {each.name for each in command.params} >= CLIENT_OPTIONS


def _section(name: str, command: Any) -> Iterator[str]:
    asks = _asks(command)
    own = [each for each in command.params if not (asks and each.name in CLIENT_OPTIONS)]
    arguments = [_argument(each) for each in own if _is_argument(each)]
    yield f"`{' '.join([name, *arguments, '[OPTIONS]'])}`"
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield " ".join(paragraph.split())
    if asks:
        yield ""
        yield "It asks sentinels, and takes the options for that."
    if own:
        yield ""
        yield from _table(own)


def _table(parameters: Iterable[Any]) -> Iterator[str]:
    yield "| option | default | meaning |"
    yield "|---|---|---|"
    for each in parameters:
        spelled = f"`{_argument(each)}`" if _is_argument(each) else ", ".join(f"`{opt}`" for opt in each.opts)
        default = "required" if each.required else _default(each.default)
        yield f"| {spelled} | {default} | {each.help} |"


def _is_argument(parameter: Any) -> bool:
    return not parameter.opts[0].startswith("-")


def _argument(parameter: Any) -> str:
    name = (parameter.name or "").upper()
    return name if parameter.required else f"[{name}]"


def _default(value: object) -> str:
    return (
        ""
        if value is None or value is False
        else f"`{value:g}`"
        if isinstance(value, float)
        else f"`{value}`"
    )
