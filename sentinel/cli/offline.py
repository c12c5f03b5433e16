"""The commands that do not need a running sentinel: about files, this program, and the demo."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.command import ConfigFile, Json, OptionalGroup, errors, print_json
from sentinel.notices.story import clean
from sentinel.terminal.exits import EPILOG, CliError, ExitCode, complain


def add_to(app: typer.Typer) -> None:
    for name, command in (
        ("check", check),
        ("import-sentinel-conf", import_sentinel_conf),
        ("repair-terms", repair_terms),
        ("found-anew", found_anew),
        ("demo", demo),
        ("version", version),
    ):
        app.command(name, epilog=EPILOG)(command)


def check(
    config: ConfigFile,
    live: Annotated[
        bool,
        typer.Option("--live", help="Also ask the sentinels and the nodes, from this host. Changes nothing."),
    ] = False,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="With --live: also send a test event to each receiver.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a configuration, and print every problem and warning.

    With --live also what would bite during a failover, with exit code 1 if any of it is an error.
    """
    from sentinel.cli import run

    with errors(as_json):
        if webhooks and not live:
            raise CliError(ExitCode.USAGE, "--webhooks sends test events, so it needs --live too")
        loaded = run.load(config)
        for warning in loaded.warnings if not as_json else ():
            complain(f"warning: {warning.at(config)}")
        if live:
            from sentinel.cli.live import look, show
            from sentinel.cli.receivers import try_receivers
            from sentinel.terminal.screen import Screen

            found = look(loaded.settings)
            tried = try_receivers(loaded.settings, None) if webhooks and loaded.settings.webhooks else []
            is_well = found.is_well and all(each.delivered for each in tried)
            if as_json:
                told = {"webhooks": [asdict(each) for each in tried]} if webhooks else {}
                print_json({**run.report(loaded), "ok": is_well, "live": found.as_json(), **told})
            else:
                show(Screen(), found, str(config))
                for each in tried:
                    typer.echo(clean(each.words))
            if not is_well:
                raise typer.Exit(ExitCode.REFUSED)
        elif as_json:
            print_json(run.report(loaded))
        else:
            typer.echo(clean(f"{config}: ok"))


def import_sentinel_conf(
    file: Annotated[Path, typer.Argument(help="A Redis Sentinel's configuration.", show_default=False)],
    own_id: Annotated[
        str | None, typer.Option("--id", help="This sentinel's id. Default: s1, s2, ... by its address.")
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(
            help="ID=HOST:PORT, a sentinel and its HTTP address; once for each. "
            "Default: the hosts of the sentinels that the file knows, port 8700."
        ),
    ] = None,
    state_dir: Annotated[str, typer.Option(help="For sentinel.state_dir.")] = "/var/lib/vedette",
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help="Print passwords, not references to the environment."),
    ] = False,
    secrets_dir: Annotated[
        Path | None,
        typer.Option(help="Write passwords to files in this directory, for the owner alone; refer to them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Turn a Redis Sentinel's configuration into one for Vedette, on standard output.

    What could not be carried over stands at its top, with the reasons.
    """
    with errors(as_json):
        from sentinel.cli.imports import ImportArguments, import_conf

        arguments = ImportArguments(file, own_id, member or [], state_dir, with_secrets, secrets_dir)
        result = import_conf(arguments)
        if as_json:
            print_json(result.as_json())
            return
        for line in result.next_steps():
            complain(line)
        typer.echo(result.text, nl=False)


def repair_terms(
    config: ConfigFile,
    group: OptionalGroup = None,
    subtract: Annotated[
        int | None,
        typer.Option(min=1, help="Lower all terms above this number by it: the same at every sentinel."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the terms in a sentinel's state directory, or lower those that have run out.

    A client that wrote to the fence key could move an earlier release to a term that cannot be counted on
    from. To be run while all sentinels are stopped. Exit code 1 if terms run out here.
    """
    with errors(as_json):
        from sentinel.cli import repair, run

        settings = run.load(config).settings
        if subtract is None:
            seen = repair.show(settings, group)
        else:
            seen = repair.subtract(settings, group, subtract)
        if as_json:
            print_json({"groups": [each.as_json() for each in seen]})
        else:
            for each in seen:
                typer.echo(clean(each.sentence()))
        if any(each.runs_out for each in seen):
            complain(repair.ADVICE)
            raise typer.Exit(ExitCode.REFUSED)


def found_anew(
    config: ConfigFile,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Set the state aside. Without this nothing is changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set a sentinel's state aside, once so many directories are lost that a majority can no longer tell.

    Shows what would be lost, and what the other sentinels say. Refused while a majority of them takes part.
    To be run for each, while all are stopped: the primary is then found out anew from the nodes.
    """
    with errors(as_json):
        from sentinel.cli import found, run

        result = found.found_anew(run.load(config).settings, accept_loss=accept_loss)
        if as_json:
            print_json(result.as_json())
        else:
            for line in result.lines():
                typer.echo(clean(line))
        if not accept_loss:
            complain(found.ADVICE)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it running until Ctrl-C.")] = False,
    redis_server: Annotated[
        Path | None,
        typer.Option(help="The redis-server to start. Default: that of PATH, else the demo extra's."),
    ] = None,
    sentinels: Annotated[int, typer.Option(min=1, max=9, help="How many sentinels to start.")] = 3,
    as_json: Json = False,
) -> None:
    """See a failover: start servers and sentinels here, kill the primary, and show every step."""
    with errors(as_json):
        from sentinel.demo import play

        raise typer.Exit(play.run(play.Options(keep, redis_server, sentinels, as_json)))


def version(as_json: Json = False) -> None:
    """Print the version."""
    from sentinel.process.version import VERSION

    if as_json:
        print_json({"version": VERSION})
    else:
        typer.echo(f"vedette {VERSION}")
