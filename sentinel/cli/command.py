"""The parts that commands share: options, the choice of sentinels, JSON output, and errors."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sentinel.cli.complete import group_names, node_names
from sentinel.terminal.exits import CliError, complain

if TYPE_CHECKING:
    from sentinel.terminal.client import Sentinels

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The sentinel's configuration.")]
AnyConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Ask the members of this configuration, with its API token. Nothing else of it is read.",
    ),
]
Urls = Annotated[
    list[str] | None,
    typer.Option(
        "--url",
        help="A sentinel to ask; repeat it for more, and the next is asked when one is down. "
        "Default: VEDETTE_URL (separated by commas), else the context, else http://127.0.0.1:8700.",
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        help="Ask the sentinels of this context of ~/.config/vedette/config.yml. "
        "Default: VEDETTE_CONTEXT, else what the file says.",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="VEDETTE_TOKEN_FILE",
        show_envvar=False,
        help="File with the API's token. Default: VEDETTE_TOKEN_FILE; or VEDETTE_TOKEN, the token; "
        "else that of -c FILE or of the context.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Group = Annotated[
    str, typer.Argument(help="The group's name.", show_default=False, autocompletion=group_names)
]
Candidate = Annotated[
    str | None,
    typer.Option(
        help="The node to promote. Default: the best, as `explain` shows it.", autocompletion=node_names
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        help="The node to hand over to. Default: the best, as `explain` shows it.", autocompletion=node_names
    ),
]
OptionalGroup = Annotated[
    str | None,
    typer.Argument(
        help="The group's name. Default: all groups.", show_default=False, autocompletion=group_names
    ),
]
SomeGroups = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[GROUP]...",
        help="Names of groups. Default: all groups.",
        show_default=False,
        autocompletion=group_names,
    ),
]

PATIENCE_S = 2.0
"""The limit for each sentinel that is asked only for a better error."""


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """The options of every command that asks sentinels: which ones, the token, and the output."""

    config: AnyConfigFile = None
    url: Urls = None
    context: Context = None
    token_file: TokenFile = None
    as_json: Json = False

    def sentinels(self) -> Sentinels:
        from sentinel.cli.find import find_sentinels

        return find_sentinels(self.url or (), self.config, self.token_file, complain, context=self.context)


def client_command(command: Callable[..., None]) -> Callable[..., None]:
    """Adds ``ClientOptions`` to a command's own options, for typer. A CliError ends the command."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    shared = inspect.signature(ClientOptions, eval_str=True).parameters

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        options = ClientOptions(**{name: given.pop(name) for name in shared})
        with errors(options.as_json):
            try:
                command(options, **given)
            except CliError as error:
                raise _better(error, options, given) from error

    with_options.__signature__ = inspect.Signature([*own, *shared.values()])  # type: ignore[attr-defined]
    return with_options


def _better(error: CliError, options: ClientOptions, given: Mapping[str, Any]) -> CliError:
    if "type" not in error.body:
        return error  # It is no sentinel's, so nobody need be asked what was meant.
    from sentinel.cli.meant import with_what_was_meant

    group, node = given.get("group"), given.get("candidate") or given.get("to")
    return with_what_was_meant(error, options.sentinels().patient_for(PATIENCE_S), group, node)


@contextmanager
def errors(as_json: bool = False) -> Iterator[None]:
    """Turns a CliError into lines for people, JSON if wanted, and the exit code."""
    try:
        yield
    except CliError as error:
        complain(str(error))
        if as_json:
            print_json(error.body)
        raise typer.Exit(error.code) from None


def print_json(body: Mapping[str, object]) -> None:
    # ASCII only, so that no control character of a node's answer reaches the terminal.
    typer.echo(json.dumps(body, indent=2))
